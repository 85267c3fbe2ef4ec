"""A copy of a space inside the process, searched by faiss: what answers beside Milvus Lite."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from nearfield.types import Hits, Ids, Vectors, no_ids
from nearfield.vectors.exact import SCAN_ROWS, exact_hits, merge_rows, raise_missing
from nearfield.vectors.graph import BackgroundBuild, GraphConfig, build_graph
from nearfield.vectors.index import check_ids, check_queries, check_rows
from nearfield.vectors.refill import join, rank
from nearfield.vectors.segment import Segment

_FEW: Final = 20
"""A subset smaller than a 20th of the rows is fetched and compared on its own."""


@dataclass(frozen=True, slots=True)
class _State:
    """One version of the whole index; readers hold one while a writer makes the next.

    Parameters
    ----------
    base : Segment
        Most rows.
    gone : bool, shape (base rows,)
        Rows of `base` deleted or replaced since it was made.
    fresh : Segment
        Rows added or replaced since.
    """

    base: Segment
    gone: NDArray[np.bool_]
    fresh: Segment

    @classmethod
    def of(cls, ids: Ids, vectors: Vectors) -> "_State":
        base = Segment(ids, vectors)
        empty = Segment(no_ids(), np.empty((0, vectors.shape[1]), dtype=np.float32))
        return cls(base, np.zeros(len(ids), dtype=bool), empty)

    @property
    def changed(self) -> int:
        return int(np.count_nonzero(self.gone)) + len(self.fresh)

    def whole(self) -> tuple[Ids, Vectors]:
        """Return all rows by rising id."""
        stay = np.flatnonzero(~self.gone)
        ids, vectors = self.base.ids[stay], self.base.vectors(stay)
        return merge_rows(ids, vectors, self.fresh.ids, self.fresh.vectors())


class MirrorIndex:
    """Compares all rows in small spaces; walks a graph in large ones.

    Readers never wait for a writer and see one whole version. The graph of a large space is
    begun at the first search and built in the background (0.2 ms a row); until it is there
    all rows are compared.

    Parameters
    ----------
    dim : int
        Length of each vector.
    config : GraphConfig
        When there is a graph, and its shape.
    """

    def __init__(self, dim: int, config: GraphConfig | None = None) -> None:
        self.dim = dim
        self._config = config or GraphConfig()
        self._state = _State.of(no_ids(), np.empty((0, dim), dtype=np.float32))
        self._writing = threading.RLock()
        self._build: BackgroundBuild | None = None

    def __len__(self) -> int:
        state = self._state
        return len(state.base) - int(np.count_nonzero(state.gone)) + len(state.fresh)

    @property
    def nbytes(self) -> int:
        """Memory of the copy, in bytes."""
        state = self._state
        return state.base.nbytes + state.gone.nbytes + state.fresh.nbytes

    def upsert(self, ids: Ids, vectors: Vectors) -> None:
        """Add rows, or replace those whose id is already there."""
        keys, rows = check_rows(ids, vectors, self.dim)
        self._change(keys, keys, rows)

    def delete(self, ids: Ids) -> None:
        """Remove rows; ids that are not there are ignored."""
        self._change(check_ids(ids), no_ids(), np.empty((0, self.dim), dtype=np.float32))

    def get(self, ids: Ids) -> Vectors:
        """Return the vectors of `ids` in the order asked, shape (ids, dim)."""
        keys, state = check_ids(ids), self._state
        fresh, base = state.fresh.places(keys), _find_base(state, keys)
        raise_missing(keys[(fresh < 0) & (base < 0)], len(self))
        vectors = np.empty((len(keys), self.dim), dtype=np.float32)
        vectors[base >= 0] = state.base.vectors(base[base >= 0])
        vectors[fresh >= 0] = state.fresh.vectors(fresh[fresh >= 0])
        return vectors

    def search(
        self, queries: Vectors, k: int, *, exclude: Ids | None = None, only: Ids | None = None
    ) -> Hits:
        """Return the `k` rows with the largest inner product, best first, ties by rising id."""
        queries = check_queries(queries, self.dim, k)
        if not len(queries):
            return Hits.empty(0, k)
        state = self._state
        banned = None if exclude is None else check_ids(exclude)
        if only is not None:
            return _search_only(state, queries, k, check_ids(only), banned)
        self._want_graph(state)
        mixed = len(state.fresh) > 0
        hits = state.base.search(queries, k, _blocked(state, banned), settle=mixed)
        if mixed:
            barred = None if banned is None else np.isin(state.fresh.ids, banned)
            hits = rank(join(hits, state.fresh.search(queries, k, barred, settle=True)), k)
        return hits

    def scan(self) -> Iterator[tuple[Ids, Vectors]]:
        """Yield every row once, in batches, by rising id."""
        ids, vectors = self._state.whole()
        for start in range(0, len(ids), SCAN_ROWS):
            yield ids[start : start + SCAN_ROWS], vectors[start : start + SCAN_ROWS]

    def build_graph(self) -> None:
        """Build the graph now, whatever the size, and return when searches go through it."""
        with self._writing:
            self.close()
            base = self._state.base
            base.attach(build_graph(base.vectors(), self._config), self._config)

    def close(self) -> None:
        """Stop building in the background; the index still answers."""
        with self._writing:
            if self._build is not None:
                self._build.stop()

    def _change(self, dropped: Ids, ids: Ids, vectors: Vectors) -> None:
        """Replace the state by one without `dropped` and with the new rows."""
        with self._writing:
            state = self._state
            places = state.base.places(dropped)
            gone = state.gone.copy()
            gone[places[places >= 0]] = True
            stay = np.flatnonzero(~np.isin(state.fresh.ids, dropped))
            order = np.argsort(ids)
            fresh = merge_rows(
                state.fresh.ids[stay], state.fresh.vectors(stay), ids[order], vectors[order]
            )
            changed = _State(state.base, gone, Segment(*fresh))
            if changed.changed > self._patience(len(state.base)):
                self.close()
                changed = _State.of(*changed.whole())
            self._state = changed

    def _patience(self, rows: int) -> int:
        """Return how many changed rows a base bears: making a small one anew costs nothing."""
        return 0 if rows < self._config.rows else rows // 10

    def _want_graph(self, state: _State) -> None:
        """Start building the graph of a large base, once."""
        base = state.base
        if len(base) < self._config.rows or base.has_graph or base.is_building:
            return
        with self._writing:
            if not base.is_building and self._state.base is base:
                base.is_building = True
                self._build = BackgroundBuild(
                    base.vectors(), self._config, lambda graph: base.attach(graph, self._config)
                )


def _find_base(state: _State, ids: Ids) -> NDArray[np.int64]:
    """Return where `ids` stand in the base, -1 where they are not, or no longer."""
    places = state.base.places(ids)
    if len(state.gone):
        places = np.where(state.gone[places], -1, places)
    return places


def _blocked(state: _State, exclude: Ids | None) -> NDArray[np.bool_] | None:
    """Return which rows of the base must not be returned, None where all may be."""
    if exclude is None or not len(exclude):
        return state.gone if len(state.fresh) or state.gone.any() else None
    return state.gone | _marked(state.base, exclude)


def _search_only(state: _State, queries: Vectors, k: int, only: Ids, exclude: Ids | None) -> Hits:
    """Search the rows of `only`; exact, and always settled."""
    wanted = _marked(state.base, only) & ~state.gone
    fresh = _marked(state.fresh, only)
    if exclude is not None:
        wanted &= ~_marked(state.base, exclude)
        fresh &= ~_marked(state.fresh, exclude)
    hits = _search_marked(state.base, queries, k, wanted)
    if fresh.any():
        hits = rank(join(hits, _search_marked(state.fresh, queries, k, fresh)), k)
    return hits


def _search_marked(segment: Segment, queries: Vectors, k: int, marked: NDArray[np.bool_]) -> Hits:
    if np.count_nonzero(marked) * _FEW > len(segment):
        return segment.compare(queries, k, ~marked)
    places = np.flatnonzero(marked)
    return exact_hits(queries, k, segment.ids[places], segment.vectors(places))


def _marked(segment: Segment, ids: Ids) -> NDArray[np.bool_]:
    """Return which rows of a segment have one of `ids`."""
    marks = np.zeros(len(segment), dtype=bool)
    places = segment.places(ids)
    marks[places[places >= 0]] = True
    return marks
