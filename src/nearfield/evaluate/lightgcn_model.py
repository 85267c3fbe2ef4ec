"""LightGCN as a candidate of the protocols, with and without recency."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
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


LEARNED: Final = (Reading(),)
"""As published."""

RECENT: Final = tuple(Reading(share, age) for share in (1.0, 0.7) for age in (1.0, 2.0, 5.0))
"""To choose from where the next event is asked for."""


class LightGCNScorer:
    """Inner products of smoothed vectors.

    Parameters
    ----------
    epoch : Epoch
        What was learned.
    events : Interactions
        Everyone's history, in favour of items.
    reading : Reading
        How users are read.
    curve : sequence of mapping
        What validation said.
    """

    def __init__(
        self,
        epoch: Epoch,
        events: Interactions,
        reading: Reading,
        curve: Sequence[Mapping[str, float]] = (),
    ) -> None:
        self._epoch, self._reading, self.curve = epoch, reading, curve
        self._history = events.matrix(recency_weights(events, reading.half_life))

    @property
    def chosen(self) -> Mapping[str, Any]:
        """Epochs, and how users are read."""
        recency = asdict(self._reading) if self._reading.recent > 0 else {}
        return {"epochs": self._epoch.number, **recency}

    def scores(self, users: NDArray[np.int32]) -> Rows:
        """Score all items for users by row number, shape (n, items)."""
        recent = self._reading.recent
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
    """LightGCN as a candidate: epochs and reading chosen on validation, then learned anew.

    Parameters
    ----------
    name : str
        As shown in tables.
    readings : sequence of Reading
        To choose from; the first is taken where there is no validation.
    config : LightGCNConfig
        Used as it is; without validation all its epochs are run.
    """

    name: str = "LightGCN"
    readings: Sequence[Reading] = LEARNED
    config: LightGCNConfig = field(default_factory=LightGCNConfig)

    def fit(
        self,
        collection: Collection,
        train: Interactions,
        validation: Interactions | None,
        progress: Progress,
    ) -> LightGCNScorer:
        """See `Candidate.fit`."""
        config, reading = self.config, self.readings[0]
        curve: list[Mapping[str, float]] = []
        if validation is not None:
            epochs, reading = self._choose(train, validation, progress, curve)
            config = replace(config, epochs=epochs)
        events = in_favour(together(train, validation))
        for epoch in learn(events, config):
            progress("training", epoch.number, config.epochs)
        return LightGCNScorer(epoch, events, reading, curve)

    def _choose(
        self,
        train: Interactions,
        validation: Interactions,
        progress: Progress,
        curve: list[Mapping[str, float]],
    ) -> tuple[int, Reading]:
        """Return the epochs and the reading that are best on validation; fill the curve.

        Training stops where two looks in a row are no better.
        """
        candidates = np.bincount(np.r_[train.item, validation.item], minlength=train.items) > 0
        questions = Questions.about(train, validation, candidates).sample(MOST_USERS)
        events = in_favour(train)
        best, chosen = -1.0, (self.config.epochs, self.readings[0])
        for epoch in learn(events, self.config):
            progress("choosing on validation", epoch.number, self.config.epochs)
            if epoch.number % CHECKED_EVERY and epoch.number < self.config.epochs:
                continue
            scorers = [LightGCNScorer(epoch, events, reading) for reading in self.readings]
            values = [ndcg(scorer, questions, CHOSEN_BY) for scorer in scorers]
            value = max(values)
            curve.append({"epoch": epoch.number, "loss": epoch.loss, "validation NDCG@10": value})
            if value > best:
                best, chosen = value, (epoch.number, self.readings[values.index(value)])
            elif epoch.number - chosen[0] >= 2 * CHECKED_EVERY:
                break
        return chosen
