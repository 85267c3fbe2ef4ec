"""Fetch the items nearest to a vector, within a scope, and make them differ where asked."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from nearfield.recommend.diversify import diversify
from nearfield.recommend.filters import Scope
from nearfield.types import Ids, Scores, Vectors, no_ids, no_scores
from nearfield.vectors.index import VectorIndex

LEAST_POOL: Final = 100
"""The smallest number of candidates that a diverse list is chosen from."""

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
        What each was found with: the cosine in [-1, 1].
    """

    ids: Ids
    scores: Scores


def pool_size(k: int, diversity: float) -> int:
    """Return how many candidates to fetch for a list of `k`."""
    return k if diversity == 0 else max(POOL_FACTOR * k, LEAST_POOL)


def nearest(
    index: VectorIndex, vector: Vectors, k: int, scope: Scope, diversity: float = 0.0
) -> Ranked:
    """Return the `k` items of `scope` nearest to a vector of shape (dim,), or all there are."""
    if scope.is_empty:
        return Ranked(no_ids(), no_scores())
    hits = index.search(
        vector[None], pool_size(k, diversity), exclude=scope.exclude, only=scope.only
    )
    found = hits.ids[0] >= 0
    return spread(index, Ranked(hits.ids[0][found], hits.scores[0][found]), k, diversity)


def spread(index: VectorIndex, pool: Ranked, k: int, diversity: float) -> Ranked:
    """Cut a pool down to `k` items that differ as much as `diversity` asks."""
    if diversity == 0 or not len(pool.ids):
        return Ranked(pool.ids[:k], pool.scores[:k])
    chosen = diversify(pool.scores, index.get(pool.ids), k, diversity)
    return Ranked(pool.ids[chosen], pool.scores[chosen])


def indexed(index: VectorIndex, pool: Ranked) -> Ranked:
    """Keep the items of a pool that have a vector, in their order."""
    if not len(pool.ids):
        return pool
    anywhere = np.eye(1, index.dim, dtype=np.float32)  # the scores do not matter
    hits = index.search(anywhere, len(pool.ids), only=pool.ids)
    kept = np.isin(pool.ids, hits.ids[0])
    return Ranked(pool.ids[kept], pool.scores[kept])
