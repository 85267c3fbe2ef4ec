"""Read what `export` wrote: a folder or a zip with a manifest."""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from nearfield.catalogue.export import PAGE, SONG_TABLES, TABLES, Record
from nearfield.catalogue.restore import KEYS
from nearfield.datasets.assemble import Parts, assemble
from nearfield.datasets.checks import LINE
from nearfield.datasets.columns import Reading
from nearfield.datasets.files import FileSet, open_files, opened
from nearfield.datasets.raw import Raw, raw_file
from nearfield.datasets.releases import ENDINGS
from nearfield.datasets.report import ReadReport, ReadResult
from nearfield.datasets.tables import Columns
from nearfield.errors import InvalidInput
from nearfield.pipelines.export import FORM, MANIFEST
from nearfield.pipelines.imported import Imported, import_read
from nearfield.pipelines.progress import Progress, Steps
from nearfield.pipelines.stores import Stores

_LAYOUT: Final = "export"


def is_export(path: Path) -> bool:
    """Tell whether a folder or an archive was written by `export`."""
    if path.is_dir():
        return (path / MANIFEST).is_file() and _is_ours((path / MANIFEST).read_bytes())
    if path.suffix.lower() != ".zip" or not path.is_file():
        return False
    with suppress(InvalidInput), open_files(path) as files:
        if MANIFEST in files.names():
            with opened(files, MANIFEST) as stream:
                return _is_ours(stream.read())
    return False


def restore(stores: Stores, name: str, path: Path, strict: bool = False) -> Steps[Imported]:
    """Import an export of a catalogue; importing twice changes nothing.

    Sound files stay where they are: the next `music add` of their folder listens to them again,
    and every song keeps its id.

    Parameters
    ----------
    stores : Stores
        The home.
    name : str
        The catalogue; made if there is none.
    path : Path
        Folder or zip.
    strict : bool
        Refuse everything when one row is wrong.

    Raises
    ------
    InvalidInput
        If a file is missing or damaged, or was written by a newer program.
    """
    yield Progress(f"Reading {path}")
    with open_files(path) as files:
        with opened(files, MANIFEST) as stream:
            tables = _tables(json.loads(stream.read()), files)
        done = yield from import_read(stores, name, _read(files, tables, Reading(strict=strict)))
        for table in SONG_TABLES:
            if table in tables:
                yield from _restore(stores, name, table, _rows(files, tables[table]))
        if "files" in tables and "items" in tables:
            yield from _restore(stores, name, KEYS, _keys_of(_rows(files, tables["items"])))
    return done


def _is_ours(manifest: bytes) -> bool:
    try:
        told = json.loads(manifest)
    except (ValueError, RecursionError):
        return False
    return isinstance(told, dict) and "nearfield" in told and "tables" in told


def _tables(manifest: Any, files: FileSet) -> dict[str, str]:
    """Return the file of each table that has rows."""
    form = manifest.get("nearfield")
    if not isinstance(form, int) or form > FORM:
        raise InvalidInput(
            f"{files.where} was exported by a newer Nearfield (form {form!r}; {FORM} is known "
            f"here). Upgrade Nearfield."
        )
    found: dict[str, str] = {}
    there = files.names()
    for table, told in manifest["tables"].items():
        if table not in (*TABLES, *SONG_TABLES) or not isinstance(told, dict):
            raise InvalidInput(f"{files.where} tells of a table {table!r}, which there is not.")
        if not told.get("rows"):
            continue
        file = told.get("file")
        if file not in there or Path(str(file)).suffix not in ENDINGS:
            raise InvalidInput(f"{files.where} lacks {file!r}, which its manifest names.")
        found[table] = file
    return found


def _read(files: FileSet, tables: dict[str, str], reading: Reading) -> ReadResult:
    report = ReadReport()

    def raw(table: str) -> Raw | None:
        file = tables.get(table)
        return None if file is None else raw_file(files, file, ENDINGS[Path(file).suffix], report)

    parts = Parts(raw("events"), _without_keys(raw("items")), raw("users"))
    return assemble(parts, reading, report, _LAYOUT)


def _without_keys(items: Raw | None) -> Raw | None:
    """Return items without the attribute of a name that is taken; see `_keys_of`."""
    if items is None:
        return None
    return Raw(items.file, (chunk.drop(Columns.KEY, strict=False) for chunk in items.chunks))


def _keys_of(pages: Iterator[list[Record]]) -> Iterator[list[Record]]:
    for page in pages:
        yield [row for row in page if row.get(Columns.KEY) is not None]


def _rows(files: FileSet, file: str) -> Iterator[list[Record]]:
    raw = raw_file(files, file, ENDINGS[Path(file).suffix], ReadReport())
    for chunk in raw.chunks:
        for page in chunk.drop(LINE).iter_slices(PAGE):
            yield page.to_dicts()


def _restore(stores: Stores, name: str, table: str, pages: Iterator[list[Record]]) -> Steps[None]:
    catalogue = stores.catalogues.get(name)
    done = 0
    for page in pages:
        catalogue.restore(table, page)
        done += len(page)
        yield Progress(f"Importing {table}", done, 0, "rows")
