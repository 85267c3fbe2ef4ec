"""Several recommenders together as a candidate: the weighted mean of their cosines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from nearfield.datasets.tables import Collection, Interactions
from nearfield.evaluate.candidates import (
    Candidate,
    ItemScorer,
    Progress,
    Scorer,
)
from nearfield.evaluate.questions import Questions, ndcg
from nearfield.evaluate.tuned import CHOSEN_BY, MOST_USERS
from nearfield.recommend.blend import DEFAULT_WEIGHTS, check_weights

STEPS: Final = 20
"""Weights are tried in steps of one twentieth."""


class PartScorer(Scorer, ItemScorer, Protocol):
    """What a blend is made of."""


@dataclass
class Once:
    """A candidate that is fitted once for the same events, whoever asks for it.

    Parameters
    ----------
    candidate : Candidate
        What is fitted; its scorers score items, too.
    """

    candidate: Candidate
    _fitted: tuple[Interactions, Interactions | None, Any] | None = field(
        default=None, init=False, repr=False
    )

    @property
    def name(self) -> str:
        """What the tables call it."""
        return self.candidate.name

    def fit(
        self,
        collection: Collection,
        train: Interactions,
        validation: Interactions | None,
        progress: Progress,
    ) -> Any:
        """See `Candidate.fit`; the same scorer again where the events are the same objects."""
        fitted = self._fitted
        if fitted is None or fitted[0] is not train or fitted[1] is not validation:
            scorer = self.candidate.fit(collection, train, validation, progress)
            fitted = self._fitted = (train, validation, scorer)
        return fitted[2]


@dataclass(frozen=True)
class BlendScorer:
    """Weighted means of scores, as `BlendView` has them.

    Parameters
    ----------
    parts : mapping
        Space to its scorer.
    weights : mapping
        Of the same spaces; they sum to 1.
    """

    parts: Mapping[str, PartScorer]
    weights: Mapping[str, float]

    @property
    def chosen(self) -> Mapping[str, Any]:
        """The weights."""
        return dict(self.weights)

    def scores(self, users: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return the mean of the parts' scores, shape (n, items)."""
        return self._mean({name: part.scores(users) for name, part in self.parts.items()})

    def item_scores(self, items: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return the mean of the cosines of items with all items, shape (n, items)."""
        return self._mean({name: part.item_scores(items) for name, part in self.parts.items()})

    def _mean(self, scores: Mapping[str, NDArray[np.float32]]) -> NDArray[np.float32]:
        found = [np.float32(self.weights.get(name, 0)) * part for name, part in scores.items()]
        return np.asarray(sum(found[1:], found[0]))


@dataclass(frozen=True)
class BlendCandidate:
    """Train several models and let them answer together.

    Parameters
    ----------
    parts : mapping
        Space to candidate; an `Once` is not trained a second time where it also stands alone.
    weights : mapping
        Of the spaces.
    fit_weights : bool
        Choose the weights on validation instead; each part is trained once more for it, on
        `train` alone.
    name : str
        As shown in tables.
    """

    parts: Mapping[str, Candidate]
    weights: Mapping[str, float] = field(default_factory=lambda: DEFAULT_WEIGHTS)
    fit_weights: bool = False
    name: str = "blend"

    def fit(
        self,
        collection: Collection,
        train: Interactions,
        validation: Interactions | None,
        progress: Progress,
    ) -> BlendScorer:
        """See `Candidate.fit`."""
        weights = check_weights(self.weights)
        if self.fit_weights and validation is not None:
            weights = self._choose(collection, train, validation, progress)
        return BlendScorer(self._fit(collection, train, validation, progress), weights)

    def _choose(
        self,
        collection: Collection,
        train: Interactions,
        validation: Interactions,
        progress: Progress,
    ) -> dict[str, float]:
        """Return the weights that rank the validation events best; the first of the best."""
        before = replace(collection, interactions=train)
        parts = self._fit(before, train, None, progress)
        candidates = np.bincount(np.r_[train.item, validation.item], minlength=train.items) > 0
        questions = Questions.about(train, validation, candidates).sample(MOST_USERS)
        grid = weight_grid(list(parts), STEPS)
        worth = []
        for weights in grid:
            worth.append(ndcg(BlendScorer(parts, weights), questions, CHOSEN_BY))
            progress("choosing weights", len(worth), len(grid))
        return check_weights(grid[int(np.argmax(worth))])

    def _fit(
        self,
        collection: Collection,
        train: Interactions,
        validation: Interactions | None,
        progress: Progress,
    ) -> dict[str, Any]:
        return {
            name: part.fit(collection, train, validation, progress)
            for name, part in self.parts.items()
        }


def weight_grid(names: Sequence[str], steps: int) -> list[dict[str, float]]:
    """Return all weights in steps of 1 / `steps` that sum to 1.

    >>> weight_grid(["a", "b"], 2)
    [{'a': 0.0, 'b': 1.0}, {'a': 0.5, 'b': 0.5}, {'a': 1.0, 'b': 0.0}]
    """
    shares = product(range(steps + 1), repeat=len(names))
    return [
        {name: share / steps for name, share in zip(names, one, strict=True)}
        for one in shares
        if sum(one) == steps
    ]
