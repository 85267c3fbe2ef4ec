"""Rows that never change, held by faiss: all compared, or a graph walked once there is one."""

from typing import Any, Final

import faiss
import numpy as np
from numpy.typing import NDArray

from nearfield.rising import find
from nearfield.types import Hits, Ids, Vectors, no_ids
from nearfield.vectors.graph import GraphConfig
from nearfield.vectors.refill import TIE, Fetch, Sieve, rank, refill

_GRAPH_REACH: Final = 512
"""Asked for more than this (or four times k), comparing all rows is as quick as the graph."""

_SPREAD: Final = 4
"""Ids up to this many times the rows are looked up in a table."""


class Segment:
    """An immutable set of rows.

    Parameters
    ----------
    ids : int64, shape (rows,)
        In rising order, which decides ties.
    vectors : float32, shape (rows, dim)
        The vectors of `ids`; faiss keeps a copy.
    """

    def __init__(self, ids: Ids, vectors: Vectors) -> None:
        self.ids = ids
        flat = faiss.IndexFlatIP(vectors.shape[1])
        flat.add(vectors)
        self._engines: tuple[Any, Any | None] = (flat, None)
        self._ef_search = 0
        self.is_building = False
        self._places = _table(ids)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def nbytes(self) -> int:
        """Memory of the rows, and of the graph where there is one, in bytes."""
        flat, graph = self._engines
        rows = len(self.ids) * (4 * int(flat.d) + self.ids.itemsize)
        places = 0 if self._places is None else self._places.nbytes
        links = 0 if graph is None else 4 * int(graph.hnsw.neighbors.size())
        return rows + places + links

    @property
    def has_graph(self) -> bool:
        """Whether searches go through a graph."""
        return self._engines[1] is not None

    def places(self, ids: Ids) -> NDArray[np.int64]:
        """Return where `ids` stand among the rows, -1 where they do not."""
        if self._places is None:
            return find(self.ids, ids)
        known = np.where((ids > 0) & (ids < len(self._places)), ids, 0)  # 0 is nobody's id
        return self._places[known]

    def attach(self, graph: Any, config: GraphConfig) -> None:
        """Search through `graph` from now on; its own copy of the rows replaces ours."""
        self._ef_search = config.ef_search
        self._engines = (faiss.downcast_index(graph.storage), graph)

    def vectors(self, places: NDArray[np.int64] | None = None) -> Vectors:
        """Return the vectors at `places`, or all of them."""
        flat = self._engines[0]
        found: Vectors
        if places is None:
            found = flat.reconstruct_n(0, len(self))
        elif not len(places):
            found = np.empty((0, flat.d), dtype=np.float32)
        else:  # faiss' own way starts threads, which a busy machine is slow to wake
            rows = faiss.rev_swig_ptr(flat.get_xb(), len(self) * flat.d)
            found = rows.reshape(len(self), flat.d)[places]
        return found

    def search(
        self, queries: Vectors, k: int, blocked: NDArray[np.bool_] | None, settle: bool
    ) -> Hits:
        """Return the best `k` rows that are not blocked; ties by rising id.

        Parameters
        ----------
        queries : float32, shape (queries, dim)
            What to search for.
        k : int
            Hits for each query.
        blocked : bool, shape (rows,), optional
            True for rows that must not be returned.
        settle : bool
            Whether all scores must be those of float64 sums, to be ranked with other segments'.
        """
        if not self.has_graph or not len(self):
            return self.compare(queries, k, blocked, settle)
        if blocked is None and not settle:
            first = self._walk(queries, min(k + 1, len(self)))
            again = _has_ties(first) | (first.ids[:, -1] < 0)
            hits = self._named(_cut(first, k))
            if again.any():
                better = self._search_graph(queries[again], k, blocked)
                hits.ids[again], hits.scores[again] = better.ids, better.scores
            return hits
        return self._search_graph(queries, k, blocked)

    def compare(
        self,
        queries: Vectors,
        k: int,
        blocked: NDArray[np.bool_] | None,
        settle: bool = True,
    ) -> Hits:
        """Return the same as `search`, exactly: every row that is not blocked is compared."""
        free = len(self) if blocked is None else len(self) - int(np.count_nonzero(blocked))
        if not free:
            return Hits.empty(len(queries), k)
        fetch = self._compare_all(blocked)
        if settle:
            return self._settle(fetch, queries, k, free)
        first = fetch(queries, min(k + 1, free))
        hits = self._named(_cut(first, k))
        tied = _has_ties(first)
        if tied.any():
            better = self._settle(fetch, queries[tied], k, free)
            hits.ids[tied], hits.scores[tied] = better.ids, better.scores
        return hits

    def _settle(self, fetch: Fetch, queries: Vectors, k: int, free: int) -> Hits:
        """Fetch until no tie is cut in two, and rank by float64 sums."""
        pool = refill(fetch, queries, k, Sieve(no_ids()), free)
        return self._named(rank(self._settled(queries, pool.hits), k))

    def _search_graph(self, queries: Vectors, k: int, blocked: NDArray[np.bool_] | None) -> Hits:
        excluded = no_ids() if blocked is None else np.flatnonzero(blocked)
        reach = min(len(self), max(_GRAPH_REACH, 4 * k))
        pool = refill(self._walk, queries, k, Sieve(excluded), reach)
        hits = self._named(rank(self._settled(queries, pool.hits), k))
        if pool.short.any():  # the rows around the query are blocked, or tied
            rest = self.compare(queries[pool.short], k, blocked)
            hits.ids[pool.short], hits.scores[pool.short] = rest.ids, rest.scores
        return hits

    def _compare_all(self, blocked: NDArray[np.bool_] | None) -> Fetch:
        """Return a search of all rows that skips the blocked ones."""
        flat = self._engines[0]
        if blocked is None:
            return lambda queries, count: _as_hits(flat.search(queries, count))
        bits = np.packbits(~blocked, bitorder="little")
        params = faiss.SearchParameters(sel=faiss.IDSelectorBitmap(bits))
        return lambda queries, count: _as_hits(flat.search(queries, count, params=params))

    def _walk(self, queries: Vectors, count: int) -> Hits:
        params = faiss.SearchParametersHNSW(efSearch=max(self._ef_search, 2 * count))
        graph: Any = self._engines[1]
        return _as_hits(graph.search(queries, count, params=params))

    def _settled(self, queries: Vectors, places: Hits) -> Hits:
        """Return the same hits with scores summed in float64: equal vectors score equally."""
        known = np.maximum(places.ids, 0)
        scores = np.empty(places.ids.shape, dtype=np.float32)
        for row, query in enumerate(queries):
            rows = self.vectors(known[row]).astype(np.float64)
            scores[row] = rows @ query.astype(np.float64)
        return Hits(places.ids, np.where(places.ids < 0, -np.inf, scores).astype(np.float32))

    def _named(self, places: Hits) -> Hits:
        """Turn positions into ids."""
        return Hits(np.where(places.ids < 0, -1, self.ids[places.ids]), places.scores)


