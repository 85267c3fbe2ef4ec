"""Write all that a home answers from into one file, while it answers and while events come in."""

import os
import sys
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO, Final

from nearfield.catalogue.dump import dumping
from nearfield.errors import InUse, InvalidInput, Unavailable
from nearfield.pipelines.backup_file import (
    FORM,
    HOME,
    BackupWriter,
    Manifest,
    SpaceFacts,
    TableFacts,
)
from nearfield.pipelines.moment import SpaceCopy
from nearfield.pipelines.moment_of_home import MomentOfHome
from nearfield.pipelines.progress import Progress, Steps
from nearfield.pipelines.stores import Stores

if sys.platform != "win32":
    import fcntl

_ATTEMPTS: Final = 5
"""How often spaces are read again where they are published, or change, meanwhile."""

_BLOCK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class BackedUp:
    """What was written.

    Parameters
    ----------
    file : Path
        Where.
    bytes : int
        Its length.
    id : str
        Of the backup.
    catalogues : tuple of str
        Whose.
    rows : dict
        Rows of SQL, by table.
    spaces : tuple of SpaceCopy
        Versions of spaces.
    files : int
        Of models, sounds that were sent in, maps and reports.
    """

    file: Path
    bytes: int
    id: str
    catalogues: tuple[str, ...]
    rows: dict[str, int]
    spaces: tuple[SpaceCopy, ...]
    files: int

    def summary(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return {**asdict(self), "file": str(self.file)}


def backup(
    stores: Stores, place: Path, names: Sequence[str] | None = None, force: bool = False
) -> Steps[BackedUp]:
    """Write a home, or some of its catalogues, into a file that `restore` reads.

    Tables are of one moment. Spaces are read after them, and only rows of items that the tables
    know; where something is published meanwhile they are read again. The file is there when it
    is whole.

    Parameters
    ----------
    stores : Stores
        The home.
    place : Path
        The file.
    names : sequence of str, optional
        Of the catalogues; where not given, all, with the keys of the service and all jobs.
    force : bool
        Replace a file that is there.

    Raises
    ------
    InvalidInput
        If the file is there.
    InUse
        If another process writes the same file, or spaces change again and again.
    """
    place = place.expanduser().absolute()
    if place.exists() and not force:
        raise InvalidInput(
            f"{place} is there already. Give another name, or --force, or force=True in Python."
        )
    stores.catalogues  # noqa: B018  # which brings the tables up to date
    with _draft(place) as file, closing(BackupWriter(file)) as writer:
        written = yield from _Backup(stores, writer, names).run()
        file.flush()
        os.fsync(file.fileno())
        size = file.seek(0, os.SEEK_END)
    rows = {name: facts.rows for name, facts in written.tables.items()}
    spaces = tuple(SpaceCopy(**one.model_dump(exclude={"part"})) for one in written.spaces)
    files = sum(name.startswith(HOME) for name in written.parts)
    return BackedUp(place, size, written.id, tuple(written.catalogues), rows, spaces, files)


class _Backup:
    """Writes one backup."""

    def __init__(self, stores: Stores, writer: BackupWriter, names: Sequence[str] | None) -> None:
        self._stores = stores
        self._writer = writer
        self._names = names
        self._tables: dict[str, TableFacts] = {}
        self._spaces: dict[SpaceCopy, SpaceFacts] = {}
        self._read = 0

    def run(self) -> Steps[Manifest]:
        created = datetime.now(UTC).isoformat(timespec="seconds")
        with dumping(self._stores.database_url, self._names) as dump:
            moment = MomentOfHome(self._stores, dump)
            for name, rows in moment.tables().items():
                yield from self._write_table(moment, name, rows)
            moment.read_items()
            keys = dict(moment.next_keys())
        spaces = yield from self._write_spaces(moment)
        # after the spaces: the model of a version is there before the version is
        yield from self._write_files(moment)
        manifest = Manifest(
            nearfield_backup=FORM,
            nearfield=version("nearfield"),
            id=uuid.uuid4().hex,
            created=created,
            home=moment.home,
            schema_version=moment.schema,
            catalogues=dict(moment.catalogues),
            whole=self._names is None,
            next_keys=keys,
            tables=self._tables,
            spaces=spaces,
            parts=dict(self._writer.parts),
        )
        self._writer.finish(manifest.model_dump_json(indent=1).encode())
        return manifest

    def _write_table(self, moment: MomentOfHome, name: str, rows: int) -> Steps[None]:
        part, done = f"sql/{name}.parquet", 0
        with self._writer.rows(part, moment.schema_of(name)) as file:
            for batch in moment.rows(name):
                file.write_batch(batch)
                done += batch.num_rows
                yield Progress(f"Reading {name}", done, rows, "rows")
        self._tables[name] = TableFacts(part=part, rows=done)

    def _write_spaces(self, moment: MomentOfHome) -> Steps[list[SpaceFacts]]:
        """Write the versions that answer at one moment; versions do not change, or are refused."""
        for _ in range(_ATTEMPTS):
            wanted = moment.spaces()
            for space in wanted:
                if space not in self._spaces:
                    yield from self._write_space(moment, space)
            if moment.spaces() == wanted and all(space in self._spaces for space in wanted):
                return [self._spaces[space] for space in wanted if self._spaces[space].rows]
        raise InUse(
            f"spaces were published or changed during all of {_ATTEMPTS} attempts to read them. "
            f"Back up when that is over."
        )

    def _write_space(self, moment: MomentOfHome, space: SpaceCopy) -> Steps[None]:
        import pyarrow as pa

        self._read += 1
        part = f"spaces/{self._read}-{space.catalogue}-{space.recommender}.parquet"
        vector = pa.list_(pa.float32(), space.dim)
        schema = pa.schema([("id", pa.int64()), ("vector", vector)])
        done = 0
        try:
            with self._writer.rows(part, schema) as file:
                for ids, vectors in moment.vectors(space):
                    flat = pa.array(vectors.reshape(-1), pa.float32())
                    columns = [pa.array(ids), pa.FixedSizeListArray.from_arrays(flat, space.dim)]
                    file.write_batch(pa.RecordBatch.from_arrays(columns, schema=schema))
                    done += len(ids)
                    what = f"Reading the space {space.recommender} of {space.catalogue}"
                    yield Progress(what, done, space.rows, "vectors")
        except Unavailable:
            if space in moment.spaces():  # else it was dropped: the next look shows what is now
                raise
            return
        told = {**asdict(space), "rows": done}
        self._spaces[space] = SpaceFacts.model_construct(**told, part=part)

    def _write_files(self, moment: MomentOfHome) -> Steps[None]:
        files = moment.files()
        total, done = sum(files.values()) >> 20, 0
        for place in files:
            with moment.open_file(place) as source, self._writer.part(HOME + place) as sink:
                while block := source.read(_BLOCK):
                    sink.write(block)
                    done += len(block)
                    yield Progress("Copying models and files", done >> 20, total, "MB")


@contextmanager
def _draft(place: Path) -> Iterator[BinaryIO]:
    """Lend an empty file that becomes `place` when the block ends well, else is removed.

    What a kill leaves has the same name each time, and is written over.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    draft = place.with_name(f".{place.name}.partial")
    # for its owner alone: it holds what users did
    number = os.open(draft, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(number, "rb+") as file:
        _lock(file, place)
        file.truncate(0)
        try:
            yield file
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        os.replace(draft, place)
    _sync_folder(place.parent)


def _lock(file: BinaryIO, place: Path) -> None:
    if sys.platform == "win32":  # pragma: no cover
        return  # which refuses to replace a file that somebody has open
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise InUse(f"another process is writing {place}. Wait for it.") from None


def _sync_folder(folder: Path) -> None:
    if os.name == "posix":  # the rename itself must reach the disk; Windows cannot sync a folder
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
