"""LightGCN as a candidate of the protocols, with and without recency."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from nearfield.datasets.tables import Collection, Interactions
from nearfield.evaluate.baselines import recency_weights
from nearfield.evaluate.candidates import Progress, in_favour, together
from nearfield.evaluate.item_models import ItemCosines
from nearfield.evaluate.lightgcn import Epoch, LightGCNConfig, Rows, learn
from nearfield.evaluate.questions import Questions, ndcg
from nearfield.evaluate.tuned import CHOSEN_BY

CHECKED_EVERY: Final = 5
"""Epochs between two looks at validation."""

MOST_USERS: Final = 1_000
"""Users of validation looked at, spread evenly over all."""


@dataclass(frozen=True)
class Reading:
    """How a user is read: learned vector, mean of the last items' vectors, or between them.

    Parameters
    ----------
    recent : float
        Share of the mean, in [0, 1]; both parts are of unit length.
    half_life : float, optional
        Of the mean, in events; see `recency_weights`.
    """

    recent: float = 0.0
    half_life: float | None = None


GRID: Final = (LightGCNConfig(), LightGCNConfig(dim=128, layers=1, learning_rate=0.05, l2=0.005))
"""The first is better where any event may be asked for, the second where the next is."""

LEARNED: Final = (Reading(),)
"""As published."""

RECENT: Final = tuple(Reading(share, age) for share in (0.6, 0.8, 1.0) for age in (1.0, 2.0))
"""To choose from where the next event is asked for."""


@dataclass(frozen=True)
class Choice:
    """What is used: where there was validation, what did best.

    Parameters
    ----------
    config : LightGCNConfig
        With as many epochs as were best.
    reading : Reading
        How users are read.
    ndcg : float
        NDCG@10 on validation.
    curve : tuple of mapping
        What validation said on the way.
    """

    config: LightGCNConfig
    reading: Reading
    ndcg: float = -1.0
    curve: tuple[Mapping[str, float], ...] = ()


class LightGCNScorer:
    """Inner products of smoothed vectors.

    Parameters
    ----------
    epoch : Epoch
        What was learned.
    events : Interactions
        Everyone's history, in favour of items.
    choice : Choice
        How users are read, and what is told.
    """

    def __init__(self, epoch: Epoch, events: Interactions, choice: Choice) -> None:
        self._epoch, self._choice = epoch, choice
        self._history = events.matrix(recency_weights(events, choice.reading.half_life))

    @property
    def chosen(self) -> Mapping[str, Any]:
        """The settings, and how users are read."""
        reading = self._choice.reading
        return asdict(self._choice.config) | (asdict(reading) if reading.recent > 0 else {})

    @property
    def curve(self) -> Sequence[Mapping[str, float]]:
        """What validation said; the epochs are those of learning from train alone."""
        return self._choice.curve

    def scores(self, users: NDArray[np.int32]) -> Rows:
        """Score all items for users by row number, shape (n, items)."""
        recent = self._choice.reading.recent
        vectors = (1 - recent) * _unit(self._epoch.users[users])
        if recent > 0:
            vectors = vectors + recent * _unit(self._history[users] @ self._epoch.items)
        return np.asarray(vectors @ self._epoch.items.T, dtype=np.float32)

    def item_scores(self, items: NDArray[np.int32]) -> Rows:
        """Return the cosines of items with all items, shape (n, items)."""
        return ItemCosines(self._epoch.items).item_scores(items)


def _unit(vectors: Rows) -> Rows:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12))


@dataclass(frozen=True)
class LightGCN:
    """LightGCN as a candidate: settings, epochs and reading chosen on validation.

    Parameters
    ----------
    name : str
        As shown in tables.
    readings : sequence of Reading
        To choose from.
    grid : sequence of LightGCNConfig
        To choose from. Where there is no validation, the first of both is taken, and all epochs.
    """

    name: str = "LightGCN"
    readings: Sequence[Reading] = LEARNED
    grid: Sequence[LightGCNConfig] = GRID

    def fit(
        self,
        collection: Collection,
        train: Interactions,
        validation: Interactions | None,
        progress: Progress,
    ) -> LightGCNScorer:
        """See `Candidate.fit`: learned anew on both parts."""
        choice = Choice(self.grid[0], self.readings[0])
        if validation is not None:
            found = [self._try(config, train, validation, progress) for config in self.grid]
            choice = max(found, key=lambda one: one.ndcg)
        events = in_favour(together(train, validation))
        for epoch in learn(events, choice.config):
            progress("training", epoch.number, choice.config.epochs)
        return LightGCNScorer(epoch, events, choice)

    def _try(
        self,
        config: LightGCNConfig,
        train: Interactions,
        validation: Interactions,
        progress: Progress,
    ) -> Choice:
        """Learn from train until two looks in a row are no better, and return the best."""
        candidates = np.bincount(np.r_[train.item, validation.item], minlength=train.items) > 0
        questions = Questions.about(train, validation, candidates).sample(MOST_USERS)
        events = in_favour(train)
        best = Choice(config, self.readings[0])
        curve: list[Mapping[str, float]] = []
        for epoch in learn(events, config):
            progress("choosing on validation", epoch.number, config.epochs)
            if epoch.number % CHECKED_EVERY and epoch.number < config.epochs:
                continue
            now = replace(config, epochs=epoch.number)
            found = [
                replace(one, ndcg=ndcg(LightGCNScorer(epoch, events, one), questions, CHOSEN_BY))
                for one in (Choice(now, reading) for reading in self.readings)
            ]
            best = max(best, *found, key=lambda one: one.ndcg)
            value = max(one.ndcg for one in found)
            curve.append({"epoch": epoch.number, "loss": epoch.loss, "validation NDCG@10": value})
            if epoch.number - best.config.epochs >= 2 * CHECKED_EVERY:
                break
        return replace(best, curve=tuple(curve))
