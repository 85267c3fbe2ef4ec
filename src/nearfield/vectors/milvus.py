"""One collection of Milvus as a vector index."""

import time
from collections.abc import Iterator
from functools import partial
from typing import Final

import numpy as np

from nearfield.errors import InvalidInput
from nearfield.rising import find, rising, without
from nearfield.types import Hits, Ids, Vectors, no_ids
from nearfield.vectors.connection import Connection
from nearfield.vectors.exact import exact_hits, raise_missing
from nearfield.vectors.index import check_ids, check_queries, check_rows
from nearfield.vectors.refill import Sieve, rank, refill, settled
from nearfield.vectors.wire import ID, among

MOST_HITS: Final = 16_384
"""The largest number of rows that Milvus returns for one query."""

_LEAST_EF: Final = 128
_MOST_EF: Final = 32_768
_MARGIN: Final = 768
_PROBES: Final = 128
_ALL_PROBES: Final = 65_536
_SELECTIVE: Final = 20
"""Where one row of so many passes a filter, Milvus compares all that do: HNSW, too, is exact."""

_FEW: Final = 256
"""Ids whose vectors are fetched faster than Milvus could search among them."""

_PER_ID: Final = 1
"""Rows fetched in the time that one id in a filter takes."""

_IDS: Final = 5_000  # of one request: 0.4 s at 256 dimensions
_QUERIES: Final = 500  # of one request: less than a second
_ANSWER: Final = 100_000  # hits of one answer
_ROWS_SECONDS: Final = 30.0


