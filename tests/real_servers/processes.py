"""Start a server, wait until it answers, end it with all that it started."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

PROGRAMS = Path(__file__).parents[2] / ".venv" / "milvus" / "bin"
"""Programs of the environment of Milvus, which `tools/server-tools.sh` makes."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def start(
    command: Sequence[str | Path],
    log: Path,
    env: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> "subprocess.Popen[bytes]":
    """Start a server in a group of its own, so that `end` reaches what it starts, too."""
    with log.open("ab") as out:
        return subprocess.Popen(
            list(map(str, command)),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})},
            cwd=folder or log.parent,
            start_new_session=True,
        )


def end(process: "subprocess.Popen[bytes]", how: signal.Signals = signal.SIGKILL) -> None:
    """End a server and what it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, how)
    process.wait(timeout=60)


@contextmanager
def running(
    command: Sequence[str | Path], log: Path, env: Mapping[str, str] | None = None
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a server for the time of the block."""
    process = start(command, log, env)
    try:
        yield process
    finally:
        end(process)


def wait_until(
    answers: Callable[[], bool],
    process: "subprocess.Popen[bytes]",
    log: Path,
    seconds: float = 120,
) -> None:
    """Wait for a server that is starting; AssertionError with the end of its log if it fails."""
    until = time.monotonic() + seconds
    while not answers():
        code = process.poll()
        if code is not None or time.monotonic() > until:
            told = "does not answer" if code is None else f"ended with {code}"
            tail = log.read_text(errors="replace")[-3000:] if log.exists() else ""
            raise AssertionError(f"{process.args!r} {told}: {tail}")
        time.sleep(0.1)


def listens(port: int) -> bool:
    """Tell whether something listens at a port of this machine."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0
