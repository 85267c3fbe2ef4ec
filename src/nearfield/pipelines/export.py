"""Write a catalogue into files that `nearfield import` reads: JSON lines or Parquet, or a zip."""

import json
import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import RawIOBase
from pathlib import Path
from typing import IO, Any, Final, cast, get_args

from nearfield.catalogue.export import SONG_TABLES, TABLES, Export
from nearfield.errors import InvalidInput
from nearfield.pipelines.progress import Progress, Steps
from nearfield.pipelines.stores import Stores
from nearfield.pipelines.table_files import Format, write_table

ALL: Final = "all"
MANIFEST: Final = "manifest.json"
"""Beside the tables: which there are, of which catalogue, how many rows each has."""

FORM: Final = 1
"""Raised when older programs could not read what is written."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written.

    Parameters
    ----------
    catalogue : str
        Its name.
    place : Path
        File or folder.
    rows : dict
        How many of each table.
    """

    catalogue: str
    place: Path
    rows: dict[str, int]

    def summary(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return {"catalogue": self.catalogue, "place": str(self.place), "rows": self.rows}


def check_export(table: str, form: str, songs: bool = True) -> None:
    """Refuse a table or a format that there is not; InvalidInput names those there are."""
    tables = (*TABLES, *(SONG_TABLES if songs else ()), ALL)
    if table not in tables:
        raise InvalidInput(f"no table {table!r} to export: wanted one of {', '.join(tables)}.")
    if form not in get_args(Format):
        raise InvalidInput(f"no format {form!r}: wanted one of {', '.join(get_args(Format))}.")


def export_stream(
    stores: Stores, catalogue: str, table: str = ALL, form: Format = "jsonl"
) -> Iterator[bytes]:
    """Yield the bytes of one table, or of a zip of all; memory does not grow with the catalogue.

    Parameters
    ----------
    stores : Stores
        The home.
    catalogue : str
        Which.
    table : str
        "items", "users", "events", of songs also "files", "sounds", "verdicts" and "playlists";
        or "all".
    form : {"jsonl", "parquet"}
        Of the tables.
    """
    check_export(table, form)
    found = stores.catalogue(catalogue)
    with found.exporting() as export:
        if table == ALL:
            yield from _zipped(export, catalogue, form)
        else:
            sink = _Sink()
            for _ in write_table(export, table, form, cast("IO[bytes]", sink)):
                yield sink.take()
            yield sink.take()


def export_files(
    stores: Stores, catalogue: str, place: Path, table: str = ALL, form: Format = "jsonl"
) -> Steps[Exported]:
    """Write a catalogue into a folder, into a zip (a name that ends so), or a table into a file.

    Files that are there are replaced when the new one is whole.
    """
    check_export(table, form)
    found = stores.catalogue(catalogue)
    zipped = place.suffix.lower() == ".zip"
    if table != ALL and zipped:
        raise InvalidInput(f"one table is no zip: give {place.with_suffix(f'.{form}')}.")
    place.parent.mkdir(parents=True, exist_ok=True)
    draft = place.with_name(f"{place.name}.partial")
    rows: dict[str, int] = {}
    try:
        with found.exporting() as export:
            if table == ALL and not zipped:
                yield from _folder(export, (found.name, form), place, rows)
                return Exported(found.name, place, rows)
            with draft.open("wb") as file:
                if zipped:
                    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                        for name, done in _members(export, found.name, form, archive):
                            rows[name] = done
                            yield Progress(f"Exporting {name}", done, 0, "rows")
                else:
                    for done in write_table(export, table, form, file):
                        rows[table] = done
                        yield Progress(f"Exporting {table}", done, 0, "rows")
        os.replace(draft, place)
    finally:
        draft.unlink(missing_ok=True)
    return Exported(found.name, place, rows)


def _folder(
    export: Export, named: tuple[str, Format], place: Path, rows: dict[str, int]
) -> Steps[None]:
    name, form = named
    place.mkdir(parents=True, exist_ok=True)
    for table in (*TABLES, *SONG_TABLES):
        draft = place / f"{table}.{form}.partial"
        with draft.open("wb") as file:
            for done in write_table(export, table, form, file):
                rows[table] = done
                yield Progress(f"Exporting {table}", done, 0, "rows")
        os.replace(draft, place / f"{table}.{form}")
    (place / MANIFEST).write_bytes(_manifest(name, form, rows))


def _zipped(export: Export, name: str, form: Format) -> Iterator[bytes]:
    sink = _Sink()
    with zipfile.ZipFile(cast("IO[bytes]", sink), "w", zipfile.ZIP_DEFLATED) as archive:
        for _ in _members(export, name, form, archive):
            yield sink.take()
    yield sink.take()


def _members(
    export: Export, name: str, form: Format, archive: zipfile.ZipFile
) -> Iterator[tuple[str, int]]:
    """Write all tables into a zip, yielding how many rows of which are written."""
    rows: dict[str, int] = {}
    for table in (*TABLES, *SONG_TABLES):
        with archive.open(f"{table}.{form}", "w", force_zip64=True) as member:
            for done in write_table(export, table, form, member):
                rows[table] = done
                yield table, done
    archive.writestr(MANIFEST, _manifest(name, form, rows))


def _manifest(name: str, form: Format, rows: dict[str, int]) -> bytes:
    told = {
        "nearfield": FORM,
        "catalogue": name,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "format": form,
        "tables": {
            table: {"file": f"{table}.{form}", "rows": count} for table, count in rows.items()
        },
    }
    return json.dumps(told, indent=2, ensure_ascii=False).encode()


class _Sink(RawIOBase):
    """Takes what is written, to be handed on piece by piece; nobody can go back in it."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._at = 0

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def tell(self) -> int:
        return self._at

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        self._at += len(self._parts[-1])
        return len(self._parts[-1])

    def take(self) -> bytes:
        """Return what was written since the last time."""
        found = b"".join(self._parts)
        self._parts.clear()
        return found
