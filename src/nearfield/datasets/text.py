"""Turns a text file into frames of text columns, with the line of every row.

Nothing is interpreted here but line ends, encodings and fields.
"""

import csv
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Final

import polars as pl

from nearfield.datasets.blocks import TextBlocks
from nearfield.datasets.checks import LINE, Rule, refuse_broken
from nearfield.datasets.quoted import split_quoted
from nearfield.datasets.report import ReadReport
from nearfield.errors import InvalidInput

SEPARATORS: Final = {"::": "'::'", "\t": "tabs", ",": "','", ";": "';'", "|": "'|'"}
"""Separators that are recognised in messages, and how they are called there."""

_TEXT: Final = "_text"
_EXTRA: Final = "_extra"
_FIELDS: Final = "_fields"
_SECONDS: Final = r"^\d{8,}$"
"""A time in seconds (since 1973) or milliseconds; shorter numbers may well differ in length."""


@dataclass(frozen=True, slots=True)
class TextFormat:
    r"""How the lines of a file are made.

    Parameters
    ----------
    separator : str
        What stands between fields: a key of `SEPARATORS`.
    names : tuple of str, optional
        Names of the columns; None: the first line has them.
    quoted : bool
        A field may stand between double quotes, and then hold separators and line ends.
    encoding : str, optional
        What the file may be in where it is not UTF-8; None: guess, and say so.
    typed : bool
        The names of the header end in a type, as in ``user_id:token``; it is dropped.
    """

    separator: str
    names: tuple[str, ...] | None = None
    quoted: bool = False
    encoding: str | None = None
    typed: bool = False


