"""Prepare batches in another thread while this one computes."""

import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

B = TypeVar("B")

_AHEAD = 2
"""Batches that wait, ready, at most."""


@dataclass(frozen=True)
class Prefetched(Generic[B]):
    """Batches that a producer thread prepares, in their order.

    The producer works on while the consumer is inside torch, numpy or numba, which let go of the
    interpreter. An error of the producer is raised in the consumer. The thread ends when the
    last batch is made, or when the consumer stops asking.

    Parameters
    ----------
    prepare : callable
        Makes batch number n, from 0; called in that order, in one thread.
    count : int
        Number of batches.
    """

    prepare: Callable[[int], B]
    count: int

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[B]:
        ready: queue.Queue[B | BaseException] = queue.Queue(_AHEAD)
        stop = threading.Event()
        producer = threading.Thread(target=self._produce, args=(ready, stop), daemon=True)
        producer.start()
        try:
            for _ in range(self.count):
                found = ready.get()
                if isinstance(found, BaseException):
                    raise found
                yield found
        finally:
            stop.set()
            while producer.is_alive():  # it may wait for room
                _empty(ready)
                producer.join(timeout=0.05)

    def _produce(self, ready: "queue.Queue[B | BaseException]", stop: threading.Event) -> None:
        for number in range(self.count):
            if stop.is_set():
                return
            try:
                ready.put(self.prepare(number))
            except BaseException as error:  # raised again where it is waited for
                ready.put(error)
                return


def _empty(ready: "queue.Queue[B | BaseException]") -> None:
    while not ready.empty():
        ready.get_nowait()
