"""Put a backup into an empty home, so that it answers as the one did that was backed up."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nearfield.pipelines.backup_file import Manifest
from nearfield.pipelines.backup_read import BackupFile
from nearfield.pipelines.fill_home import Fill, Scope
from nearfield.pipelines.progress import Progress, Steps
from nearfield.pipelines.stores import Stores


@dataclass(frozen=True, slots=True)
class Restored:
    """What was brought back.

    Parameters
    ----------
    created : str
        When the backup was made, ISO 8601 in UTC.
    catalogues : tuple of str
        Which.
    rows : dict
        Rows of SQL, by table.
    answering : tuple of str
        The spaces that answer now, as ``catalogue/recommender``.
    vectors : int
        Of all versions of spaces together.
    files : int
        Of models, sounds that were sent in, maps and reports.
    bytes : int
        Length of the backup.
    forgotten : int
        Users who were left out: they were erased after the backup.
    """

    created: str
    catalogues: tuple[str, ...]
    rows: dict[str, int]
    answering: tuple[str, ...]
    vectors: int
    files: int
    bytes: int
    forgotten: int

    def summary(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return asdict(self)


def restore_home(stores: Stores, path: Path, erased: Path | None = None) -> Steps[Restored]:
    """Restore a backup into an empty home: into the SQL, the Milvus and the folder of `stores`.

    Every byte is compared with its checksum before anything is written. Until all is there and
    was compared, nobody can open the home; after a kill the same call goes on.

    Parameters
    ----------
    stores : Stores
        The home; embedded or on servers, whatever the backup was made of.
    path : Path
        The backup.
    erased : Path, optional
        A later backup: users who were erased by then do not come back.

    Raises
    ------
    NotFound
        If there is no such file.
    InvalidInput
        If a file is damaged or of a newer program, or the home is not empty.
    CheckFailed
        If the database or Milvus does not hold what was sent.
    """
    backup = BackupFile(path)
    marks = (yield from _marks(erased)) if erased is not None else {}
    manifest = yield from backup.check()
    fill = Fill(backup, stores, Scope())
    fill.check()
    filled = yield from fill.run(marks)
    fill.open()
    answering = tuple(f"{one.catalogue}/{one.recommender}" for one in filled.spaces)
    return Restored(
        created=manifest.created,
        catalogues=tuple(manifest.catalogues),
        rows=filled.rows,
        answering=answering,
        vectors=filled.vectors,
        files=filled.files,
        bytes=path.stat().st_size,
        forgotten=filled.forgotten,
    )


def check_backup(path: Path) -> Steps[Manifest]:
    """Compare every byte of a backup with its checksums, and return what it holds.

    Raises
    ------
    NotFound, InvalidInput
        As of `restore_home`.
    """
    return (yield from BackupFile(path).check())


def _marks(path: Path) -> Steps[Mapping[str, Collection[str]]]:
    """Return the marks of erased users in a backup, by the identity of their catalogue."""
    backup = BackupFile(path)
    yield from backup.check()
    yield Progress("Reading who was erased")
    uids: dict[int, str] = {}
    for batch in backup.rows("catalogues"):
        uids.update(zip(batch["id"].to_pylist(), batch["uid"].to_pylist(), strict=True))
    marks: dict[str, set[str]] = {}
    for batch in backup.rows("erased_users"):
        pairs = zip(batch["catalogue_id"].to_pylist(), batch["digest"].to_pylist(), strict=True)
        for number, digest in pairs:
            marks.setdefault(uids[number], set()).add(digest)
    return marks
