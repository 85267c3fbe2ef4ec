"""The part of the Python API by which data go into a home, and out of it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nearfield.catalogue.facts import CatalogueSummary
from nearfield.datasets.columns import Reading
from nearfield.datasets.read import from_frames
from nearfield.pipelines.backup import BackedUp, backup
from nearfield.pipelines.backup_file import Manifest
from nearfield.pipelines.destination import Destination
from nearfield.pipelines.erase import Erased, erase
from nearfield.pipelines.export import Exported, export_files
from nearfield.pipelines.imports import Imported, import_folder, import_read
from nearfield.pipelines.move import Moved, cancel_move, move
from nearfield.pipelines.progress import Steps, finish
from nearfield.pipelines.restore_home import Restored, check_backup, restore_home
from nearfield.pipelines.stores import Stores
from nearfield.pipelines.table_files import Format
from nearfield.types import PublicId
from nearfield.vectors.options import MilvusOptions


class HomeData:
    """Imports, exports, erases, backs up, restores and moves; `Nearfield` is one.

    Parameters
    ----------
    stores : Stores
        Of the home.
    milvus : MilvusOptions, optional
        How its Milvus server is reached and asked.
    """

    def __init__(self, stores: Stores, milvus: MilvusOptions | None = None) -> None:
        self.stores = stores
        self._milvus = milvus

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

    def backup(
        self,
        file: Path | str,
        catalogues: Sequence[str] | None = None,
        *,
        force: bool = False,
    ) -> BackedUp:
        """Write all that the home answers from into one file, while it answers.

        Parameters
        ----------
        file : path
            Where to; it is there when it is whole.
        catalogues : sequence of str, optional
            Which; where not given, all, with the keys of the service.
        force : bool
            Replace a file that is there.

        Raises
        ------
        InvalidInput
            If the file is there.
        NotFound
            If there is no such catalogue.
        InUse
            If another process writes the same file, or spaces change again and again.
        """
        return finish(self.iter_backup(file, catalogues, force=force))

    def iter_backup(
        self,
        file: Path | str,
        catalogues: Sequence[str] | None = None,
        *,
        force: bool = False,
    ) -> Steps[BackedUp]:
        """As `backup`, yielding progress."""
        return backup(self.stores, Path(file), catalogues, force)

    def restore(self, file: Path | str, *, erased: Path | str | None = None) -> Restored:
        """Put a backup into this home, which must be empty; then it answers as the first one did.

        ``Nearfield("new").restore("friday.backup")``: what `Nearfield` is given says where to, also
        servers. A restore that was cut off leaves a home that refuses to open; the same call goes
        on.

        Parameters
        ----------
        file : path
            What `backup` wrote.
        erased : path, optional
            A later backup: users who were erased by then do not come back.

        Raises
        ------
        NotFound
            If there is no such file.
        InvalidInput
            If the file is damaged or of a newer program, or the home is not empty.
        CheckFailed
            If the database or Milvus does not hold what was sent.
        """
        return finish(self.iter_restore(file, erased=erased))

    def iter_restore(
        self, file: Path | str, *, erased: Path | str | None = None
    ) -> Steps[Restored]:
        """As `restore`, yielding progress."""
        self.stores.close()  # what is open is of the empty home
        later = None if erased is None else Path(erased)
        return (yield from restore_home(self.stores, Path(file), later))

    @staticmethod
    def check_backup(file: Path | str) -> Manifest:
        """Compare every byte of a backup with its checksums, and return what it holds.

        Raises
        ------
        NotFound, InvalidInput
            As of `restore`.
        """
        return finish(check_backup(Path(file)))

    def move(
        self,
        *to: Path | str,
        token: str | None = None,
        milvus: MilvusOptions | None = None,
    ) -> Moved:
        """Copy the home, or a part of it, elsewhere, and compare it there; this one stays.

        Where tables go, this home takes no writes from the first moment on, also when the move is
        done; `cancel_move` lets them in again. `Moved.settings` says what to set; in Python, open
        the other place with ``Nearfield``.

        Parameters
        ----------
        to : path or str
            A Milvus server (``http://host:19530``), the URL of a database, a folder; one of each.
        token : str, optional
            ``user:password`` of the Milvus that it goes to.
        milvus : MilvusOptions, optional
            How that one is reached and asked; as the one of this home where not given.

        Raises
        ------
        InvalidInput
            If a place cannot be read, is not empty, or is where the home lies already.
        InUse
            If spaces are published meanwhile.
        CheckFailed
            If the destination does not hold what was sent.
        """
        return finish(self.iter_move(*to, token=token, milvus=milvus))

    def iter_move(
        self,
        *to: Path | str,
        token: str | None = None,
        milvus: MilvusOptions | None = None,
    ) -> Steps[Moved]:
        """As `move`, yielding progress."""
        destination = Destination.read([str(place) for place in to])
        with destination.of(self.stores, token, milvus or self._milvus) as target:
            return (yield from move(self.stores, destination, target))

    def cancel_move(self) -> None:
        """Let writers in again where a move was cut off, or was done but shall not count.

        Raises
        ------
        NotFound
            If nothing is being moved, nor was.
        """
        cancel_move(self.stores)

    def catalogues(self) -> list[CatalogueSummary]:
        """Return what each catalogue holds."""
        return self.stores.catalogues.summaries()
