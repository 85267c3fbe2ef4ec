"""One collection of Milvus as a vector index."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
from pymilvus import DataType, MilvusClient

from nearfield.errors import InvalidInput
from nearfield.types import Hits, Ids, Vectors, no_ids
from nearfield.vectors.connection import Connection
from nearfield.vectors.exact import exact_hits, find, raise_missing
from nearfield.vectors.index import check_ids, check_queries, check_rows
from nearfield.vectors.refill import rank, refill

MOST_HITS: Final = 16_384
"""The largest number of rows that Milvus returns for one query."""

GRAPH: Final = {"M": 16, "efConstruction": 200}
"""The HNSW graph on a server."""

_ID: Final = "id"
_VECTOR: Final = "vector"
_LEAST_EF: Final = 128
_PAGE: Final = 10_000
_BATCH: Final = 5_000  # rows a message: 5 MB at 256 dimensions
_ANSWER: Final = 100_000  # hits a message


class MilvusIndex:
    """Searches one collection with the fields `id` and `vector`, by inner product.

    It reads its own writes; what others wrote, some moments later.

    Parameters
    ----------
    connection : Connection
        To a server or Milvus Lite.
    collection : str
        A collection made by `create_collection`; its own name rather than an alias, which
        could move between two calls.
    dim : int
        Length of each vector.
    """

    def __init__(self, connection: Connection, collection: str, dim: int) -> None:
        self.dim = dim
        self.collection = collection
        self._connection = connection
        self._has_written = False

    def __len__(self) -> int:
        rows = self._read("query", filter="", output_fields=["count(*)"])
        return int(rows[0]["count(*)"])

    def upsert(self, ids: Ids, vectors: Vectors) -> None:
        """Add rows, or replace those whose id is already there."""
        keys, rows = check_rows(ids, vectors, self.dim)
        for start in range(0, len(keys), _BATCH):
            part = slice(start, start + _BATCH)
            pairs = zip(keys[part].tolist(), rows[part], strict=True)
            self._write("upsert", data=[{_ID: key, _VECTOR: row} for key, row in pairs])

    def delete(self, ids: Ids) -> None:
        """Remove rows; ids that are not there are ignored."""
        keys = check_ids(ids)
        for start in range(0, len(keys), _BATCH):
            part = keys[start : start + _BATCH].tolist()
            self._write("delete", ids=part)

    def get(self, ids: Ids) -> Vectors:
        """Return the vectors of `ids` in the order asked, shape (ids, dim)."""
        keys = check_ids(ids)
        distinct = np.unique(keys)
        held, vectors = self._some(distinct)
        missing = np.setdiff1d(distinct, held)
        raise_missing(missing, len(self) if len(missing) else 0)
        return vectors[find(held, keys)]

    def search(
        self, queries: Vectors, k: int, *, exclude: Ids | None = None, only: Ids | None = None
    ) -> Hits:
        """Return the `k` rows with the largest inner product, best first, ties by rising id."""
        queries = check_queries(queries, self.dim, k)
        excluded = no_ids() if exclude is None else np.sort(check_ids(exclude))
        if only is not None:
            return exact_hits(queries, k, *self._some(np.setdiff1d(check_ids(only), excluded)))
        if not len(queries):
            return Hits.empty(0, k)
        if k > MOST_HITS and len(self) > MOST_HITS:
            raise InvalidInput(f"k is {k}, but Milvus returns {MOST_HITS} rows at most. Ask less.")
        pool = refill(self._nearest, queries, k, excluded, MOST_HITS)
        hits = rank(pool.hits, k)
        self._complete(hits, queries, excluded)
        return hits

    def scan(self) -> Iterator[tuple[Ids, Vectors]]:
        """Yield every row once, in batches, by rising id."""
        last = 0
        # Not pymilvus' own iterator: on 2.3 it reads a moment of the past, at worst an empty one.
        while rows := self._read(
            "query",
            filter=f"{_ID} > {last}",
            limit=_PAGE,
            iterator="True",  # pages by rising id, which a mere limit does not promise
            output_fields=[_ID, _VECTOR],
        ):
            ids, vectors = self._arrays(rows)
            yield ids, vectors
            last = int(ids.max())

    def _complete(self, hits: Hits, queries: Vectors, excluded: Ids) -> None:
        """Fill up rows that are short although the collection has more, in place.

        So it is where more rows than Milvus returns are both nearest and excluded. A filter
        takes milliseconds for each thousand ids, so it comes last.
        """
        short = hits.ids[:, -1] < 0
        if not short.any() or (hits.ids[short] >= 0).sum(axis=1).min() >= len(self):
            return
        banned = f"{_ID} not in {excluded.tolist()}" if len(excluded) else ""
        count = min(hits.ids.shape[1], MOST_HITS)
        found = rank(self._nearest(queries[short], count, banned), hits.ids.shape[1])
        hits.ids[short], hits.scores[short] = found.ids, found.scores

    def _nearest(self, queries: Vectors, count: int, banned: str = "") -> Hits:
        """Ask Milvus for the best `count` rows of each query, as many queries as it can take."""
        hits = Hits.empty(len(queries), count)
        size = max(1, _ANSWER // count)
        for start in range(0, len(queries), size):
            answers: Sequence[Any] = self._read(
                "search",
                data=list(queries[start : start + size]),
                anns_field=_VECTOR,
                limit=count,
                filter=banned,
                output_fields=[_ID],
                search_params={"params": {"ef": max(_LEAST_EF, count)}},
            )
            for row, answer in enumerate(answers, start):
                hits.ids[row, : len(answer)] = [hit["id"] for hit in answer]
                hits.scores[row, : len(answer)] = [hit["distance"] for hit in answer]
        return hits

    def _some(self, ids: Ids) -> tuple[Ids, Vectors]:
        """Return those of `ids` (distinct) that are there, by rising id, and their vectors."""
        rows: list[Any] = []
        for start in range(0, len(ids), _BATCH):
            part = ids[start : start + _BATCH].tolist()
            rows += self._read("get", ids=part, output_fields=[_ID, _VECTOR])
        held, vectors = self._arrays(rows)
        order = np.argsort(held)
        return held[order], vectors[order]

    def _arrays(self, rows: Sequence[Any]) -> tuple[Ids, Vectors]:
        ids = np.fromiter((row[_ID] for row in rows), dtype=np.int64, count=len(rows))
        vectors = np.empty((len(rows), self.dim), dtype=np.float32)
        for place, row in enumerate(rows):
            vectors[place] = row[_VECTOR]
        return ids, vectors

    def _read(self, method: str, **options: Any) -> Any:
        """Read what this object wrote: the first read after a write waits for it (0.2 s).

        It waits by counting, because Milvus 2.3 answers a paged query from the past whatever
        consistency is asked of it.
        """
        if self._has_written:
            self._has_written = False  # first: another thread may write while this one waits
            self._connection.call(
                "query",
                self.collection,
                filter="",
                output_fields=["count(*)"],
                consistency_level="Strong",
            )
        return self._connection.call(
            method, self.collection, consistency_level="Session", **options
        )

    def _write(self, method: str, **options: Any) -> None:
        self._connection.call(method, self.collection, **options)
        self._has_written = True


def create_collection(
    connection: Connection, name: str, dim: int, properties: dict[str, str] | None = None
) -> MilvusIndex:
    """Make an empty collection, indexed and loaded, and return it."""
    schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field(_ID, DataType.INT64, is_primary=True)
    schema.add_field(_VECTOR, DataType.FLOAT_VECTOR, dim=dim)
    connection.call("create_collection", name, schema=schema, properties=properties or {})
    index = MilvusClient.prepare_index_params()
    if connection.is_lite:  # its searches cost the same with any index, and FLAT is exact
        index.add_index(_VECTOR, index_type="FLAT", metric_type="IP")
    else:  # Lite behind an address ignores parameters that are not nested
        index.add_index(_VECTOR, index_type="HNSW", metric_type="IP", params={"params": GRAPH})
    connection.call("create_index", name, index)
    connection.call("load_collection", name)
    return MilvusIndex(connection, name, dim)
