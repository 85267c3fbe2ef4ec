"""User-based collaborative filtering: ask the users who are most alike, instead of the items.

Nothing is learned beforehand: all events are kept, and each query is compared with every user. So
the cost of a query grows with the users, where that of item neighbours does not; what that means
is measured by `benchmarks/bench_neighbourhoods.py`.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from nearfield.datasets.tables import Interactions

_CELLS: Final = 4_000_000
"""Similarities held at once: histories of a block x users (16 MB, and a few times that)."""


@dataclass(frozen=True)
class UserNeighbours:
    """Scores items by what the users nearest to a history had.

    Parameters
    ----------
    had : sparse float32, shape (users, items)
        1 where a user had an item.
    by_item : sparse float32, shape (items, users)
        The same, sorted the other way.
    neighbours, shrink
        As in `UserKNN`.
    """

    had: sparse.csr_matrix
    by_item: sparse.csr_matrix
    neighbours: int
    shrink: float

    def scores(self, history: sparse.csr_matrix) -> NDArray[np.float32]:
        """Add up the similarities of the neighbours who had each item, shape (n, items)."""
        size = max(1, _CELLS // max(1, self.had.shape[0]))
        blocks = [
            (self._nearest(history[start : start + size]) @ self.had).toarray()
            for start in range(0, history.shape[0], size)
        ]
        return np.concatenate(blocks) if blocks else np.empty(history.shape, dtype=np.float32)

    def _nearest(self, history: sparse.csr_matrix) -> sparse.csr_matrix:
        """Keep the similarities of the nearest users, shape (block, users).

        Whoever asks may be a user himself. He then takes one of the places, and adds only to the
        items that he had, which are not recommended to him.
        """
        similarity = (history @ self.by_item).toarray()
        lengths = np.sqrt(history.multiply(history).sum(axis=1)).reshape(-1, 1)
        sizes = np.sqrt(np.diff(self.had.indptr))
        scale = np.asarray(lengths, dtype=np.float32) * sizes.astype(np.float32)
        scale += self.shrink
        np.divide(similarity, scale, out=similarity, where=similarity > 0)
        kept = min(self.neighbours, similarity.shape[1])
        edge = np.partition(similarity, -kept, axis=1)[:, -kept, None]
        return sparse.csr_matrix(np.where(similarity >= edge, similarity, 0))


@dataclass(frozen=True)
class UserKNN:
    """Score an item by the cosines of the nearest users who had it [1]_.

    Parameters
    ----------
    neighbours : int
        How many users count, at least 1; those who tie with the last one count, too.
    shrink : float
        Added to the denominator of the cosine, so that few common items mean little; 0 or more.

    References
    ----------
    .. [1] Herlocker, Konstan, Borchers, Riedl, "An algorithmic framework for performing
       collaborative filtering", SIGIR 1999. https://doi.org/10.1145/312624.312682
    """

    neighbours: int = 50
    shrink: float = 10.0

    def fit(self, train: Interactions) -> UserNeighbours:
        """Keep who had what, sorted by user and by item."""
        had = train.matrix()
        had.data[:] = 1
        return UserNeighbours(had, had.T.tocsr(), self.neighbours, self.shrink)
