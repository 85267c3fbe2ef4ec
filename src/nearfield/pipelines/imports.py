"""Bring files into a catalogue, whatever they are."""

from pathlib import Path
from typing import Final

from nearfield.datasets.assemble import Parts, assemble
from nearfield.datasets.columns import Reading
from nearfield.datasets.files import FolderFiles
from nearfield.datasets.raw import raw_file
from nearfield.datasets.read import read_folder
from nearfield.datasets.releases import ENDINGS
from nearfield.datasets.report import ReadReport
from nearfield.errors import InvalidInput
from nearfield.pipelines.imported import Imported, import_read
from nearfield.pipelines.progress import Progress, Steps
from nearfield.pipelines.restore import is_export, restore
from nearfield.pipelines.stores import Stores

TABLES: Final = ("items", "users", "events")
"""What one file may hold."""


def import_folder(stores: Stores, name: str, folder: Path, strict: bool = False) -> Steps[Imported]:
    """Import a folder or archive: of MovieLens, of RecBole, of tables, or what `export` wrote.

    See `read_folder` and `restore`.
    """
    if is_export(folder):
        return (yield from restore(stores, name, folder, strict))
    yield Progress(f"Reading {folder}")
    return (yield from import_read(stores, name, read_folder(folder, strict)))


def import_table(
    stores: Stores, name: str, table: str, file: Path, strict: bool = False
) -> Steps[Imported]:
    """Import one file of items, users or events that name their columns.

    Parameters
    ----------
    stores : Stores
        The home.
    name : str
        The catalogue; made if there is none.
    table : {"items", "users", "events"}
        What it holds. Items and users that only events name are known by their id alone.
    file : Path
        Its ending says how it is made: .jsonl, .parquet, .csv, .tsv or RecBole's.
    strict : bool
        Import nothing when one row is wrong.
    """
    ending = file.suffix.lower()
    if table not in TABLES or ending not in ENDINGS:
        raise InvalidInput(
            f"{file.name} cannot be imported as {table}: wanted one of {', '.join(TABLES)}, in a "
            f"file that ends in {', '.join(ENDINGS)}."
        )
    yield Progress(f"Reading {table}")
    report = ReadReport()
    raw = raw_file(FolderFiles(file.parent), file.name, ENDINGS[ending], report)
    parts = Parts(**{"events": None, table: raw})
    read = assemble(parts, Reading(strict=strict), report, f"{table}{ending}")
    return (yield from import_read(stores, name, read))


__all__ = ["Imported", "import_folder", "import_read", "import_table"]
