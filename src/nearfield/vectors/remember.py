"""Vectors of items that were read a moment ago, so that asking for what is near takes one call."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

import numpy as np

from nearfield.types import Ids, Vectors

FEW: Final = 64
"""Ids of one request; larger ones are not remembered."""


class Remembered:
    """A bounded number of vectors, each for some seconds. May be used from several threads.

    Parameters
    ----------
    most : int
        Vectors held; the one not asked for the longest goes first.
    seconds : float
        How long each may answer: what other processes write is seen no later.
    clock : callable
        Returns seconds that never go back.
    """

    def __init__(
        self,
        most: int = 20_000,
        seconds: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most, self._seconds, self._clock = most, seconds, clock
        self._held: OrderedDict[tuple[str, int], tuple[float, Vectors]] = OrderedDict()
        self._writes: dict[str, int] = {}
        self._lock = threading.Lock()

    def find(self, collection: str, ids: Ids) -> Vectors | None:
        """Return the vectors of `ids`, shape (ids, dim); None unless all are remembered."""
        if not 0 < len(ids) <= FEW:
            return None
        found = []
        with self._lock:
            oldest = self._clock() - self._seconds
            for key in ids.tolist():
                held = self._held.get((collection, key))
                if held is None or held[0] < oldest:
                    return None
                self._held.move_to_end((collection, key))
                found.append(held[1])
        return np.stack(found)

    def writes(self, collection: str) -> int:
        """Return how often a collection was written to, to be told when a reading is kept."""
        return self._writes.get(collection, 0)

    def keep(self, collection: str, rows: tuple[Ids, Vectors], writes: int) -> None:
        """Remember rows, unless the collection was written to while they were read."""
        ids, vectors = rows
        if len(ids) > FEW:
            return
        with self._lock:
            if self._writes.get(collection, 0) != writes:
                return
            now = self._clock()
            for key, vector in zip(ids.tolist(), vectors, strict=True):
                self._held[collection, key] = now, vector.copy()
                self._held.move_to_end((collection, key))
            while len(self._held) > self._most:
                self._held.popitem(last=False)

    def forget(self, collection: str, ids: Ids) -> None:
        """Forget rows that were written to."""
        with self._lock:
            self._writes[collection] = self._writes.get(collection, 0) + 1
            for key in ids.tolist():
                self._held.pop((collection, key), None)
