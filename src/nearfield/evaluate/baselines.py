"""Models that need no training loop: popularity, neighbours of items, EASE.

Each learns something about the *items* from events; the user is a history given at query time. So
one recency weighting serves them all, and a user's newest event counts without fitting again.
"""

from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from nearfield.datasets.tables import Interactions
from nearfield.errors import InvalidInput
from nearfield.fusion.closed_form import Ridge, item_regression

Weights: TypeAlias = NDArray[np.float32] | sparse.csr_matrix

MOST_ITEMS: Final = 25_000
"""Largest collection for EASE: its items x items matrix takes 5 GB as float64 there."""

_BLOCK: Final = 1_000


class HistoryScorer(Protocol):
    """What a baseline has learned: it turns histories into scores."""

    def scores(self, history: sparse.csr_matrix) -> NDArray[np.float32]:
        """Score all items for some histories.

        Parameters
        ----------
        history : sparse float32, shape (n, items)
            Weight of each item that the user had, greater than 0.

        Returns
        -------
        float32, shape (n, items)
        """


class Baseline(Protocol):
    """A baseline with its settings, before it is fitted."""

    def fit(self, train: Interactions) -> HistoryScorer:
        """Learn from events; all of them speak for their items."""


@dataclass(frozen=True)
class ItemCounts:
    """Gives each item the same score for everyone.

    Parameters
    ----------
    counts : float32, shape (items,)
        Number of events.
    """

    counts: NDArray[np.float32]

    def scores(self, history: sparse.csr_matrix) -> NDArray[np.float32]:
        """Return `counts` for each history."""
        return np.tile(self.counts, (history.shape[0], 1))


@dataclass(frozen=True)
class ItemWeights:
    """Adds up what each item of a history says for the others.

    Parameters
    ----------
    weights : float32, shape (items, items)
        Row: item of the history; column: item scored. Dense or sparse.
    """

    weights: Weights

    def scores(self, history: sparse.csr_matrix) -> NDArray[np.float32]:
        """Return history x weights."""
        product = history @ self.weights
        return np.asarray(product.toarray() if sparse.issparse(product) else product)


@dataclass(frozen=True)
class Popularity:
    """Recommend what most users had."""

    def fit(self, train: Interactions) -> ItemCounts:
        """Count the events of each item."""
        return ItemCounts(np.bincount(train.item, minlength=train.items).astype(np.float32))


@dataclass(frozen=True)
class ItemKNN:
    """Score an item by the cosine to its nearest neighbours that the history holds [1]_.

    Parameters
    ----------
    neighbours : int
        How many neighbours of each scored item count.
    shrink : float
        Added to the denominator, so that few common users mean little; 0 or more.

    References
    ----------
    .. [1] Deshpande, Karypis, "Item-based top-N recommendation algorithms", TOIS 2004.
       https://doi.org/10.1145/963770.963776
    """

    neighbours: int = 400
    shrink: float = 10.0

    def fit(self, train: Interactions) -> ItemWeights:
        """Find the neighbours of each item, a block of items at a time."""
        had = train.matrix()
        had.data[:] = 1
        by_item = had.T.tocsr()
        sizes = np.diff(by_item.indptr).astype(np.float32)
        blocks = [
            self._nearest(by_item[start : start + _BLOCK] @ had, sizes, start)
            for start in range(0, train.items, _BLOCK)
        ]
        return ItemWeights(sparse.vstack(blocks).T.tocsr())

    def _nearest(
        self, common: sparse.csr_matrix, sizes: NDArray[np.float32], start: int
    ) -> sparse.csr_matrix:
        """Keep the nearest neighbours of the items from `start`, shape (block, items)."""
        similarity = common.toarray()
        rows = np.arange(len(similarity))
        scale = np.sqrt(sizes[start : start + len(rows), None] * sizes[None, :])
        similarity /= np.maximum(scale + self.shrink, 1)  # no events, no common users: 0 / 1
        similarity[rows, start + rows] = 0
        kept = min(self.neighbours, similarity.shape[1])
        edge = np.partition(similarity, -kept, axis=1)[:, -kept, None]
        return sparse.csr_matrix(np.where(similarity >= edge, similarity, 0))


@dataclass(frozen=True)
class EASE:
    """Linear item-to-item regression with a zero diagonal, in closed form [1]_.

    Parameters
    ----------
    l2 : float
        Ridge penalty; larger is smoother. Greater than 0.

    References
    ----------
    .. [1] Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019.
       https://doi.org/10.1145/3308558.3313710
    """

    l2: float = 500.0

    def fit(self, train: Interactions) -> ItemWeights:
        """Invert the items x items matrix of common users.

        Raises
        ------
        InvalidInput
            If there are more than `MOST_ITEMS` items.
        """
        if train.items > MOST_ITEMS:
            raise InvalidInput(
                f"EASE inverts an items x items matrix: {train.items:,} items would need "
                f"{2 * train.items**2 * 8 / 2**30:.0f} GB. Leave EASE out above {MOST_ITEMS:,}."
            )
        had = train.matrix()
        gram = (had.T @ had).toarray().astype(np.float64)
        gram[np.diag_indices_from(gram)] += self.l2
        inverse = np.linalg.inv(gram)
        weights = inverse / -np.diag(inverse)
        np.fill_diagonal(weights, 0)
        return ItemWeights(weights.astype(np.float32))


@dataclass(frozen=True)
class WeightedEASE:
    """EASE with dropout in closed form, in which long histories do not outvote short ones.

    Stands beside models that hold this regression, so that their table shows what they add.

    Parameters
    ----------
    l2, own, users : float
        See `nearfield.fusion.closed_form.Ridge`.
    """

    l2: float = 300.0
    own: float = 0.5
    users: float = 1.0

    def fit(self, train: Interactions) -> ItemWeights:
        """Invert the items x items matrix of common users; InvalidInput above `MOST_ITEMS`."""
        had = train.matrix()
        had.data[:] = 1
        return ItemWeights(item_regression(had, Ridge(self.l2, self.own, self.users)))


def recency_weights(events: Interactions, half_life: float | None) -> NDArray[np.float32]:
    """Weigh each event by its age in events of the same user.

    Parameters
    ----------
    events : Interactions
        Sorted by user, then time.
    half_life : float, optional
        The newest event of a user weighs 1, the one `half_life` events older 0.5; None: all 1.

    Returns
    -------
    float32, shape (events,)
        In [0, 1]; so old that it rounds to 0 means forgotten.
    """
    if half_life is None:
        return np.ones(len(events), dtype=np.float32)
    newest = events.indptr[events.user.astype(np.int64) + 1] - 1
    age = newest - np.arange(len(events))
    return np.asarray(np.exp2(-age / half_life), dtype=np.float32)
