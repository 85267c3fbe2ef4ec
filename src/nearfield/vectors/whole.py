"""See whether a server answered from all rows of a collection: at times it does from none.

A query node of Milvus before 2.5 that was started anew answers as if the collection was empty,
without an error [1]_: for some ten seconds, or as long as another copy lacks its node. So where
rows are asked for that may not be there, one that is known to be there (the witness) is asked for
as well: if not even that one comes, nobody looked. What else comes without any row is not
believed either, unless the collection is empty.

.. [1] https://github.com/milvus-io/milvus/pull/37610
"""

import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any, Final, TypeVar

from pymilvus.grpc_gen import milvus_pb2 as messages

from nearfield.errors import VectorsAway
from nearfield.types import Ids
from nearfield.vectors import wire

Answer = TypeVar("Answer")

PAUSES: Final = (0.02, 0.05, 0.1)
"""Seconds between attempts: another one may reach another replica. Then something else answers."""

LONG_PAUSES: Final = (*PAUSES, *(0.5,) * 30)
"""The same of what nobody waits for: it outlasts a node that starts."""

_OWN: Final = 5.0
"""Seconds after rows were removed here in which emptiness is believed at once."""


class Whole:
    """Makes reads again that came without any row. May be used from several threads.

    Parameters
    ----------
    rpc : callable
        Makes a call of the wire.
    clock, sleep : callable
        Tell the time, and let it pass, in seconds.
    """

    def __init__(
        self,
        rpc: Callable[[str, Any], Any],
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._rpc, self._clock, self._sleep = rpc, clock, sleep
        self._witness: dict[str, int] = {}
        self._removed: Counter[str] = Counter()  # rows at most that were removed here
        self._removed_at: dict[str, float] = {}
        self._lock = threading.Lock()

    def read(
        self,
        collection: str,
        ask: Callable[[], Answer],
        is_bare: Callable[[Answer], bool],
        pauses: tuple[float, ...] = PAUSES,
    ) -> Answer:
        """Return what `ask` returns, once it is not bare or the collection is empty.

        Raises
        ------
        VectorsAway
            If it stays bare.
        """
        for pause in (0.0, *pauses):
            if pause:  # a sleep of no time lets others run: a millisecond on a busy machine
                self._sleep(pause)
            answer = ask()
            if not is_bare(answer) or self._is_empty(collection):
                return answer
            self._witness.pop(collection, None)  # another process may have removed it
        raise VectorsAway(
            f"Milvus answers from no row of {collection}, which holds some: a query node that was "
            f"started anew is not ready. Ask again in some seconds."
        )

    def witness(self, collection: str) -> int | None:
        """Return an id that is known to be there; None where there is none, or nobody looked."""
        known = self._witness.get(collection)
        if known is None:
            request = wire.query_request(wire.Asked(collection, f"{wire.ID} > 0"), [wire.ID], 1)
            ids, _ = wire.read_rows(self._rpc("Query", request), 1)
            known = int(ids[0]) if len(ids) else None
            if known is not None:
                self._witness[collection] = known
        return known

    def removed(self, collection: str, ids: Ids) -> None:
        """Note rows that were removed here."""
        with self._lock:
            self._removed[collection] += len(ids)
            self._removed_at[collection] = self._clock()
            if self._witness.get(collection) in ids:
                del self._witness[collection]

    def _is_empty(self, collection: str) -> bool:
        """Tell whether a collection that answers with no row has none: query nodes are not asked.

        The coordinator counts what was ever written until it is tidied up: removed rows as well.
        """
        request = messages.GetCollectionStatisticsRequest(collection_name=collection)
        stats = self._rpc("GetCollectionStatistics", request).stats
        rows = next(int(one.value) for one in stats if one.key == "row_count")
        just_removed = self._clock() - self._removed_at.get(collection, -_OWN) < _OWN
        return just_removed or rows <= self._removed[collection]