def _table(ids: Ids) -> NDArray[np.int64] | None:
    """Return the row of each id by id: ten times a binary search; None where ids lie far apart."""
    if not len(ids) or ids[0] < 1 or ids[-1] > _SPREAD * len(ids):
        return None
    table = np.full(int(ids[-1]) + 1, -1, dtype=np.int64)
    table[ids] = np.arange(len(ids))
    return table


def _as_hits(found: tuple[NDArray[np.float32], NDArray[np.int64]]) -> Hits:
    scores, places = found
    if (places[:, -1] < 0).any():  # faiss fills up with the lowest float, not -inf
        scores = np.where(places < 0, np.float32(-np.inf), scores)
    return Hits(places, scores)


def _has_ties(hits: Hits) -> NDArray[np.bool_]:
    """Tell which queries have two scores that may be equal."""
    if hits.ids.shape[1] < 2:
        return np.zeros(len(hits.ids), dtype=bool)
    tied: NDArray[np.bool_] = (hits.scores[:, :-1] - hits.scores[:, 1:]).min(axis=1) <= TIE
    return tied


def _cut(hits: Hits, k: int) -> Hits:
    """Return exactly `k` columns."""
    if hits.ids.shape[1] >= k:
        return Hits(hits.ids[:, :k], hits.scores[:, :k])
    cut = Hits.empty(len(hits.ids), k)
    cut.ids[:, : hits.ids.shape[1]] = hits.ids
    cut.scores[:, : hits.ids.shape[1]] = hits.scores
    return cut
