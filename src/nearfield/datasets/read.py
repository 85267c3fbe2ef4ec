"""Reads whole collections: a folder or archive, files with named columns, or data frames."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from nearfield.datasets.assemble import Parts, assemble
from nearfield.datasets.columns import Reading
from nearfield.datasets.files import FileSet, FolderFiles, open_files, plain_name
from nearfield.datasets.raw import Raw, raw_file, raw_frame
from nearfield.datasets.releases import ENDINGS, Layout, Member, recognise, wanted
from nearfield.datasets.report import ReadReport, ReadResult
from nearfield.errors import InvalidInput

_SHOWN: Final = 12


@dataclass(frozen=True, slots=True)
class TableFiles:
    """Files with named columns (.csv, .tsv, .parquet, RecBole's), each of which may be missing."""

    events: Path | None = None
    items: Path | None = None
    users: Path | None = None


def read_folder(path: Path, strict: bool = False) -> ReadResult:
    """Read a release of MovieLens, a RecBole folder, or a folder with an events table.

    Parameters
    ----------
    path : Path
        A folder, a .zip or a .tar archive; single files may be compressed (.gz, .xz, .bz2).
    strict : bool
        Refuse everything when one row is wrong.

    Raises
    ------
    InvalidInput
        If the folder is not recognised, a file is damaged, empty, or lacks a column.
    """
    report = ReadReport()
    with open_files(Path(path)) as files:
        layout, stored = _recognised(files)

        def raw(member: Member | None) -> Raw | None:
            if member is None:
                return None
            return raw_file(files, stored[member.name], member.form, report)

        parts = Parts(raw(layout.events), raw(layout.items), raw(layout.users))
        return assemble(parts, replace(layout.reading, strict=strict), report, layout.name)


def read_files(files: TableFiles, reading: Reading | None = None) -> ReadResult:
    """Read CSV, TSV, Parquet or RecBole files, by the ending of their names.

    Parameters
    ----------
    files : TableFiles
        At least the events or the items.
    reading : Reading, optional
        Mapping of columns, scale of ratings, kind of events, strictness.

    Raises
    ------
    InvalidInput
        If a file does not exist, has another ending, is damaged, empty, or lacks a column.
    """
    report = ReadReport()
    reading = reading or Reading()

    def raw(path: Path | None) -> Raw | None:
        if path is None:
            return None
        if not path.is_file():
            raise InvalidInput(f"{path} does not exist, or is a folder: wanted a file.")
        ending = Path(plain_name(path.name)).suffix.lower()
        if ending not in ENDINGS:
            raise InvalidInput(
                f"{path} ends in {ending or 'nothing'!r}: wanted {', '.join(ENDINGS)} (perhaps "
                "with .gz, .xz or .bz2). Give MovieLens as a folder."
            )
        return raw_file(FolderFiles(path.parent), path.name, ENDINGS[ending], report)

    parts = Parts(raw(files.events), raw(files.items), raw(files.users))
    return _read_named(parts, reading, report)


def from_frames(
    items: Any = None,
    users: Any = None,
    events: Any = None,
    columns: Mapping[str, str] | None = None,
    reading: Reading | None = None,
) -> ReadResult:
    """Check pandas, Polars or Arrow tables.

    Parameters
    ----------
    items, users, events : table, optional
        At least the events or the items; the others are derived from the events.
    columns : mapping of str to str, optional
        Our name to the table's name, e.g. ``{"user": "uid"}``; see `parse_columns`.
    reading : Reading, optional
        Scale of ratings, kind of events, strictness.

    Raises
    ------
    InvalidInput
        If a table is none, is empty, or lacks a column.

    Examples
    --------
    >>> import polars as pl
    >>> plays = pl.DataFrame({"who": ["ann", "bob"], "song": [7, 8], "plays": [3.0, None]})
    >>> mapping = {"user": "who", "item": "song", "value": "plays"}
    >>> result = from_frames(None, None, plays, mapping, Reading(kind="listened"))
    >>> result.tables.events["item"].to_list()
    ['7', '8']
    """
    report = ReadReport()
    reading = reading or Reading()
    if columns is not None:
        reading = replace(reading, columns=columns)

    def raw(name: str, table: Any) -> Raw | None:
        return None if table is None else raw_frame(name, table, report)

    parts = Parts(raw("events", events), raw("items", items), raw("users", users))
    return _read_named(parts, reading, report)


def recognised_layout(path: Path) -> str:
    """Return the name of the layout of a folder or archive, without reading its files.

    Raises
    ------
    InvalidInput
        If it is not recognised; the message says what is there and what is wanted.
    """
    with open_files(path) as files:
        return _recognised(files)[0].name


def _read_named(parts: Parts, reading: Reading, report: ReadReport) -> ReadResult:
    if parts.events is None and parts.items is None:
        raise InvalidInput("neither events nor items were given: wanted at least one of them.")
    return assemble(parts, reading, report, "named columns")


def _recognised(files: FileSet) -> tuple[Layout, Mapping[str, str]]:
    """Return the layout of the one folder that has one, and its files' names by plain name."""
    folders: dict[str, dict[str, str]] = {}
    for name in files.names():
        folder = name.rpartition("/")[0]
        folders.setdefault(folder, {})[plain_name(name)] = name
    found = [(layout, stored) for stored in folders.values() for layout in recognise(stored)]
    if len(found) == 1:
        return found[0]
    if found:
        seen = ", ".join(sorted(stored[layout.events.name] for layout, stored in found))
        raise InvalidInput(
            f"{files.where} holds several collections ({seen}): wanted one. Give a folder with one."
        )
    raise InvalidInput(
        f"{files.where} holds {_some(n for f in folders.values() for n in f)}: wanted the files of "
        f"one of: {wanted()}. Give the folder that holds them."
    )


def _some(names: Iterable[str]) -> str:
    known = sorted(names)
    more = f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
    return ", ".join(known[:_SHOWN]) + more if known else "no files"
