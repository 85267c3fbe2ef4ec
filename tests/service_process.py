"""`nearfield serve` as people start it: a process of its own, with those beside it."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

_AT = re.compile(r"Nearfield is at (http://\S+)\n")


@dataclass
class Served:
    """A service in a process of its own."""

    process: "subprocess.Popen[str]"
    address: str
    http: httpx.Client
    said: list[str] = field(default_factory=list)

    def kill(self) -> None:
        """Kill it as `kill -9` does."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def job(self, number: str, states: tuple[str, ...] = ("done", "failed")) -> Any:
        """Wait until a job is in one of some states; return it."""
        return wait_for(lambda: self._job_in(number, states), 90)

    def _job_in(self, number: str, states: tuple[str, ...]) -> Any:
        found = self.http.get(f"/api/jobs/{number}").json()
        return found if found["state"] in states else None


@contextmanager
def served(
    home: Path,
    *options: str,
    port: int = 0,
    env: Mapping[str, str] | None = None,
    log: Path | None = None,
) -> Iterator[Served]:
    """Start the service over a home; it is ended however the test ends.

    What it says is kept in `said`, or in the file `log`: who measures need not read along.
    """
    command = [str(Path(sys.executable).parent / "nearfield"), "--home", str(home), "serve"]
    with nullcontext(subprocess.PIPE) if log is None else log.open("w") as stream:
        process = subprocess.Popen(
            [*command, "--port", str(port), *options],
            stderr=stream,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1", **(env or {})},
        )
    said: list[str] = []
    try:
        address = _address(process, said) if log is None else _logged_address(process, log)
        with httpx.Client(base_url=address, timeout=30, trust_env=False) as http:
            yield Served(process, address, http, said)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        finally:
            process.kill()
            process.wait(10)
            if process.stderr is not None:
                process.stderr.close()


def wait_for(question: Callable[[], Any], seconds: float) -> Any:
    """Ask until there is an answer, and return it."""
    until = time.monotonic() + seconds
    while not (found := question()):
        assert time.monotonic() < until, f"nothing came of {question} in {seconds} s"
        time.sleep(0.05)
    return found


def _address(process: "subprocess.Popen[str]", said: list[str]) -> str:
    """Return where it says that it answers; what it says later is kept, so that no pipe fills."""
    assert process.stderr is not None
    for line in process.stderr:
        said.append(line)
        if found := _AT.search(line):
            threading.Thread(target=_keep, args=(process.stderr, said), daemon=True).start()
            return found.group(1)
    raise AssertionError(f"the service ended ({process.wait()}): {''.join(said)}")


def _logged_address(process: "subprocess.Popen[str]", log: Path) -> str:
    """Return the same, of one that writes into a file."""

    def found() -> "re.Match[str] | None":
        assert process.poll() is None, log.read_text()
        return _AT.search(log.read_text())

    return str(wait_for(found, 60).group(1))


def _keep(stream: Any, said: list[str]) -> None:
    try:
        said.extend(stream)
    except ValueError:
        return  # closed at the end
