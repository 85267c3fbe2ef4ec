"""Wait for Milvus so long and no longer, and let only so many wait at once."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from typing import Final, TypeVar

import anyio.to_thread

from nearfield.errors import Unavailable
from nearfield.pipelines.without_vectors import Waiting, waited_for

T = TypeVar("T")

MOST: Final = 32
"""Threads that may wait for Milvus; who waits for SQL or a file alone does so in others."""


class Gate:
    """Runs work that asks Milvus in threads of its own.

    Where all of them are taken, or an answer is not there in time, the same work is done without
    vectors, by other threads: it answers from memory then, or by what is popular.

    Parameters
    ----------
    seconds : float, optional
        The longest that somebody waits; as long as it takes where not given.
    most : int
        Threads.
    """

    def __init__(self, seconds: float | None, most: int = MOST) -> None:
        self._seconds = seconds
        self._free = threading.BoundedSemaphore(most)
        self._threads = ThreadPoolExecutor(most, thread_name_prefix="asks Milvus")

    async def run(self, work: Callable[[], T]) -> T:
        """Return what work returns; it may be done twice, and must not change anything."""
        waiting = Waiting()
        begun = self._begin(work, waiting)
        if begun is None:
            return await self._without(work, "so many wait for Milvus that no more can.")
        if await self._is_done(begun):
            return begun.result()
        waiting.gone = True
        return await self._without(work, f"Milvus did not answer in {self._seconds:g} s.")

    async def change(self, work: Callable[[], T]) -> T:
        """Return what work returns, which changes something: it is done once, however long.

        Raises
        ------
        Unavailable
            If all threads are taken.
        """
        begun = self._begin(work, Waiting())
        if begun is None:
            raise Unavailable("so many wait for Milvus that no more can. Do it again in a minute.")
        return await asyncio.wrap_future(begun)

    def close(self) -> None:
        """Begin nothing any more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _begin(self, work: Callable[[], T], waiting: Waiting) -> "Future[T] | None":
        if not self._free.acquire(blocking=False):
            return None
        with waited_for(waiting):
            context = copy_context()
        found: Future[T] = self._threads.submit(context.run, work)
        found.add_done_callback(lambda _: self._free.release())
        return found

    async def _is_done(self, work: "Future[T]") -> bool:
        """Wait for work, so long and no longer: `asyncio.wait` takes the loop twice as often."""
        loop = asyncio.get_running_loop()
        told: asyncio.Future[bool] = loop.create_future()

        def tell(_: "Future[T]") -> None:
            with suppress(RuntimeError):  # the loop was closed, and nobody waits
                loop.call_soon_threadsafe(_settle, told, True)

        late = (
            None if self._seconds is None else loop.call_later(self._seconds, _settle, told, False)
        )
        work.add_done_callback(tell)
        try:
            return await told
        finally:
            if late:
                late.cancel()

    async def _without(self, work: Callable[[], T], why: str) -> T:
        return await anyio.to_thread.run_sync(partial(_blind, work, why))


def _blind(work: Callable[[], T], why: str) -> T:
    with waited_for(Waiting(f"{why} Ask again in some seconds.")):
        return work()


def _settle(told: "asyncio.Future[bool]", done: bool) -> None:
    if not told.done():  # who waited may be gone, or it was late
        told.set_result(done)
