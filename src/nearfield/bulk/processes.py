"""Bulk work in processes of this machine. One that dies takes only its own job along."""

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from types import TracebackType
from typing import Final, Generic, Self

from nearfield.bulk import child
from nearfield.bulk.work import CRASHED, At, Fault, JobT, ResultT, Task, here

_AHEAD: Final = 2
"""Jobs that wait for each process, so that none is ever idle."""

_CRASH: Final = Fault(CRASHED, "ended the process that read it. Convert or remove it.")


def default_workers() -> int:
    """Return how many processes are worth starting: one for each core that we may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Processes(Generic[JobT, ResultT]):
    """Some processes, each with its own networks and one thread.

    Parameters
    ----------
    work : Task
        What they do.
    workers : int
        How many.
    apart : bool
        Whether also a single worker is a process of its own; else this process does its work.
    """

    def __init__(self, work: Task[JobT, ResultT], workers: int, apart: bool = False) -> None:
        self._work = work
        self._workers = workers
        self._apart = apart or workers > 1
        self._pool: ProcessPoolExecutor | None = None
        self._own: Callable[[JobT, At], ResultT] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def prepare(self) -> None:
        """Load here first what the jobs share: it is known at once what is wrong with it."""
        opened = self._work.open(here)
        self._own = None if self._apart else opened

    def start(self) -> None:
        """Wait until one process has loaded what the jobs share; raise what kept it from that."""
        self._started(self._workers).submit(child.ready).result()

    def run(self, jobs: Iterable[JobT]) -> Iterator[tuple[JobT, ResultT]]:
        """Yield what came of each job, in the order in which they are done."""
        if self._apart:
            yield from self._side_by_side(iter(jobs))
            return
        for job in jobs:
            if self._own is None:
                self._own = self._work.open(here)
            yield job, self._own(job, here)

    def close(self) -> None:
        """End the processes, whatever they are in the middle of."""
        pool, self._pool = self._pool, None
        if pool is not None:
            processes = list((pool._processes or {}).values())
            pool.shutdown(wait=False, cancel_futures=True)
            for process in processes:
                process.terminate()
            for process in processes:
                process.join()

    def _side_by_side(self, jobs: Iterator[JobT]) -> Iterator[tuple[JobT, ResultT]]:
        running: dict[Future[ResultT], JobT] = {}
        while True:
            for job in islice(jobs, self._workers * _AHEAD - len(running)):
                running[self._started(self._workers).submit(child.do, job)] = job
            if not running:
                return
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            if any(isinstance(one.exception(), BrokenProcessPool) for one in done):
                left = list(running.values())
                running.clear()
                yield from self._one_by_one(left)
                continue
            for future in done:
                yield running.pop(future), future.result()

    def _one_by_one(self, jobs: list[JobT]) -> Iterator[tuple[JobT, ResultT]]:
        """Find out which of some jobs ends the process that does it."""
        self.close()
        for job in jobs:
            try:
                yield job, self._started(1).submit(child.do, job).result()
            except BrokenProcessPool:
                self.close()
                yield job, self._work.failed(job, _CRASH)
        self.close()

    def _started(self, workers: int) -> ProcessPoolExecutor:
        if self._pool is None:
            # not forked: threads of torch and gRPC would be copied in the middle of their work
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(workers, context, child.begin, (self._work,))
            with child.surroundings():
                for _ in range(workers):  # a process is started where none is idle
                    self._pool.submit(os.getpid)
        return self._pool
