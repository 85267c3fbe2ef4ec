"""Fetch the items nearest to a vector, within a scope, and make them differ where asked."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from nearfield.errors import NotFound
from nearfield.recommend.diversify import diversify
from nearfield.recommend.filters import Scope
from nearfield.rising import rising
from nearfield.types import Ids, Scores, Vectors, no_ids, no_scores
from nearfield.vectors.index import VectorIndex

LEAST_POOL: Final = 100
"""The smallest number of candidates that a list is chosen from by more than one vector."""

POOL_FACTOR: Final = 10
"""Candidates for each place of a diverse list."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A list of items, in the order in which it will be shown.

    Parameters
    ----------
    ids : int64, shape (items,)
        Catalogue keys, each once.
    scores : float32, shape (items,)
        What each was found with, in [-1, 1]: the cosine, or the mean of several.
    """

    ids: Ids
    scores: Scores

    def only(self, kept: NDArray[np.bool_]) -> "Ranked":
        """Return some of these items, in the same order."""
        return Ranked(self.ids[kept], self.scores[kept])


def pool_size(k: int, diversity: float) -> int:
    """Return how many candidates to fetch for a list of `k`."""
    return k if diversity == 0 else max(POOL_FACTOR * k, LEAST_POOL)


def nearest(index: VectorIndex, vector: Vectors, k: int, scope: Scope) -> Ranked:
    """Return the `k` items of `scope` nearest to a vector of shape (dim,), or all there are."""
    if scope.is_empty:
        return Ranked(no_ids(), no_scores())
    hits = index.search(vector[None], k, exclude=scope.exclude, only=scope.only)
    found = hits.ids[0] >= 0
    return Ranked(hits.ids[0][found], hits.scores[0][found])


def candidates(index: VectorIndex, vectors: Vectors, k: int, scope: Scope) -> Ids:
    """Return the items of `scope` among the `k` nearest to any of several vectors, rising."""
    # one by one: for several at once faiss starts threads, which a busy machine is slow to wake
    found = [nearest(index, vector, k, scope).ids for vector in vectors]
    return rising(np.concatenate(found))


def best(ids: Ids, scores: Scores, k: int) -> Ranked:
    """Return the `k` items of the largest scores, best first, ties by rising id."""
    order = np.lexsort((ids, -scores))[:k]
    return Ranked(ids[order], scores[order])


def spread(pool: Ranked, k: int, diversity: float, vectors: Callable[[Ids], Vectors]) -> Ranked:
    """Cut a pool down to `k` items that differ as much as `diversity` asks.

    What comes earlier in the pool counts for no less than what comes later, whatever its score.
    `vectors` returns those of items; it is not asked where `diversity` is 0.
    """
    if diversity == 0 or not len(pool.ids):
        return Ranked(pool.ids[:k], pool.scores[:k])
    relevance = np.maximum.accumulate(pool.scores[::-1])[::-1]
    chosen = diversify(relevance, vectors(pool.ids), k, diversity)
    return Ranked(pool.ids[chosen], pool.scores[chosen])


def vectors_of(index: VectorIndex, ids: Ids) -> Vectors:
    """Return the vectors of items, shape (ids, dim); zeros for those that have none."""
    try:
        return index.get(ids)
    except NotFound:
        held = _held(index, ids)
        vectors = np.zeros((len(ids), index.dim), dtype=np.float32)
        if held.any():
            vectors[held] = index.get(ids[held])
        return vectors


def _held(index: VectorIndex, ids: Ids) -> NDArray[np.bool_]:
    """Return which items have a vector, shape of `ids`."""
    anywhere = np.eye(1, index.dim, dtype=np.float32)  # the scores do not matter
    hits = index.search(anywhere, len(ids), only=ids)
    return np.isin(ids, hits.ids[0])
