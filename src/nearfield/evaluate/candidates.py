"""What can be evaluated: the protocols that models must satisfy, and what they may tell more."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from nearfield.datasets.histories import event_weights
from nearfield.datasets.tables import Collection, Interactions

Progress: TypeAlias = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and of how much."""


def silent(what: str, done: int, total: int) -> None:
    """Show nothing: the progress of a caller who wants none."""


class Scorer(Protocol):
    """A fitted model that scores every item for users of the collection."""

    def scores(self, users: NDArray[np.int32]) -> NDArray[np.float32]:
        """Score all items, higher is better, for users by row number.

        Parameters
        ----------
        users : int32, shape (n,)
            Rows of users. The model knows their events of `train` and `validation`, no others; a
            user without any is known by attributes only.

        Returns
        -------
        float32, shape (n, items)
            One column for each item of the collection, by row number; never NaN.
        """


class Candidate(Protocol):
    """A model that ranks, before it is fitted."""

    @property
    def name(self) -> str:
        """What the tables call it."""

    def fit(
        self,
        collection: Collection,
        train: Interactions,
        validation: Interactions | None,
        progress: Progress,
    ) -> Scorer:
        """Learn, and return a scorer for queries made **after** `train` and `validation`.

        Whatever must be chosen (size, epochs, half-life) is chosen on `validation`; then the model
        is fitted again on both, as all baselines do, or at least takes both as the users' history.

        Parameters
        ----------
        collection : Collection
            Items, users and their attributes; its interactions are `train` and `validation`, the
            test events are not in it.
        train : Interactions
            What to learn from.
        validation : Interactions, optional
            What to choose on; None: nothing is to be chosen.
        progress : callable
            To be called now and then.
        """


@runtime_checkable
class ItemScorer(Protocol):
    """A fitted model that scores what comes after an item, knowing nothing else of the user."""

    def item_scores(self, items: NDArray[np.int32]) -> NDArray[np.float32]:
        """Score all items, higher is better, by how well they follow each of `items`.

        Parameters
        ----------
        items : int32, shape (n,)
            Rows of items. Some may have no event in what the model learned from.

        Returns
        -------
        float32, shape (n, items)
            One column for each item of the collection, by row number; never NaN. The item itself
            may get any score: it is not listed.
        """


class ItemCandidate(Protocol):
    """A model that ranks what follows an item, before it is fitted; see `Candidate`."""

    @property
    def name(self) -> str:
        """What the tables call it."""

    def fit(
        self,
        collection: Collection,
        train: Interactions,
        validation: Interactions | None,
        progress: Progress,
    ) -> ItemScorer:
        """Learn from `train`, choose on `validation`, then learn from both."""


class RatingScorer(Protocol):
    """A fitted model that predicts ratings."""

    def ratings(self, users: NDArray[np.int32], items: NDArray[np.int32]) -> NDArray[np.float32]:
        """Predict the rating of each pair on the collection's own scale, shape (pairs,)."""


class RatingCandidate(Protocol):
    """A model that predicts ratings, before it is fitted; see `Candidate`."""

    @property
    def name(self) -> str:
        """What the tables call it."""

    def fit(
        self,
        collection: Collection,
        train: Interactions,
        validation: Interactions | None,
        progress: Progress,
    ) -> RatingScorer:
        """Learn from the ratings of `train`, choose on `validation`, then learn from both."""


@runtime_checkable
class Chosen(Protocol):
    """A scorer that tells what was chosen, e.g. ``{"l2": 500, "half_life": 2}``."""

    @property
    def chosen(self) -> Mapping[str, Any]:
        """Names and values of the settings."""


@runtime_checkable
class Learned(Protocol):
    """A scorer that tells how it learned."""

    @property
    def curve(self) -> Sequence[Mapping[str, float]]:
        """One mapping for each epoch: `epoch` and what was measured."""


def in_favour(events: Interactions) -> Interactions:
    """Leave out what counts against an item (skipped, disliked)."""
    return events.take(event_weights(events.kind) > 0)


def together(train: Interactions, validation: Interactions | None) -> Interactions:
    """Join two parts of one collection, sorted by user, then time; ties: `train` first."""
    if validation is None:
        return train
    user = np.concatenate([train.user, validation.user])
    time = np.concatenate([train.time, validation.time])
    order = np.lexsort((time, user))
    return Interactions(
        user=user[order],
        item=np.concatenate([train.item, validation.item])[order],
        kind=np.concatenate([train.kind, validation.kind])[order],
        value=np.concatenate([train.value, validation.value])[order],
        time=time[order],
        users=train.users,
        items=train.items,
    )
