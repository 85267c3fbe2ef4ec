"""Train a recommender on a catalogue, and keep the model."""

import os
import shutil
import time
from collections.abc import Mapping
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any, Final

import numpy as np
from pydantic import BaseModel

from nearfield.datasets.tables import Collection
from nearfield.errors import InvalidInput, NotFound
from nearfield.pipelines.kinds import KINDS, Trainer, read_config
from nearfield.pipelines.models import StoredModel, read_model
from nearfield.pipelines.progress import Progress, Steps
from nearfield.pipelines.stores import Stores
from nearfield.training.card import CARD, new_version, read_json, write_json
from nearfield.vectors.owner import OwnerLock

_PARTIAL: Final = "training.partial"
_WISH: Final = "training.json"


def train(
    stores: Stores,
    recommender: str,
    catalogue: str | None = None,
    options: Mapping[str, Any] | None = None,
) -> Steps[StoredModel]:
    """Train a recommender and return its model, saved under a new version.

    After a kill the same call goes on from the last finished epoch, with equal results; with
    other options, or when the catalogue changed, it begins anew.

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

    Raises
    ------
    InvalidInput
        If there is no such recommender, an option cannot be used, or the catalogue has too few
        events.
    InUse
        If another process is training the same recommender on the same catalogue.
    """
    config = read_config(recommender, options or {})
    found = stores.catalogue(catalogue)
    yield Progress("Reading the catalogue")
    revision = found.revision()  # before the events: a change in between shows as one later
    folder = stores.models.of(found.name, recommender)
    training = _Training(folder, recommender, config, found.collection(), revision)
    return (yield from training.run())


class _Training:
    """One training in `<recommender>/training.partial`, which a kill leaves to be resumed."""

    def __init__(
        self,
        folder: Path,
        recommender: str,
        config: BaseModel,
        collection: Collection,
        revision: int,
    ) -> None:
        self._folder = folder
        self._recommender = recommender
        self._kind = KINDS[recommender]
        self._config = config
        self._collection = collection
        self._revision = revision
        self._partial = folder / _PARTIAL

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
        same = {
            "catalogue_uid": self._collection.uid,
            "revision": self._revision,
            "config": self._config.model_dump(mode="json"),
        }
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
        checkpoint = self._partial / "checkpoint"
        yield Progress("Preparing the training")
        trainer = self._kind.trainer(self._collection, self._config, checkpoint=checkpoint)
        for step in trainer.run():
            yield Progress(
                f"Training {self._recommender}",
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
        self._kind.finish(trainer, card).save(self._partial / "model")

    def _card(self, wish: Mapping[str, Any], trainer: Trainer, seconds: float) -> dict[str, Any]:
        events = self._collection.interactions
        version = str(wish["version"])
        return {
            "recommender": self._recommender,
            "version": version,
            "created": _moment(version),
            "catalogue": self._collection.name,
            "catalogue_uid": self._collection.uid,
            "revision": self._revision,
            "items": events.items,
            "users": events.users,
            "events": len(events),
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


def _moment(version: str) -> str:
    """Return when a version was begun, ISO 8601 in UTC."""
    day, hour, _ = version.split("-")
    return f"{day[:4]}-{day[4:6]}-{day[6:]}T{hour[:2]}:{hour[2:4]}:{hour[4:]}+00:00"
