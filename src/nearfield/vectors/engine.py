"""What a collection is asked and told: reads and writes of its rows over the wire."""

import threading
from collections.abc import Iterator
from typing import Any, Final, Protocol

from pymilvus.grpc_gen import milvus_pb2 as messages

from nearfield.types import Hits, Ids, Vectors
from nearfield.vectors import wire
from nearfield.vectors.remember import Remembered

_PAGE: Final = 10_000
_MESSAGE: Final = 4 << 20
"""Bytes of vectors in a message that writes: of what the queue behind Milvus takes, about half."""


class Wire(Protocol):
    """Makes calls of the wire."""

    def rpc(self, name: str, request: Any) -> Any:
        """Make one, and return the answer of Milvus."""


class Engine:
    """Reads and writes the rows of collections. May be used from several threads.

    What was written here is read here: each read asks for the moment of the last write to its
    collection, and waits for it (0.2 s). What others wrote is read some moments later.

    Parameters
    ----------
    calls : Wire
        To Milvus.
    remembered : Remembered, optional
        Vectors that were read a moment ago; None where each is to be read anew.
    """

    def __init__(self, calls: Wire, remembered: Remembered | None = None) -> None:
        self._rpc = calls.rpc
        self._remembered = remembered
        self._written: dict[str, int] = {}
        self._lock = threading.Lock()

    def search(
        self,
        collection: str,
        queries: Vectors,
        count: int,
        params: dict[str, int],
        only: str = "",
    ) -> Hits:
        """Return the best `count` rows of each query, among those that a filter lets pass."""
        request = wire.search_request(self._asked(collection, only), queries, count, params)
        return wire.read_hits(self._rpc("Search", request), len(queries), count)

    def get(self, collection: str, ids: Ids, dim: int) -> tuple[Ids, Vectors]:
        """Return those of `ids` that are there, in any order, and their vectors."""
        memory = self._remembered
        known = None if memory is None else memory.find(collection, ids)
        if known is not None:
            return ids, known
        writes = 0 if memory is None else memory.writes(collection)
        asked = self._asked(collection, wire.among(ids))
        request = wire.query_request(asked, [wire.ID, wire.VECTOR])
        rows = wire.read_rows(self._rpc("Query", request), dim)
        if memory is not None:
            memory.keep(collection, rows, writes)
        return rows

    def count(self, collection: str) -> int:
        """Return the number of rows."""
        request = wire.query_request(self._asked(collection), ["count(*)"])
        return wire.read_count(self._rpc("Query", request))

    def scan(self, collection: str, dim: int) -> Iterator[tuple[Ids, Vectors]]:
        """Yield every row once, in batches, by rising id."""
        last = 0
        while True:
            asked = self._asked(collection, f"{wire.ID} > {last}")
            request = wire.query_request(asked, [wire.ID, wire.VECTOR], _PAGE)
            ids, vectors = wire.read_rows(self._rpc("Query", request), dim)
            if not len(ids):
                return
            yield ids, vectors
            last = int(ids.max())

    def insert(self, collection: str, ids: Ids, vectors: Vectors) -> None:
        """Add rows that are not there: the fastest way to fill a collection."""
        self._put("Insert", messages.InsertRequest, collection, ids, vectors)

    def upsert(self, collection: str, ids: Ids, vectors: Vectors) -> None:
        """Add rows, or replace those whose id is already there."""
        self._put("Upsert", messages.UpsertRequest, collection, ids, vectors)

    def delete(self, collection: str, ids: Ids) -> None:
        """Remove rows; ids that are not there are ignored."""
        size = _MESSAGE // 256
        for start in range(0, len(ids), size):
            part = ids[start : start + size]
            self._note(collection, part, self._rpc("Delete", wire.delete_request(collection, part)))

    def _put(self, name: str, kind: Any, collection: str, ids: Ids, vectors: Vectors) -> None:
        size = max(1, _MESSAGE // (4 * vectors.shape[1] + 8))
        for start in range(0, len(ids), size):
            part = slice(start, start + size)
            request = wire.rows_of(kind(), collection, ids[part], vectors[part])
            self._note(collection, ids[part], self._rpc(name, request))

    def _note(self, collection: str, ids: Ids, answer: messages.MutationResult) -> None:
        """Remember the moment of a write; Milvus Lite tells none, and reads all at once."""
        if self._remembered is not None:
            self._remembered.forget(collection, ids)
        moment = wire.read_moment(answer)
        with self._lock:
            if moment > self._written.get(collection, 0):
                self._written[collection] = moment

    def _asked(self, collection: str, only: str = "") -> wire.Asked:
        return wire.Asked(collection, only, self._written.get(collection, wire.BOUNDED))
