"""The processes beside a service: one keeps the vectors, one does the long work."""

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from nearfield.errors import Unavailable
from nearfield.jobs.parent import Places, TakenPlaces
from nearfield.locks import read_owner

MILVUS: Final = "milvus"
WORKER: Final = "worker"

END_SECONDS: Final = 6.0
"""Patience with a child that was asked to end; then it is killed."""

_START_SECONDS: Final = 5.0
_PAUSE, _LONGEST_PAUSE = 0.5, 30.0
_SETTLED: Final = 60.0
"""A child that lived so long, in seconds, is started anew at once."""

_log = logging.getLogger(__name__)


class Children:
    """Starts the processes beside a service, and starts those anew that die.

    They end when this process does, however that ends: each reads a pipe which closes then.

    Parameters
    ----------
    places : Places
        Where the state lies. Vectors are kept by a child where no Milvus server is named.
    worker : bool
        Whether long work is done beside the service.
    """

    def __init__(self, places: Places, worker: bool = True) -> None:
        self._places = TakenPlaces.of(places)
        modules = {}
        if self._places.milvus_uri is None:
            modules[MILVUS] = "nearfield.jobs.milvus_process"
        if worker:
            modules[WORKER] = "nearfield.jobs.worker"
        line = self._places.as_line()
        self._children = {name: _Child(name, module, line) for name, module in modules.items()}

    def start(self) -> None:
        """Start them; return once nobody else can come to own the vectors.

        Raises
        ------
        Unavailable
            If a process cannot be started.
        """
        self._places.home.mkdir(parents=True, exist_ok=True)
        for child in self._children.values():
            child.start()
        if MILVUS in self._children:
            self._wait_for_owner()

    def alive(self) -> dict[str, bool]:
        """Tell of each process, by name, whether it is there: "milvus" also answers then."""
        found = {name: child.pid is not None for name, child in self._children.items()}
        if found.get(MILVUS):
            found[MILVUS] = "address" in (read_owner(self._places.home / "milvus.db") or {})
        return found

    def pids(self) -> dict[str, int | None]:
        """Return the process of each, by name; None while one is being started anew."""
        return {name: child.pid for name, child in self._children.items()}

    def stop(self) -> None:
        """End them: first whoever works, then whoever keeps the vectors."""
        for child in reversed(self._children.values()):
            child.stop()

    def _wait_for_owner(self) -> None:
        """Wait until the vectors have an owner: a service that is quicker would own them itself."""
        until = time.monotonic() + _START_SECONDS
        folder = self._places.home / "milvus.db"
        while read_owner(folder) is None and time.monotonic() < until:
            time.sleep(0.01)


@dataclass
class _Child:
    """One process, and the thread that starts it anew when it dies."""

    name: str
    module: str
    line: bytes
    _process: "subprocess.Popen[bytes] | None" = None
    _stopping: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _keeper: threading.Thread | None = None

    @property
    def pid(self) -> int | None:
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    def start(self) -> None:
        process = self._begin()
        self._keeper = threading.Thread(
            target=self._keep, args=(process,), name=self.name, daemon=True
        )
        self._keeper.start()

    def stop(self) -> None:
        self._stopping.set()
        with self._lock:
            process = self._process
        if process is not None:
            process.terminate()
            try:
                process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                _log.warning("%s did not end in %.0f s and is killed", self.name, END_SECONDS)
                process.kill()
        if self._keeper is not None:
            self._keeper.join()

    def _keep(self, process: "subprocess.Popen[bytes]") -> None:
        pause = _PAUSE
        while True:
            begun = time.monotonic()
            process.wait()
            assert process.stdin is not None
            process.stdin.close()
            if self._stopping.is_set():
                return
            pause = _PAUSE if time.monotonic() - begun > _SETTLED else pause
            _log.warning(
                "%s ended (%s) and is started anew in %.1f s", self.name, process.returncode, pause
            )
            if self._stopping.wait(pause):
                return
            pause = min(2 * pause, _LONGEST_PAUSE)
            try:
                process = self._begin()
            except (Unavailable, OSError):
                _log.exception("%s cannot be started", self.name)

    def _begin(self) -> "subprocess.Popen[bytes]":
        """Start the process, and tell it where things live."""
        with self._lock:
            if self._stopping.is_set():
                raise Unavailable(f"{self.name} is not started: the service ends.")
            process = subprocess.Popen(
                [sys.executable, "-m", self.module],
                stdin=subprocess.PIPE,
                env=_environment(),
                start_new_session=True,  # Ctrl-C of a terminal is for the service alone
            )
            self._process = process
        assert process.stdin is not None
        try:
            process.stdin.write(self.line)
            process.stdin.flush()  # the pipe stays open as long as this process lives
        except BrokenPipeError:
            _log.warning("%s ended as soon as it was started", self.name)
        return process


def _environment() -> Mapping[str, str]:
    """Return what libraries of a child read when they are loaded, unless it is set."""
    usual = {"OMP_WAIT_POLICY": "PASSIVE", "GRPC_VERBOSITY": "NONE"}
    return {**usual, **os.environ}
