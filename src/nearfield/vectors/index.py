"""What every vector index promises, and the checks that all of them make at the edge."""

from collections.abc import Iterator
from typing import Protocol

import numpy as np

from nearfield.errors import InvalidInput
from nearfield.types import Hits, Ids, Vectors


class VectorIndex(Protocol):
    """A set of (id, unit vector) pairs searched by inner product.

    The promises are held by `tests/contracts/test_vector_index.py` for every implementation.
    """

    @property
    def dim(self) -> int:
        """Length of each vector."""
        ...

    def __len__(self) -> int: ...

    def upsert(self, ids: Ids, vectors: Vectors) -> None:
        """Add rows, or replace those whose id is already there.

        Parameters
        ----------
        ids : int64, shape (rows,)
            Positive, and distinct within one call.
        vectors : float32, shape (rows, dim)
            Finite; unit length for scores to be cosines.
        """

    def delete(self, ids: Ids) -> None:
        """Remove rows; ids that are not there are ignored."""

    def get(self, ids: Ids) -> Vectors:
        """Return the vectors of `ids` in the order asked, shape (ids, dim).

        Raises
        ------
        NotFound
            Naming the ids that are not there.
        """
        ...

    def search(
        self, queries: Vectors, k: int, *, exclude: Ids | None = None, only: Ids | None = None
    ) -> Hits:
        """Return the `k` rows with the largest inner product, best first, ties by rising id.

        Parameters
        ----------
        queries : float32, shape (queries, dim)
            Finite; unit length for scores to be cosines.
        k : int
            At least 1; rows of the answer that have fewer hits end in -1.
        exclude : int64, shape (any,), optional
            Never returned, however many; `k` others are still returned if there are that many.
        only : int64, shape (any,), optional
            Restricts the answer to these ids. It is exact, but for large sets on a server, where it
            is as good as its index.
        """
        ...

    def scan(self) -> Iterator[tuple[Ids, Vectors]]:
        """Yield every row once, in batches."""
        ...


def check_queries(queries: Vectors, dim: int, k: int) -> Vectors:
    """Return the queries as contiguous float32, shape (queries, dim), or raise `InvalidInput`."""
    if k < 1:
        raise InvalidInput(f"k is {k}, but a search returns at least one row. Ask for k=1 or more.")
    found = np.ascontiguousarray(queries, dtype=np.float32)
    _check_shape(found, dim)
    if not np.isfinite(found).all():
        raise _not_finite(found)
    return found


def check_rows(ids: Ids, vectors: Vectors, dim: int) -> tuple[Ids, Vectors]:
    """Return rows fit to be stored, as contiguous int64 and float32, or raise `InvalidInput`."""
    rows = np.ascontiguousarray(vectors, dtype=np.float32)
    _check_shape(rows, dim)
    keys = check_ids(ids)
    if len(keys) != len(rows):
        raise InvalidInput(
            f"{len(keys)} ids came with {len(rows)} vectors. Give one vector for each id."
        )
    check_distinct(keys)
    if len(keys) and keys.min() < 1:
        raise InvalidInput(f"id {keys.min()} is not positive. Use the catalogue's keys, from 1.")
    if not np.isfinite(rows).all():
        raise _not_finite(rows)
    return keys, rows


def check_ids(ids: Ids) -> Ids:
    """Return `ids` as contiguous int64, shape (rows,), or raise `InvalidInput`."""
    found = np.asarray(ids)
    if found.size == 0:
        return np.empty(0, dtype=np.int64)
    if found.ndim != 1 or found.dtype.kind not in "iu":
        raise InvalidInput(
            f"ids have shape {found.shape} and type {found.dtype}. "
            f"Give whole numbers, shape (rows,)."
        )
    return np.ascontiguousarray(found, dtype=np.int64)


def check_distinct(ids: Ids) -> None:
    """Raise `InvalidInput` naming an id that occurs more than once."""
    ordered = np.sort(ids)
    doubles = ordered[1:][ordered[1:] == ordered[:-1]]
    if len(doubles):
        raise InvalidInput(
            f"id {doubles[0]} occurs more than once among {len(ids)} rows. Send each id once."
        )


def _check_shape(vectors: Vectors, dim: int) -> None:
    if vectors.ndim != 2 or vectors.shape[1] != dim:
        width = vectors.shape[-1] if vectors.ndim else 1
        raise InvalidInput(
            f"vectors have shape {vectors.shape}, but this index holds (rows, {dim}). Embed them "
            f"with the model that filled it, or make a new index with dim={width}."
        )


def _not_finite(vectors: Vectors) -> InvalidInput:
    bad = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
    return InvalidInput(
        f"{len(bad)} of {len(vectors)} vectors hold NaN or infinity, the first in row {bad[0]}. "
        f"Mend the model that made them; nothing was stored or searched."
    )
