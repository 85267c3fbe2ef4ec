"""Processes that analyse sound files side by side. One that dies takes only its own file along."""

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from multiprocessing.connection import wait as wait_for
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeAlias

import torch

from nearfield.pipelines.ears import Ears
from nearfield.sound.analyse import Analyser, Analysis
from nearfield.sound.decode import Unreadable

CRASHED: Final = "crashed"
"""Reason of a file that ended the process which read it."""

_AHEAD: Final = 2
"""Files that wait for each process, so that none is ever idle."""


@dataclass(frozen=True, slots=True)
class Job:
    """One file to analyse.

    Parameters
    ----------
    path : Path
        Of the file.
    content : str
        Hash of its bytes.
    """

    path: Path
    content: str


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a file could not be used.

    Parameters
    ----------
    reason : str
        A short code.
    message : str
        A sentence: what came, what was wanted, what to do.
    """

    reason: str
    message: str


_ALONE: Final = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
}
"""What a process reads when it loads its libraries: one thread, and no memory kept for others."""

_OF_MAIN: Final = ("__spec__", "__file__")
"""Where `multiprocessing` looks for the main file."""

Outcome: TypeAlias = Analysis | Failure

_analyser: Analyser | None = None  # of this process, set once when it starts


def analyse(analyser: Analyser, job: Job) -> Outcome:
    """Analyse one file; what is wrong with it comes back as a failure."""
    try:
        return analyser.analyse(job.path, job.content)
    except Unreadable as error:
        return Failure(error.reason, str(error))
    except MemoryError:
        return Failure("memory", f"{job.path} needs more memory than there is. Free some.")


def default_workers() -> int:
    """Return how many processes are worth starting: one for each core that we may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Analysts:
    """Some processes, each with its own networks and one thread.

    Parameters
    ----------
    ears : Ears
        How they listen.
    workers : int
        How many; with 1 this process does the work itself.
    """

    def __init__(self, ears: Ears, workers: int) -> None:
        self._ears = ears
        self._workers = workers
        self._pool: ProcessPoolExecutor | None = None
        self._own: Analyser | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def prepare(self) -> None:
        """Load the networks here first: a process that is just starting could tell no error."""
        opened = self._ears.open()
        self._own = opened if self._workers == 1 else None

    def run(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, Outcome]]:
        """Yield what came of each job, in the order in which they are done."""
        if self._workers > 1:
            yield from self._side_by_side(iter(jobs))
            return
        for job in jobs:
            if self._own is None:
                self._own = self._ears.open()
            yield job, analyse(self._own, job)

    def _side_by_side(self, jobs: Iterator[Job]) -> Iterator[tuple[Job, Outcome]]:
        running: dict[Future[Outcome], Job] = {}
        while True:
            for job in islice(jobs, self._workers * _AHEAD - len(running)):
                running[self._start(self._workers).submit(_work, job)] = job
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

    def _one_by_one(self, jobs: list[Job]) -> Iterator[tuple[Job, Outcome]]:
        """Find out which of some files ends the process that reads it."""
        self._stop()
        for job in jobs:
            try:
                yield job, self._start(1).submit(_work, job).result()
            except BrokenProcessPool:
                self._stop()
                yield (
                    job,
                    Failure(
                        CRASHED, f"{job.path} ended the process that read it. Convert or remove it."
                    ),
                )
        self._stop()

    def _start(self, workers: int) -> ProcessPoolExecutor:
        if self._pool is None:
            # not forked: threads of torch and gRPC would be copied in the middle of their work
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(workers, context, _begin, (self._ears,))
            with _environment(_ALONE), _without_main():
                for _ in range(workers):  # a process is started where none is idle
                    self._pool.submit(os.getpid)
        return self._pool

    def _stop(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            processes = list((pool._processes or {}).values())
            pool.shutdown(wait=False, cancel_futures=True)
            for process in processes:  # whatever they are in the middle of
                process.terminate()
            for process in processes:
                process.join()


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Change the environment that processes started now will have."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _without_main() -> Iterator[None]:
    """Let processes started now not run the program's main file again.

    They need nothing of it: it would cost 30 MB and a second, and a script without
    ``if __name__ == "__main__":`` would start itself over and over.
    """
    main = sys.modules["__main__"]
    before = {name: getattr(main, name) for name in _OF_MAIN if hasattr(main, name)}
    for name in before:
        setattr(main, name, None)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(main, name, value)


def _begin(ears: Ears) -> None:
    """Prepare a process: leave Ctrl-C to its parent, and end with it."""
    global _analyser
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # decoders write remarks on broken files there, in the middle of the parent's progress
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    torch.set_num_threads(1)
    _analyser = ears.open()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait_for([parent.sentinel])
        os._exit(1)  # killed: nobody is left who would stop us


def _work(job: Job) -> Outcome:
    assert _analyser is not None  # set by `_begin`
    try:
        return analyse(_analyser, job)
    finally:
        _give_back()


def _give_back() -> None:
    """Return memory that was freed to the system: glibc keeps 150 MB of a song otherwise."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # not in every C library
        if trim is not None:
            trim(0)
