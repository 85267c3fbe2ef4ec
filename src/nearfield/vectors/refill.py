"""Over-fetch, sieve, refill: exact conditions and ties on top of an engine that knows neither."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from nearfield.types import Hits, Ids, Vectors

Fetch: TypeAlias = Callable[[Vectors, int], Hits]
"""Ask the engine for the best `count` rows of each query, best first, -1 where it has no more."""

TIE: Final = 2e-6
"""Scores nearer than this may be equal: float32 sums of up to some thousand products."""

_GROWTH: Final = 4
_SPARE: Final = 64
_SPREAD: Final = 1.5  # what passes is not spread evenly


@dataclass(frozen=True, slots=True)
class Sieve:
    """Which rows may be returned.

    Parameters
    ----------
    ids : int64, shape (any,)
        In rising order.
    keeps : bool
        Whether these pass alone; else all others do.
    share : float
        Share of all rows that passes, about, where few do; in (0, 1].
    """

    ids: Ids
    keeps: bool = False
    share: float = 1.0

    def first(self, k: int) -> int:
        """Return how many rows to fetch so that `k` and one more will probably pass."""
        if self.keeps:
            return int(_SPREAD * (k + 1) / self.share) + _SPARE
        return k + 1 + min(len(self.ids), k + _SPARE)

    def drop(self, found: Hits) -> Hits:
        """Blank the rows that do not pass."""
        if not len(self.ids):
            return Hits.empty(*found.ids.shape) if self.keeps else found
        places = np.minimum(np.searchsorted(self.ids, found.ids), len(self.ids) - 1)
        gone = self.ids[places] == found.ids  # np.isin would sort all of them at each call
        if self.keeps:
            gone = ~gone
        return Hits(np.where(gone, -1, found.ids), np.where(gone, -np.inf, found.scores))


@dataclass(frozen=True, slots=True)
class Pool:
    """Candidates of each query, not yet cut to `k`.

    Parameters
    ----------
    hits : Hits, shape (queries, any)
        Those that passed, in any order; -1 where a row was dropped.
    short : bool, shape (queries,)
        Whether fewer than `k` were found, or the last place was tied, when `reach` was fetched.
    """

    hits: Hits
    short: NDArray[np.bool_]


def refill(
    fetch: Fetch, queries: Vectors, k: int, sieve: Sieve, reach: int, found: Hits | None = None
) -> Pool:
    """Fetch until each query has `k` rows that pass, or `reach` were fetched.

    Parameters
    ----------
    fetch : callable
        The engine; it is asked again with a larger count for the queries that are short only.
    queries : float32, shape (queries, dim)
        What to search for.
    k : int
        Rows wanted for each query.
    sieve : Sieve
        Which rows pass.
    reach : int
        The largest count to ask the engine for.
    found : Hits, optional
        What it gave already, asked for `sieve.first(k)`, which is within reach.
    """
    count = min(reach, sieve.first(k))
    found = fetch(queries, count) if found is None else found
    pool = sieve.drop(found)
    short = _is_short(pool, found, k)
    again = short & ~_is_dry(found)
    while again.any() and count < reach:
        count = min(reach, count * _GROWTH)
        found = fetch(queries[again], count)
        more = sieve.drop(found)
        pool = _widen(pool, more.ids.shape[1])
        pool.ids[again], pool.scores[again] = more.ids, more.scores
        short[again] = _is_short(more, found, k)
        again[again] = short[again] & ~_is_dry(found)
    return Pool(pool, short)


def settled(found: Hits, k: int, excluded: Ids) -> Hits | None:
    """Return what `refill` and `rank` would of one query, where one fetch decides it; else None.

    As a rule it does. Then this takes a fifth of their time: NumPy's ways are long for ten numbers.

    Parameters
    ----------
    found : Hits, shape (1, any)
        What the engine fetched.
    k : int
        Rows wanted.
    excluded : int64, shape (few,)
        Rows that must not be returned.
    """
    out = set(excluded.tolist())
    scores = found.scores[0].tolist()
    rows = zip(scores, found.ids[0].tolist(), strict=True)
    kept = [(-score, row) for score, row in rows if row >= 0 and row not in out]
    if len(kept) < k or -kept[k - 1][0] - scores[-1] <= TIE:
        return None
    best = sorted(kept)[:k]
    return Hits(
        np.array([[row for _, row in best]], dtype=np.int64),
        np.array([[-score for score, _ in best]], dtype=np.float32),
    )


def rank(hits: Hits, k: int) -> Hits:
    """Return the best `k` of each row, best first, ties by rising id."""
    order = np.lexsort((hits.ids, -hits.scores))[:, :k]
    ranked = Hits.empty(len(hits.ids), k)
    ranked.ids[:, : order.shape[1]] = np.take_along_axis(hits.ids, order, axis=1)
    ranked.scores[:, : order.shape[1]] = np.take_along_axis(hits.scores, order, axis=1)
    return ranked


def join(left: Hits, right: Hits) -> Hits:
    """Return the hits of both, side by side."""
    return Hits(
        np.concatenate([left.ids, right.ids], axis=1),
        np.concatenate([left.scores, right.scores], axis=1),
    )


def _is_short(pool: Hits, found: Hits, k: int) -> NDArray[np.bool_]:
    """Tell which queries have fewer than `k`, or a k-th place tied with the last row fetched."""
    if pool.ids.shape[1] < k:
        return np.ones(len(pool.ids), dtype=bool)
    last_place = -np.partition(-pool.scores, k - 1, axis=1)[:, k - 1]
    few: NDArray[np.bool_] = last_place == -np.inf  # np.isneginf takes ten times as long
    edge = np.where(few, 0, found.scores[:, -1])  # -inf - -inf would be NaN
    return few | (last_place - edge <= TIE)


def _is_dry(found: Hits) -> NDArray[np.bool_]:
    """Tell which queries got fewer rows than asked: the engine has no more."""
    return found.ids[:, -1] < 0


def _widen(hits: Hits, count: int) -> Hits:
    extra = count - hits.ids.shape[1]
    return join(hits, Hits.empty(len(hits.ids), extra)) if extra > 0 else hits
