"""Train a recommender on a catalogue, and keep the model."""

import os
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any, Final

import numpy as np
from pydantic import BaseModel

from nearfield.errors import InvalidInput, NotFound
from nearfield.locks import OwnerLock
from nearfield.pipelines.kinds import Trainer, kind_of, read_config
from nearfield.pipelines.models import PARTIAL, StoredModel, read_model
from nearfield.pipelines.progress import Progress, Steps
from nearfield.pipelines.stores import Stores
from nearfield.pipelines.team import TeamTrainer
from nearfield.pipelines.team_lesson import Given
from nearfield.pipelines.workers import ALONE, Workers
from nearfield.training.card import CARD, moment_of, new_version, read_json, write_json

_WISH: Final = "training.json"


def train(
    stores: Stores,
    recommender: str,
    catalogue: str | None = None,
    options: Mapping[str, Any] | None = None,
    workers: Workers = ALONE,
) -> Steps[StoredModel]:
    """Train a recommender and return its model, saved under a new version.

    After a kill the same call goes on from the last finished epoch, with equal results; with
    other options, or when the catalogue changed, it begins anew. Who trains may change in
    between: several workers learn what one does.

    Parameters
    ----------
    stores : Stores
        The home.
    recommender : str
        A name in `KINDS`.
    catalogue : str, optional
        What to learn from; the only one where not given.
    options : mapping
        Settings that differ from their defaults.
    workers : Workers
        Who trains; this process where not given.

    Raises
    ------
    InvalidInput
        If there is no such recommender, an option cannot be used, or the catalogue has too few
        events.
    Unavailable
        If a package of the extra `train`, or `ray`, is missing; or if the workers cannot go on.
    InUse
        If another process is training the same recommender on the same catalogue.
    """
    kind, config = kind_of(recommender), read_config(recommender, options or {})
    kind.require()
    found = stores.catalogue(catalogue)
    yield Progress("Reading the catalogue")
    revision = found.revision()  # before the events: a change in between shows as one later
    collection = found.collection()
    lesson = Lesson(
        recommender=recommender,
        config=config,
        facts={
            "catalogue": collection.name,
            "catalogue_uid": collection.uid,
            "revision": revision,
            "items": collection.interactions.items,
            "users": collection.interactions.users,
            "events": len(collection.interactions),
        },
        begin=lambda checkpoint: TeamTrainer(
            Given(recommender, collection, config), workers, checkpoint
        ),
        save=lambda trainer, card, folder: kind.finish(trainer.here, card).save(folder),
    )
    return (yield from learn(stores.models.of(found.name, recommender), lesson))


@dataclass(frozen=True)
class Lesson:
    """What is to be learned from what.

    Parameters
    ----------
    recommender : str
        Whose model comes of it.
    config : BaseModel
        Settings of the training.
    facts : mapping
        What else stands in the card: catalogue, catalogue_uid, revision, items, users, events,
        and more; a training that was interrupted goes on only where all of them are the same.
    begin : callable
        Makes the trainer, given the folder of its checkpoint.
    save : callable
        Saves what the trainer learned, with a card, into a folder.
    """

    recommender: str
    config: BaseModel
    facts: Mapping[str, Any]
    begin: Callable[[Path], Trainer]
    save: Callable[[Any, Mapping[str, Any], Path], None]


def learn(folder: Path, lesson: Lesson) -> Steps[StoredModel]:
    """Train in a folder of versions and return the new one; an interrupted training goes on.

    Raises
    ------
    InUse
        If another process is training there.
    """
    return (yield from _Training(folder, lesson).run())


class _Training:
    """One training in `<recommender>/training.partial`, which a kill leaves to be resumed."""

    def __init__(self, folder: Path, lesson: Lesson) -> None:
        self._folder = folder
        self._lesson = lesson
        self._partial = folder / PARTIAL

    def run(self) -> Steps[StoredModel]:
        self._folder.mkdir(parents=True, exist_ok=True)
        lock = OwnerLock(
            self._folder / "training",
            "One training of a recommender runs at a time. Wait for it, or stop it.",
        )
        try:
            wish = self._begin()
            target = self._folder / str(wish["version"])
            if not (target / CARD).is_file():
                yield from self._train(wish)
                os.replace(self._partial / "model", target)
            shutil.rmtree(self._partial)
            return read_model(target)
        finally:
            lock.release()

    def _begin(self) -> dict[str, Any]:
        """Return what the interrupted training was to become, if it wanted the same, or begin."""
        same = {**self._lesson.facts, "config": self._lesson.config.model_dump(mode="json")}
        before = _read(self._partial / _WISH)
        if all(before.get(key) == value for key, value in same.items()):
            return before
        shutil.rmtree(self._partial, ignore_errors=True)
        self._partial.mkdir()
        wish = {**same, "version": new_version(), "seconds": 0.0}
        write_json(self._partial / _WISH, wish)
        return wish

    def _train(self, wish: dict[str, Any]) -> Steps[None]:
        start = time.perf_counter() - float(wish["seconds"])
        yield Progress("Preparing the training")
        trainer = self._lesson.begin(self._partial / "checkpoint")
        for step in trainer.run():
            yield Progress(
                f"Training {self._lesson.recommender}",
                step.epoch * step.total + step.done,
                step.epochs * step.total,
                "batches",
                f"epoch {step.epoch + 1} of {step.epochs}, loss {step.loss:.3f}",
            )
            if step.done == step.total:
                wish["seconds"] = round(time.perf_counter() - start, 1)
                write_json(self._partial / _WISH, wish)
        card = self._card(wish, trainer, time.perf_counter() - start)
        shutil.rmtree(self._partial / "model", ignore_errors=True)
        self._lesson.save(trainer, card, self._partial / "model")

    def _card(self, wish: Mapping[str, Any], trainer: Trainer, seconds: float) -> dict[str, Any]:
        version = str(wish["version"])
        return {
            "recommender": self._lesson.recommender,
            "version": version,
            "created": moment_of(version),
            **self._lesson.facts,
            "curve": [float(loss) for loss in np.asarray(trainer.curve)],
            "seconds": round(seconds, 1),
            "nearfield": version_of("nearfield"),
            "torch": version_of("torch"),
        }


def _read(path: Path) -> dict[str, Any]:
    """Read what was wished for; nothing where a kill left nothing whole."""
    try:
        return read_json(path)
    except (NotFound, InvalidInput):
        return {}
