"""Erase a user: from SQL, from what was begun, from files that were sent in."""

import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from nearfield.catalogue.catalogue import Catalogue
from nearfield.errors import InUse
from nearfield.locks import OwnerLock
from nearfield.pipelines.models import PARTIAL
from nearfield.pipelines.names import RECOMMENDERS
from nearfield.pipelines.progress import Progress, Steps
from nearfield.pipelines.stores import Stores
from nearfield.pipelines.uploaded import imported_files
from nearfield.types import PublicId

_BUSY: Final = "A training is running; what it saves leaves no name, but it knew the user's events."


@dataclass(frozen=True, slots=True)
class Erased:
    """What erasing a user did.

    Parameters
    ----------
    catalogue : str
        Which one; another may know a user of the same id.
    events, answers, jobs : int
        Rows of SQL that are gone, or, of jobs, name nobody any more.
    files : int
        Files and folders that were removed: interrupted trainings, files that were imported.
    models : tuple of str
        Models that learned from the user too, as ``recommender/version``: each holds some
        hundred numbers that were theirs, without a name. A training from now on leaves them out.
    notes : tuple of str
        What could not be done yet, and what to do.
    """

    catalogue: str
    events: int
    answers: int
    jobs: int
    files: int
    models: tuple[str, ...]
    notes: tuple[str, ...]

    def summary(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return asdict(self)


def erase(stores: Stores, catalogue: str | None, user: PublicId) -> Steps[Erased]:
    """Erase a user of a catalogue, so that no byte of the id or of what was known is left.

    A mark stays, from which nobody can read who it was: an import of an old file leaves the user
    out, until `put_user` lets them in again. Running it again goes on where a kill ended it.

    Parameters
    ----------
    stores : Stores
        The home.
    catalogue : str, optional
        Of which; the only one where not given.
    user : int or str
        Who.

    Raises
    ------
    NotFound
        If there is no such user, and was none.
    InUse
        If the database is busy for half a minute.
    """
    found = stores.catalogue(catalogue)
    yield Progress("Erasing from the database")
    rows = found.erase_user(user)
    yield Progress("Erasing from files")
    files = list(imported_files(stores, found.name))
    for file in files:
        shutil.rmtree(file, ignore_errors=True)
    notes, begun = [], 0
    for recommender in RECOMMENDERS:
        try:
            begun += _forget_training(stores.models.of(found.name, recommender))
        except InUse:
            notes.append(_BUSY)
    return Erased(
        catalogue=found.name,
        events=rows.events,
        answers=rows.answers,
        jobs=rows.jobs,
        files=len(files) + begun,
        models=tuple(_models(stores, found)),
        notes=tuple(notes),
    )


def _forget_training(folder: Path) -> int:
    """Remove a training that was interrupted; return how many there were."""
    partial = folder / PARTIAL
    if not partial.is_dir():
        return 0
    lock = OwnerLock(folder / "training", _BUSY)
    try:
        shutil.rmtree(partial)
    finally:
        lock.release()
    return 1


def _models(stores: Stores, catalogue: Catalogue) -> Iterator[str]:
    """Yield the models that learned from users of the catalogue, all of them before now."""
    for one in stores.models.list(catalogue.name):
        if one.card.get("catalogue_uid") == catalogue.uid and one.card.get("users"):
            yield f"{one.recommender}/{one.version}"
