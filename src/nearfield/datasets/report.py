"""What was read and what was refused, line by line, to be printed beside the tables."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from nearfield.datasets.tables import Tables
from nearfield.errors import InvalidInput

KEPT_REFUSALS: Final = 1_000
"""How many refusals are kept whole; all of them are counted."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One row that did not go in.

    Parameters
    ----------
    file : str
        Name of the file, or "items", "users", "events" for data frames.
    line : int
        Line of the file, from 1 (row of a Parquet file or a data frame, from 1).
    came, wanted, remedy : str
        What was there, what should have been, and what to do about it.
    """

    file: str
    line: int
    came: str
    wanted: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.came}; wanted {self.wanted}. {self.remedy}"


@dataclass(slots=True)
class FileCount:
    """How many rows of one file were read, and what became of them."""

    file: str
    read: int = 0
    refused: int = 0
    duplicates: int = 0

    @property
    def accepted(self) -> int:
        """Rows that went into the tables."""
        return self.read - self.refused - self.duplicates

    def __str__(self) -> str:
        return (
            f"{self.file}: {self.read:,} rows read, {self.accepted:,} accepted, "
            f"{self.refused:,} refused, {self.duplicates:,} duplicates"
        )


@dataclass
class ReadReport:
    """Filled while reading: counts by file, the first refusals, and remarks.

    Parameters
    ----------
    files : dict of str to FileCount
        In the order in which the files were read.
    refusals : list of Refusal
        The first 1,000 of each file at most, in rising order of line.
    notes : list of str
        What was mended in passing (an encoding, milliseconds).
    """

    files: dict[str, FileCount] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def refused(self) -> int:
        """Rows refused in all files."""
        return sum(count.refused for count in self.files.values())

    @property
    def duplicates(self) -> int:
        """Rows left out because an equal one came before, in all files."""
        return sum(count.duplicates for count in self.files.values())

    def count(self, file: str) -> FileCount:
        """Return the counts of `file`, to be added to."""
        return self.files.setdefault(file, FileCount(file))

    def refuse(self, file: str, rows: int, shown: Iterable[Refusal]) -> None:
        """Count `rows` refused rows of `file`, and keep those `shown` for which there is room."""
        self.count(file).refused += rows
        room = KEPT_REFUSALS - len(self.refusals)
        self.refusals.extend(refusal for refusal, _ in zip(shown, range(room), strict=False))

    def note(self, text: str) -> None:
        """Keep a remark, once."""
        if text not in self.notes:
            self.notes.append(text)

    def sort(self) -> None:
        """Put the refusals in order of file, then line, whichever check found them."""
        order = {name: place for place, name in enumerate(self.files)}
        self.refusals.sort(key=lambda refusal: (order[refusal.file], refusal.line))

    def lines(self, most: int = 20) -> Iterator[str]:
        """Yield what to print: counts, remarks, and at most `most` of the refusals."""
        yield from map(str, self.files.values())
        yield from self.notes
        yield from map(str, self.refusals[:most])
        if self.refused > most:
            yield f"... and {self.refused - most:,} more refused rows"


@dataclass(frozen=True)
class ReadResult:
    """Checked tables, and the account of how they came about.

    Parameters
    ----------
    tables : Tables
        The good rows.
    report : ReadReport
        Counts and refusals.
    layout : str
        What the source was recognised as, e.g. "ml-1m".
    """

    tables: Tables
    report: ReadReport
    layout: str = "named columns"


def refuse_all_if_any(report: ReadReport) -> None:
    """Raise InvalidInput when a row was refused: the promise of ``strict=True``."""
    if report.refused:
        raise InvalidInput(
            f"{report.refused:,} rows were refused, and strict reading wants none. Mend them, or "
            "read without strict to take the good rows.\n" + "\n".join(report.lines())
        )
