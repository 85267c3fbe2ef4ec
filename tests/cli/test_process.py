"""The program as people start it: a process, its streams, its exit code."""

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

PROGRAM = [sys.executable, "-c", "from nearfield.cli.main import main; main()"]


def environment(home: Path) -> dict[str, str]:
    return {**os.environ, "NEARFIELD_HOME": str(home), "OMP_NUM_THREADS": "1", "COLUMNS": "80"}


def run(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *words], capture_output=True, text=True, env=environment(home), check=False
    )


def test_data_go_to_stdout_and_nothing_else_does(filled: Path) -> None:
    done = run(filled, "recommend", "--user", "1", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert len(json.loads(done.stdout)) == 10


def test_a_mistake_ends_without_a_traceback(filled: Path) -> None:
    done = run(filled, "recommend", "--user", "nobody")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: ")
    assert len(done.stderr.splitlines()) == 1


def test_a_setting_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    settings = {**environment(tmp_path), "NEARFIELD_DATABASE_URL": "oracle://somewhere"}
    done = subprocess.run(
        [*PROGRAM, "catalogues"], capture_output=True, text=True, env=settings, check=False
    )
    assert done.returncode == 1
    assert "'oracle'" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_reader_that_goes_away_hears_nothing_of_it(filled: Path) -> None:
    command = [*PROGRAM, "recommend", "--user", "1", "-k", "40", "--json"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(filled)
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


def test_a_second_process_is_told_who_owns_the_vectors(home: Path) -> None:
    from nearfield.pipelines.stores import Stores

    with Stores(home) as owner:
        owner.spaces.list()
        done = run(home, "spaces")
    assert done.returncode == 1
    assert f"in use by process {os.getpid()}" in done.stderr


def test_ctrl_c_says_how_to_go_on(home: Path) -> None:
    command = [*PROGRAM, "train", "fusion", "--epochs", "1000"]
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env=environment(home)
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("Training fusion"):
                break
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
    assert process.returncode == 130
    assert "Interrupted. Finished epochs are kept; the same command goes on after them." in said
    assert "Traceback" not in said


def test_a_terminal_sees_bars_and_a_table_of_its_width(home: Path) -> None:

    leader, follower = pty.openpty()
    command = [*PROGRAM, "recommend", "--user", "1", "-i"]
    with subprocess.Popen(
        command, stdout=follower, stderr=follower, env={**environment(home), "TERM": "xterm"}
    ) as process:
        os.close(follower)
        seen = b""
        while True:
            try:
                part = os.read(leader, 65536)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            seen += part
    os.close(leader)
    assert process.returncode == 0
    assert b"Embedding the items" in seen
    assert b"Title" in seen
