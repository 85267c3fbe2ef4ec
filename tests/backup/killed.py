"""Run commands in a process of their own, and kill them in the middle."""

import os
import signal
import subprocess
import sys
from pathlib import Path

PROGRAM = [sys.executable, "-c", "from nearfield.cli.main import main; main()"]


def _start(home: Path, *words: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [*PROGRAM, *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "NEARFIELD_HOME": str(home), "OMP_NUM_THREADS": "1"},
    )


def kill_command(
    home: Path, words: tuple[str, ...], line: str, how: signal.Signals = signal.SIGKILL
) -> int:
    """Start a command, end it as soon as it says `line`, and return its exit code."""
    with _start(home, *words) as process:
        assert process.stderr is not None
        assert any(said.startswith(line) for said in process.stderr)
        process.send_signal(how)
        process.stderr.read()
    return process.returncode


def finish_command(home: Path, *words: str) -> str:
    """Run a command to its end and return what it said."""
    with _start(home, *words) as process:
        assert process.stderr is not None
        said = process.stderr.read()
    assert process.returncode == 0, said
    return said