@dataclass
class TextReader:
    """Reads one file; rows with too few or too many fields are refused into the report."""

    file: str
    form: TextFormat
    report: ReadReport
    _fewest_digits: float = field(default=math.inf, init=False)
    """Of the times that end the lines so far; 0 where lines end in something else."""

    def frames(self, stream: BinaryIO) -> Iterator[pl.DataFrame]:
        """Yield the rows as text columns and `LINE`: at least one frame, which may be empty.

        Raises
        ------
        InvalidInput
            As `TextBlocks.read`, and if the header cannot be understood.
        """
        blocks = TextBlocks(self.file, self.report, self.form.encoding, self.form.quoted)
        names, line = self.form.names, 1
        for block in blocks.read(stream):
            text = block
            if names is None:
                head, _, text = block.partition("\n")
                names = self._header(head)
                line += 1
            yield self._checked(self._cut(text, line, names), names, not text.endswith("\n"))
            line += text.count("\n")

    def _header(self, head: str) -> tuple[str, ...]:
        separator = self.form.separator
        fields = next(csv.reader([head], delimiter=separator), [])  # "_1": has no name
        names = tuple(
            (name.partition(":")[0] if self.form.typed else name).strip() or f"_{place}"
            for place, name in enumerate(fields, start=1)
        )
        others = [other for other in SEPARATORS if len(names) == 1 and other in head]
        if others or not names or len(set(names)) < len(names):
            seen = f" (separated by {SEPARATORS[others[0]]}?)" if others else ""
            raise InvalidInput(
                f"{self.file} has the header {head[:80]!r}{seen}: wanted distinct names separated "
                f"by {SEPARATORS[separator]}. Mend its first line, or export the file again."
            )
        return names

    def _cut(self, text: str, line: int, names: tuple[str, ...]) -> pl.DataFrame:
        """Return the fields of each line, `_EXTRA` (null if none), the line itself and `LINE`."""
        if self.form.quoted and '"' in text:
            return self._cut_quoted(text, line, names)
        lines = pl.Series(_TEXT, [text.removesuffix("\n")]).str.split("\n").explode().to_frame()
        fields = pl.col(_TEXT).str.split_exact(self.form.separator, len(names))
        return (
            lines.with_columns(pl.int_range(line, line + pl.len()).alias(LINE))
            .filter(pl.col(_TEXT).str.strip_chars() != "")
            .with_columns(fields.struct.rename_fields([*names, _EXTRA]).alias(_FIELDS))
            .unnest(_FIELDS)
        )

    def _cut_quoted(self, text: str, line: int, names: tuple[str, ...]) -> pl.DataFrame:
        rows = split_quoted(text.removesuffix("\n").split("\n"), self.form.separator, line)
        width = len(names) + 1  # one more, to see what is too much
        padded = [[*row.fields, *[None] * width][:width] for row in rows]
        columns = {
            name: pl.Series(name, [fields[place] for fields in padded], dtype=pl.String)
            for place, name in enumerate((*names, _EXTRA))
        }
        return pl.DataFrame(
            {
                _TEXT: pl.Series([row.text for row in rows], dtype=pl.String),
                LINE: pl.Series([row.line for row in rows], dtype=pl.Int64),
                **columns,
            }
        )

    def _checked(
        self, frame: pl.DataFrame, names: tuple[str, ...], unfinished: bool
    ) -> pl.DataFrame:
        """Refuse lines with the wrong fields; `unfinished`: the last has no line end."""
        self.report.count(self.file).read += frame.height
        wrong = pl.col(names[-1]).is_null() | pl.col(_EXTRA).is_not_null()
        rules = [Rule(wrong, self._seen(len(names)), self._wanted(names), "Mend the line.")]
        ends = frame[names[-1]].head(-1) if unfinished else frame[names[-1]]
        self._remember(ends.drop_nulls())
        if unfinished and frame.height:
            rules.insert(0, self._cut_short(frame, names, wrong))
        rules.append(
            Rule(
                pl.col(_TEXT).str.contains("\0", literal=True),
                pl.format("NUL bytes in '{}'", _TEXT),
                "text",
                "The file is damaged: copy it again.",
            )
        )
        return refuse_broken(frame, rules, self.file, self.report).drop(_TEXT, _EXTRA)

    def _wanted(self, names: tuple[str, ...]) -> str:
        between = SEPARATORS[self.form.separator]
        return f"{len(names)} fields separated by {between} ({', '.join(names)})"

    def _seen(self, wanted: int) -> pl.Expr:
        """Return text saying how many fields came, and what they seem to be separated by."""
        text = pl.col(_TEXT)
        fields = text.str.count_matches(self.form.separator, literal=True) + 1
        others = [
            pl.when(text.str.count_matches(separator, literal=True) + 1 == wanted).then(
                pl.lit(f" ({wanted} separated by {called})")
            )
            for separator, called in SEPARATORS.items()
            if separator != self.form.separator
        ]
        hint = pl.coalesce(*others, pl.lit(""))
        if self.form.quoted:
            open_quote = text.str.count_matches('"', literal=True) % 2 == 1
            hint = pl.when(open_quote).then(pl.lit(", a quote not closed")).otherwise(hint)
        return pl.format("{} fields{}: '{}'", fields, hint, text)

    def _remember(self, ends: pl.Series) -> None:
        """Keep how short the times are with which whole lines end.

        The last line of a file may come in a block of its own, with nothing to compare it to.
        """
        if ends.len():
            times = bool(ends.str.contains(_SECONDS).all())
            fewest = float(ends.str.len_bytes().min() or 0) if times else 0.0  # type: ignore[arg-type]
            self._fewest_digits = min(self._fewest_digits, fewest)

    def _cut_short(self, frame: pl.DataFrame, names: tuple[str, ...], wrong: pl.Expr) -> Rule:
        """Return the rule for a last line without line end: whole, unless it looks cut.

        It looks cut when fields are missing, or when its time has fewer digits than all others.
        """
        digits = frame[names[-1]].tail(1).str.len_bytes().fill_null(0)[0]
        shorter = self._fewest_digits < math.inf and digits < self._fewest_digits
        return Rule(
            (pl.col(LINE) == frame[LINE][-1]) & (wrong | pl.lit(shorter)),
            pl.format("a line cut short: '{}'", _TEXT),
            self._wanted(names) + " and a line end",
            "The file ends in the middle of a line: copy it again.",
        )
