"""What a collection is asked and told: reads and writes of its rows over the wire."""

import threading
from collections.abc import Callable, Iterator
from typing import Any, Final, Protocol, TypeAlias

import numpy as np
from pymilvus.grpc_gen import milvus_pb2 as messages

from nearfield.types import Hits, Ids, Vectors
from nearfield.vectors import wire
from nearfield.vectors.remember import Remembered
from nearfield.vectors.whole import LONG_PAUSES, PAUSES, Whole

Rows: TypeAlias = tuple[Ids, Vectors]
"""Ids, and their vectors."""

_PAGE: Final = 10_000
_LITE_PAGE: Final = 50_000
_BYTES: Final = 16 << 20  # of the vectors of one page
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
    is_server : bool
        Whether it is one, of several processes even: not Milvus Lite. Then vectors that were read
        a moment ago are remembered, and what comes without any row is doubted.
    """

    def __init__(self, calls: Wire, is_server: bool = False) -> None:
        self._rpc = calls.rpc
        # another process may write to Lite and be asked for it here at the next moment
        self._remembered = Remembered() if is_server else None
        self._whole = Whole(calls.rpc) if is_server else None
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

        def ask() -> Hits:
            request = wire.search_request(self._asked(collection, only), queries, count, params)
            return wire.read_hits(self._rpc("Search", request), len(queries), count)

        if self._whole is None or only:  # a filter may let nothing pass
            return ask()
        return self._whole.read(collection, ask, lambda hits: not (hits.ids >= 0).any())

    def get(self, collection: str, ids: Ids, dim: int) -> Rows:
        """Return those of `ids` that are there, in any order, and their vectors."""
        memory = self._remembered
        known = None if memory is None else memory.find(collection, ids)
        if known is not None:
            return ids, known
        writes = 0 if memory is None else memory.writes(collection)
        rows = self._rows(collection, ids, dim)
        if memory is not None:
            memory.keep(collection, rows, writes)
        return rows

    def count(self, collection: str) -> int:
        """Return the number of rows."""

        def ask() -> int:
            request = wire.query_request(self._asked(collection), ["count(*)"])
            return wire.read_count(self._rpc("Query", request))

        return ask() if self._whole is None else self._whole.read(collection, ask, lambda n: not n)

    def scan(self, collection: str, dim: int) -> Iterator[Rows]:
        """Yield every row once, in batches, by rising id."""
        last = 0
        while True:
            ids, vectors = self._page(collection, last, dim)
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
            if self._whole is not None:
                self._whole.removed(collection, part)

    def _rows(self, collection: str, ids: Ids, dim: int) -> Rows:
        def ask(witness: int | None) -> Rows:
            wanted = ids if witness is None or witness in ids else np.append(ids, witness)
            request = wire.query_request(
                self._asked(collection, wire.among(wanted)), [wire.ID, wire.VECTOR]
            )
            return wire.read_rows(self._rpc("Query", request), dim)

        held, vectors = self._witnessed(collection, ask)
        asked_for = np.isin(held, ids)
        return held[asked_for], vectors[asked_for]

    def _page(self, collection: str, last: int, dim: int) -> Rows:
        """Return the next rows after an id, rising."""

        def ask(witness: int | None) -> Rows:
            beside = "" if witness is None else f" or {wire.ID} == {witness}"
            asked = self._asked(collection, f"{wire.ID} > {last}{beside}")
            request = wire.query_request(asked, [wire.ID, wire.VECTOR], self._page_rows(dim))
            return wire.read_rows(self._rpc("Query", request), dim)

        held, vectors = self._witnessed(collection, ask, LONG_PAUSES)
        return held[held > last], vectors[held > last]

    def _page_rows(self, dim: int) -> int:
        """Return how many rows to ask for at once.

        A server gives 16,384 at most. Milvus Lite looks at all rows for each page, so there they
        are as long as memory allows: 300,000 rows in 7.6 s instead of 17.4.
        """
        return _PAGE if self._whole is not None else max(_PAGE, min(_LITE_PAGE, _BYTES // dim // 4))

    def _witnessed(
        self,
        collection: str,
        ask: Callable[[int | None], Rows],
        pauses: tuple[float, ...] = PAUSES,
    ) -> Rows:
        """Ask for rows that may not be there."""
        whole = self._whole
        if whole is None:
            return ask(None)
        return whole.read(
            collection,
            lambda: ask(whole.witness(collection)),
            lambda rows: not len(rows[0]),
            pauses,
        )

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
