"""The inside of a process that does jobs, and the surroundings in which it is started."""

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.connection import wait as wait_for
from typing import Any, Final

from nearfield.bulk.work import At, Task, here

_ALONE: Final = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
}
"""What a process reads when it loads its libraries: one thread, and no memory kept for others."""

_OF_MAIN: Final = ("__spec__", "__file__")
"""Where `multiprocessing` looks for the main file."""

_do: Callable[[Any, At], Any] | Exception | None = None  # of this process, set when it starts


@contextmanager
def surroundings() -> Iterator[None]:
    """Start processes in here: each calculates in one thread, and runs no main file."""
    with _environment(_ALONE), _without_main():
        yield


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


def begin(work: Task[Any, Any]) -> None:
    """Prepare a process: leave Ctrl-C to its parent, end with it, load what the jobs share."""
    global _do
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # decoders write remarks on broken files there, in the middle of the parent's progress
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    try:
        _do = work.open(here)
    except Exception as error:  # raised here it would look like a crash, without a reason
        _do = error


def ready() -> None:
    """Raise what kept the process from being prepared."""
    if isinstance(_do, Exception):
        raise _do


def do(job: Any) -> Any:
    """Do one job."""
    ready()
    assert callable(_do)  # set by `begin`
    try:
        return _do(job, here)
    finally:
        _give_back()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait_for([parent.sentinel])
        os._exit(1)  # killed: nobody is left who would stop us


def _give_back() -> None:
    """Return memory that was freed to the system: glibc keeps 150 MB of a song otherwise."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # not in every C library
        if trim is not None:
            trim(0)