class MilvusIndex:
    """Searches one collection with the fields `id` and `vector`, by inner product.

    It reads what was written through the same connection; what others wrote, some moments later.

    Parameters
    ----------
    connection : Connection
        To a server or Milvus Lite.
    collection : str
        A collection as `create_collection` makes it; its own name rather than an alias, which
        could move between two calls.
    dim : int
        Length of each vector.
    """

    def __init__(self, connection: Connection, collection: str, dim: int) -> None:
        self.dim = dim
        self.collection = collection
        self._engine = connection.engine
        self._rows = 0, -_ROWS_SECONDS  # about how many, and when they were counted

    def __len__(self) -> int:
        return self._engine.count(self.collection)

    def upsert(self, ids: Ids, vectors: Vectors) -> None:
        """Add rows, or replace those whose id is already there."""
        self._engine.upsert(self.collection, *check_rows(ids, vectors, self.dim))

    def insert(self, ids: Ids, vectors: Vectors) -> None:
        """Add rows whose ids are not there: faster, and twice there if they are."""
        self._engine.insert(self.collection, *check_rows(ids, vectors, self.dim))

    def delete(self, ids: Ids) -> None:
        """Remove rows; ids that are not there are ignored."""
        self._engine.delete(self.collection, check_ids(ids))

    def get(self, ids: Ids) -> Vectors:
        """Return the vectors of `ids` in the order asked, shape (ids, dim)."""
        keys = check_ids(ids)
        if len(keys) == 1:
            held, vectors = self._engine.get(self.collection, keys, self.dim)
            if not len(held):
                raise_missing(keys, len(self))
            return vectors
        distinct = rising(keys)
        held, vectors = self._some(distinct)
        if len(held) < len(distinct):
            raise_missing(without(distinct, held), len(self))
        return vectors[find(held, keys)]

    def search(
        self, queries: Vectors, k: int, *, exclude: Ids | None = None, only: Ids | None = None
    ) -> Hits:
        """Return the `k` rows with the largest inner product, best first, ties by rising id."""
        queries = check_queries(queries, self.dim, k)
        excluded = no_ids() if exclude is None else rising(check_ids(exclude))
        if not len(queries):
            return Hits.empty(0, k)
        if only is not None:
            return self._search_only(queries, k, without(rising(check_ids(only)), excluded))
        if k > MOST_HITS and len(self) > MOST_HITS:
            raise InvalidInput(f"k is {k}, but Milvus returns {MOST_HITS} rows at most. Ask less.")
        sieve = Sieve(excluded)
        found = None
        if len(queries) == 1 and sieve.first(k) <= _FEW:
            found = self._nearest(queries, sieve.first(k))
            decided = settled(found, k, excluded)
            if decided is not None:
                return decided
        hits = rank(refill(self._nearest, queries, k, sieve, MOST_HITS, found).hits, k)
        short = hits.ids[:, -1] < 0
        # more rows than Milvus returns may be both nearest and excluded
        if short.any() and (hits.ids[short] >= 0).sum(axis=1).min() < len(self):
            banned = f"{ID} not in {excluded.tolist()}" if len(excluded) else ""
            found = self._nearest(queries[short], min(k, MOST_HITS), banned)
            _fill(hits, short, rank(found, k))
        return hits

    def scan(self) -> Iterator[tuple[Ids, Vectors]]:
        """Yield every row once, in batches, by rising id."""
        return self._engine.scan(self.collection, self.dim)

    def _search_only(self, queries: Vectors, k: int, only: Ids) -> Hits:
        """Search among some rows (rising), in the way that takes the least time.

        A filter takes 4.5 us for each id in it, a vector fetched 6 us, a row over-fetched 3 us.
        """
        if len(only) <= max(_FEW, 2 * k):
            return exact_hits(queries, k, *self._some(only))
        rows = max(self._about_rows(), len(only))
        is_selective = len(only) * _SELECTIVE <= rows
        sieve = Sieve(only, keeps=True, share=len(only) / rows)
        price = _PER_ID * len(only)
        if is_selective and sieve.first(k) >= price:
            return self._search_filtered(queries, k, only)
        reach = min(MOST_HITS, rows, max(price, sieve.first(k)) if is_selective else rows)
        hits = rank(refill(self._farther, queries, k, sieve, reach).hits, k)
        short = hits.ids[:, -1] < 0
        if short.any() and is_selective:
            _fill(hits, short, self._search_filtered(queries[short], k, only))
        elif short.any():  # far from nearly all that passes, and a graph would lose its way
            _fill(hits, short, exact_hits(queries[short], k, *self._some(only)))
        return hits

    def _search_filtered(self, queries: Vectors, k: int, only: Ids) -> Hits:
        """Have Milvus search among some rows."""
        nearest = partial(self._nearest, only=among(only))
        hits = rank(refill(nearest, queries, k, Sieve(no_ids()), MOST_HITS).hits, k)
        bare = hits.ids[:, 0] < 0
        if bare.any():  # there is none of these rows, or nobody looked: see `whole.py`
            _fill(hits, bare, exact_hits(queries[bare], k, *self._some(only)))
        return hits

    def _farther(self, queries: Vectors, count: int) -> Hits:
        """Ask for the best `count` rows, all of which matter: a graph misses the last of them."""
        return self._nearest(queries, count, margin=_MARGIN)

    def _nearest(self, queries: Vectors, count: int, only: str = "", margin: int = 0) -> Hits:
        """Ask Milvus for the best `count` rows of each query, as many queries as it can take."""
        # each kind of index takes what is its own
        params = {
            "ef": min(_MOST_EF, max(_LEAST_EF, count) + margin),
            "nprobe": _ALL_PROBES if only else _PROBES + margin,
        }
        size = max(1, min(_QUERIES, _ANSWER // count))
        if len(queries) <= size:
            return self._engine.search(self.collection, queries, count, params, only)
        hits = Hits.empty(len(queries), count)
        for start in range(0, len(queries), size):
            part = slice(start, start + size)
            found = self._engine.search(self.collection, queries[part], count, params, only)
            hits.ids[part], hits.scores[part] = found.ids, found.scores
        return hits

    def _some(self, ids: Ids) -> tuple[Ids, Vectors]:
        """Return those of `ids` (distinct) that are there, by rising id, and their vectors."""
        parts = [no_ids()], [np.empty((0, self.dim), dtype=np.float32)]
        for start in range(0, len(ids), _IDS):
            held, vectors = self._engine.get(self.collection, ids[start : start + _IDS], self.dim)
            parts[0].append(held)
            parts[1].append(vectors)
        held, vectors = np.concatenate(parts[0]), np.concatenate(parts[1])
        order = np.argsort(held)
        return held[order], vectors[order]

    def _about_rows(self) -> int:
        """Return the number of rows some seconds ago: it decides ways only."""
        rows, counted = self._rows
        now = time.monotonic()
        if now - counted >= _ROWS_SECONDS:
            rows = len(self)
            self._rows = rows, now
        return rows


def _fill(hits: Hits, which: np.ndarray, found: Hits) -> None:
    """Replace some rows, in place."""
    hits.ids[which], hits.scores[which] = found.ids, found.scores
