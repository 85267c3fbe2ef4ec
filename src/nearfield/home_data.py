"""The part of the Python API by which data go into a home, and out of it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nearfield.catalogue.facts import CatalogueSummary
from nearfield.datasets.columns import Reading
from nearfield.datasets.read import from_frames
from nearfield.pipelines.erase import Erased, erase
from nearfield.pipelines.export import Exported, export_files
from nearfield.pipelines.imports import Imported, import_folder, import_read
from nearfield.pipelines.progress import Steps, finish
from nearfield.pipelines.stores import Stores
from nearfield.pipelines.table_files import Format
from nearfield.types import PublicId


class HomeData:
    """Imports, exports and erases; `Nearfield` is one.

    Parameters
    ----------
    stores : Stores
        Of the home.
    """

    def __init__(self, stores: Stores) -> None:
        self.stores = stores

    def import_folder(self, name: str, folder: Path | str, strict: bool = False) -> Imported:
        """Bring a MovieLens or RecBole folder or archive into the catalogue of that name."""
        return finish(self.iter_import_folder(name, folder, strict))

    def iter_import_folder(
        self, name: str, folder: Path | str, strict: bool = False
    ) -> Steps[Imported]:
        """As `import_folder`, yielding progress."""
        return import_folder(self.stores, name, Path(folder), strict)

    def import_tables(
        self,
        name: str,
        items: Any = None,
        users: Any = None,
        events: Any = None,
        columns: Mapping[str, str] | None = None,
        reading: Reading | None = None,
    ) -> Imported:
        """Bring pandas, Polars or Arrow tables into the catalogue of that name.

        Importing twice changes nothing. At least events or items must be given.

        Parameters
        ----------
        name : str
            The catalogue; made if there is none.
        items, users, events : table, optional
            Columns are found by their usual names, or by `columns`; others are attributes.
        columns : mapping, optional
            Our name to the table's: user, item, value, time, kind, title, year, genres.
        reading : Reading, optional
            Scale of ratings, kind of events, strictness.
        """
        return finish(self.iter_import_tables(name, items, users, events, columns, reading))

    def iter_import_tables(
        self,
        name: str,
        items: Any = None,
        users: Any = None,
        events: Any = None,
        columns: Mapping[str, str] | None = None,
        reading: Reading | None = None,
    ) -> Steps[Imported]:
        """As `import_tables`, yielding progress."""
        return import_read(self.stores, name, from_frames(items, users, events, columns, reading))

    def export(
        self,
        place: Path | str,
        catalogue: str | None = None,
        *,
        table: str = "all",
        form: Format = "jsonl",
    ) -> Exported:
        """Write a catalogue into a folder or a ``.zip``, or one table into a file.

        `import_folder` reads what was written. `form` is ``jsonl`` or ``parquet``.
        """
        name = catalogue or self.stores.only_catalogue()
        return finish(export_files(self.stores, name, Path(place), table, form))

    def erase(self, user: PublicId, *, catalogue: str | None = None) -> Erased:
        """Erase a user with all events, so that no byte of them is left; see `Erased`."""
        return finish(erase(self.stores, catalogue, user))

    def catalogues(self) -> list[CatalogueSummary]:
        """Return what each catalogue holds."""
        return self.stores.catalogues.summaries()
