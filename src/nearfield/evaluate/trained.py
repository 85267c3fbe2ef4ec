"""What the candidates that train a recommender share: progress, and what their scorers tell."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel
from torch import Tensor
from torch.nn import functional as F

from nearfield.evaluate.candidates import Progress
from nearfield.training.loop import Step


class Trainer(Protocol):
    """Trains one recommender."""

    @property
    def config(self) -> BaseModel:
        """The settings."""

    @property
    def curve(self) -> list[float]:
        """Mean loss of each finished epoch."""

    def run(self) -> Iterator[Step]:
        """Train to the last epoch."""


T = TypeVar("T", bound=Trainer)


class TrainedScorer(Generic[T]):
    """Cosines of item vectors, and how they were learned.

    Parameters
    ----------
    trainer : Trainer
        Finished.
    items : float32, shape (items, dim)
        The vectors of all items, not of unit length.
    """

    def __init__(self, trainer: T, items: Tensor) -> None:
        self._trainer = trainer
        self._items = items
        self._units = F.normalize(items, dim=1)

    @property
    def chosen(self) -> Mapping[str, Any]:
        """The settings that differ from the defaults."""
        return self._trainer.config.model_dump(mode="json", exclude_defaults=True)

    @property
    def curve(self) -> Sequence[Mapping[str, float]]:
        """Training loss after each epoch."""
        return [
            {"epoch": float(epoch), "loss": loss}
            for epoch, loss in enumerate(self._trainer.curve, start=1)
        ]

    def item_scores(self, items: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return the cosines of items with all items, shape (n, items), as `similar` sees them."""
        return np.asarray((self._units[torch.from_numpy(items)] @ self._units.T).numpy())


def finish(trainer: T, progress: Progress) -> T:
    """Train to the end, and return the trainer."""
    for step in trainer.run():
        progress("training", step.epoch * step.total + step.done, step.epochs * step.total)
    return trainer
