"""The baseline for ratings: how generous the user is, and how good the item."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearfield.datasets.tables import Collection, Interactions
from nearfield.evaluate import metrics
from nearfield.evaluate.candidates import Progress, together


@dataclass(frozen=True)
class BiasScorer:
    """Mean + bias of the user + bias of the item, kept inside the scale.

    Parameters
    ----------
    mean : float
        Of all ratings.
    user : float64, shape (users,)
    item : float64, shape (items,)
        0 for those without ratings.
    lowest, highest : float
        Ends of the scale, as far as it was used.
    chosen : mapping
        The settings.
    """

    mean: float
    user: NDArray[np.float64]
    item: NDArray[np.float64]
    lowest: float
    highest: float
    chosen: Mapping[str, Any]

    def ratings(self, users: NDArray[np.int32], items: NDArray[np.int32]) -> NDArray[np.float32]:
        """Predict the rating of each pair, shape (pairs,)."""
        raw = self.mean + self.user[users] + self.item[items]
        return np.clip(raw, self.lowest, self.highest).astype(np.float32)


@dataclass(frozen=True)
class Biases:
    """Fit both biases in turn, each drawn towards 0 [1]_.

    Parameters
    ----------
    name : str
        As shown in tables.
    pulls : tuple of float
        Ratings of value 0 added to each user and item, greater than 0; chosen on validation.
    rounds : int
        How often both are fitted.

    References
    ----------
    .. [1] Koren, "Factor in the Neighbors: Scalable and Accurate Collaborative Filtering", TKDD
       2010, section 2.1. https://doi.org/10.1145/1644873.1644874
    """

    name: str = "user and item bias"
    pulls: tuple[float, ...] = (5.0, 2.0, 10.0)
    rounds: int = 8

    def fit(
        self,
        collection: Collection,
        train: Interactions,
        validation: Interactions | None,
        progress: Progress,
    ) -> BiasScorer:
        """See `RatingCandidate.fit`."""
        pull = self.pulls[0]
        if validation is not None:
            errors = []
            for row, tried in enumerate(self.pulls):
                errors.append(_error(self._fit(train, tried), validation))
                progress("choosing on validation", row + 1, len(self.pulls))
            pull = self.pulls[int(np.argmin(errors))]
        return self._fit(together(train, validation), pull)

    def _fit(self, rated: Interactions, pull: float) -> BiasScorer:
        mean = float(rated.value.mean(dtype=np.float64))
        above = rated.value.astype(np.float64) - mean
        user, item = np.zeros(rated.users), np.zeros(rated.items)
        per_user = np.bincount(rated.user, minlength=rated.users) + pull
        per_item = np.bincount(rated.item, minlength=rated.items) + pull
        for _ in range(self.rounds):
            left = above - user[rated.user]
            item = np.bincount(rated.item, left, minlength=rated.items) / per_item
            left = above - item[rated.item]
            user = np.bincount(rated.user, left, minlength=rated.users) / per_user
        low, high = float(rated.value.min()), float(rated.value.max())
        return BiasScorer(mean, user, item, low, high, {"pull": pull})


def _error(scorer: BiasScorer, rated: Interactions) -> float:
    return metrics.rmse(scorer.ratings(rated.user, rated.item), rated.value)
