"""The reference: compare each query with every vector, in float64."""

from collections.abc import Iterator
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from nearfield.errors import NotFound
from nearfield.rising import find
from nearfield.types import Hits, Ids, Vectors, no_ids
from nearfield.vectors.index import check_ids, check_queries, check_rows

Float = TypeVar("Float", np.float32, np.float64)

SCAN_ROWS: Final = 10_000
_BLOCK: Final = 1 << 23  # similarities held at once: 64 MB


class ExactIndex:
    """Compare each query with every stored vector. Memory: rows x dim x 8 bytes.

    Sums are made in float64, so that equal vectors get equal scores wherever they stand in the
    matrix (in float32 the last bit depends on the position) and ties can be broken by id.
    """

    def __init__(self, dim: int) -> None:
        self.dim = dim
        self._rows: tuple[Ids, NDArray[np.float64]] = (no_ids(), np.empty((0, dim)))

    def __len__(self) -> int:
        return len(self._rows[0])

    def upsert(self, ids: Ids, vectors: Vectors) -> None:
        """Add rows, or replace those whose id is already there."""
        keys, rows = check_rows(ids, vectors, self.dim)
        self._rows = merge_rows(*self._rows, keys, rows.astype(np.float64))

    def delete(self, ids: Ids) -> None:
        """Remove rows; ids that are not there are ignored."""
        held, rows = self._rows
        stay = ~np.isin(held, check_ids(ids))
        self._rows = held[stay], rows[stay]

    def get(self, ids: Ids) -> Vectors:
        """Return the vectors of `ids` in the order asked, shape (ids, dim)."""
        held, rows = self._rows
        return rows[find_all(held, check_ids(ids))].astype(np.float32)

    def search(
        self, queries: Vectors, k: int, *, exclude: Ids | None = None, only: Ids | None = None
    ) -> Hits:
        """Return the `k` rows with the largest inner product, best first, ties by rising id."""
        queries = check_queries(queries, self.dim, k)
        ids, rows = self._rows
        if only is not None or exclude is not None:
            stay = np.ones(len(ids), dtype=bool)
            if only is not None:
                stay &= np.isin(ids, check_ids(only))
            if exclude is not None:
                stay &= ~np.isin(ids, check_ids(exclude))
            ids, rows = ids[stay], rows[stay]
        return exact_hits(queries, k, ids, rows)

    def scan(self) -> Iterator[tuple[Ids, Vectors]]:
        """Yield every row once, in batches, by rising id."""
        ids, rows = self._rows
        for start in range(0, len(ids), SCAN_ROWS):
            batch = slice(start, start + SCAN_ROWS)
            yield ids[batch], rows[batch].astype(np.float32)


def exact_hits(
    queries: Vectors, k: int, ids: Ids, rows: NDArray[np.float32] | NDArray[np.float64]
) -> Hits:
    """Rank all of `rows` for each query.

    Parameters
    ----------
    queries : float32, shape (queries, dim)
        What to search for.
    k : int
        Hits for each query, at least 1.
    ids : int64, shape (rows,)
        In rising order, which decides ties.
    rows : float, shape (rows, dim)
        The vectors of `ids`.
    """
    hits = Hits.empty(len(queries), k)
    if not len(ids):
        return hits
    columns = np.asarray(rows, dtype=np.float64).T
    block = max(1, _BLOCK // len(ids))
    for start in range(0, len(queries), block):
        part = queries[start : start + block].astype(np.float64)
        for row, similarity in enumerate((part @ columns).astype(np.float32), start):
            best = _best(similarity, k)
            hits.ids[row, : len(best)] = ids[best]
            hits.scores[row, : len(best)] = similarity[best]
    return hits


def merge_rows(
    ids: Ids, rows: NDArray[Float], new_ids: Ids, new_rows: NDArray[Float]
) -> tuple[Ids, NDArray[Float]]:
    """Return both sets of rows by rising id; where both have an id, the new row stands."""
    stay = ~np.isin(ids, new_ids)
    joined = np.concatenate([ids[stay], new_ids])
    order = np.argsort(joined)
    return joined[order], np.concatenate([rows[stay], new_rows])[order]


def find_all(held: Ids, ids: Ids) -> NDArray[np.int64]:
    """Return the position of each of `ids` in `held` (rising), or raise `NotFound`."""
    places = find(held, ids)
    raise_missing(ids[places < 0], len(held))
    return places


def raise_missing(missing: Ids, rows: int) -> None:
    """Raise `NotFound` naming the first few of `missing`, if there are any."""
    if len(missing):
        named = ", ".join(map(str, missing[:5].tolist())) + (", ..." if len(missing) > 5 else "")
        raise NotFound(
            f"{len(missing)} ids are not among the {rows} vectors of this index: {named}. "
            f"Items added since the last training get a vector at the next train and publish."
        )


def _best(similarity: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    """Return the positions of the `k` largest, best first, ties by rising position."""
    if k < len(similarity):
        least = np.partition(similarity, len(similarity) - k)[-k]
        pool = np.flatnonzero(similarity >= least)  # more than k where the last place is tied
    else:
        pool = np.arange(len(similarity))
    return pool[np.argsort(-similarity[pool], kind="stable")[:k]]
