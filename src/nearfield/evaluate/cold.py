"""Baselines for users of whom nothing is known but attributes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import sparse

from nearfield.datasets.tables import Collection, Columns, Interactions
from nearfield.evaluate.candidates import Progress, in_favour, together

_MOST_VALUES: Final = 40
"""Numbers with more distinct values than this are cut into `_BINS` groups of equal size."""

_BINS: Final = 7

_FEWEST_USERS: Final = 20
"""Attributes whose groups hold fewer users on average (names, postcodes) are left out."""


@dataclass(frozen=True)
class GroupScorer:
    """Log-probabilities of items, raised or lowered by each attribute that is known.

    Parameters
    ----------
    popularity : float32, shape (items,)
        Natural log of each item's share of events.
    lifts : tuple of float32, each of shape (groups + 1, items)
        Natural log of how much likelier an item is in a group of users; the last row, for users
        whose attribute is unknown, is 0.
    groups : tuple of int64, each of shape (users,)
        Each user's row in `lifts`; -1, the last, where the attribute is unknown.
    """

    popularity: NDArray[np.float32]
    lifts: tuple[NDArray[np.float32], ...]
    groups: tuple[NDArray[np.int64], ...]
    chosen: Mapping[str, Any] = field(default_factory=dict)

    def scores(self, users: NDArray[np.int32]) -> NDArray[np.float32]:
        """Add up what the attributes say, shape (n, items)."""
        total = np.tile(self.popularity, (len(users), 1))
        for lift, group in zip(self.lifts, self.groups, strict=True):
            total += lift[group[users]]
        return total


@dataclass(frozen=True)
class GroupPopularity:
    """What is popular among users who share an attribute (naive Bayes over the attributes).

    Parameters
    ----------
    prior : float
        Events of the whole collection mixed into each group, so that small groups say little.
        Greater than 0.
    """

    prior: float = 20_000.0
    name: str = "popularity by attributes"

    def fit(
        self,
        collection: Collection,
        train: Interactions,
        validation: Interactions | None,
        progress: Progress,
    ) -> GroupScorer:
        """See `Candidate.fit`; the attributes are all columns of `collection.users`."""
        had = in_favour(together(train, validation)).matrix()
        counts = np.asarray(had.sum(axis=0)).ravel() + 0.5  # no item is impossible
        share = counts / counts.sum()
        groups = _all_groups(collection.users)
        lifts = []
        for row, group in enumerate(groups):
            progress("fitting", row, len(groups))
            lifts.append(self._lift(group, had, share))
        progress("fitting", len(groups), len(groups))
        popularity = np.log(share).astype(np.float32)
        return GroupScorer(popularity, tuple(lifts), groups, {"prior": self.prior})

    def _lift(
        self, group: NDArray[np.int64], had: sparse.csr_matrix, share: NDArray[np.float64]
    ) -> NDArray[np.float32]:
        """Compare each group's events with everyone's, shape (groups + 1, items)."""
        users = np.flatnonzero(group >= 0)
        member = sparse.csr_matrix((np.ones(len(users)), (group[users], users)))
        events = (member @ had[: member.shape[1]]).toarray()
        mixed = (events + self.prior * share) / (events.sum(axis=1, keepdims=True) + self.prior)
        lift = np.log(mixed / share)
        return np.vstack([lift, np.zeros((1, len(share)))]).astype(np.float32)


def _all_groups(users: pl.DataFrame) -> tuple[NDArray[np.int64], ...]:
    """Group the users by each attribute that has few enough values."""
    names = [name for name in users.columns if name not in (Columns.KEY, Columns.USER)]
    found = [_groups(users[name]) for name in names]
    return tuple(group for group in found if 1 <= group.max() + 1 <= len(group) / _FEWEST_USERS)


def _groups(values: pl.Series) -> NDArray[np.int64]:
    """Return each user's value as a number from 0, shape (users,); -1 where it is unknown."""
    text = values.cast(pl.String)
    numbers = text.cast(pl.Float64, strict=False)
    known = text.is_not_null().to_numpy()
    labels = text.fill_null("").to_numpy().astype(str)
    if numbers.null_count() == text.null_count() and text.n_unique() > _MOST_VALUES:
        number = numbers.fill_null(0).to_numpy()
        edges = np.quantile(number[known], np.linspace(0, 1, _BINS + 1)[1:-1])
        labels = np.searchsorted(edges, number, side="right")
    group = np.full(len(labels), -1, dtype=np.int64)
    group[known] = np.unique(labels[known], return_inverse=True)[1]
    return group
