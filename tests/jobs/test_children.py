"""The processes beside a service: they live and end with it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.conftest import PATIENCE, opened
from nearfield.jobs.children import MILVUS, WORKER, Children
from nearfield.jobs.parent import TakenPlaces
from nearfield.locks import read_owner
from nearfield.pipelines.stores import Stores
from service_process import wait_for

pytestmark = pytest.mark.slow  # each process loads everything anew

PARENT = """
import sys, time
from pathlib import Path
from nearfield.jobs.children import Children
from nearfield.jobs.parent import TakenPlaces
children = Children(TakenPlaces(Path(sys.argv[1])))
children.start()
print(*children.pids().values(), flush=True)
while sys.stdin.readline():
    pass
children.stop()
print("stopped", flush=True)
"""


def is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def parent(home: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", PARENT, str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def pids(process: "subprocess.Popen[str]") -> list[int]:
    assert process.stdout is not None
    return [int(one) for one in process.stdout.readline().split()]


@pytest.fixture
def children(home: Path) -> Iterator[Children]:
    found = Children(TakenPlaces(home))
    found.start()
    try:
        yield found
    finally:
        found.stop()


@pytest.mark.parametrize("working", [False, True], ids=["starting", "working"])
def test_nobody_is_left_when_the_parent_is_killed(home: Path, working: bool) -> None:
    with parent(home) as process:
        found = pids(process)
        assert len(found) == 2
        if working:
            with opened(home) as queue:
                options = {"recommender": "fusion", "epochs": 1000}
                job = queue.queue.submit("train", "movies", options)
                queue.at(job, "Training")
        process.kill()
        process.wait()
        for one in found:
            wait_for(lambda one=one: not is_there(one), PATIENCE)  # type: ignore[misc]
    assert read_owner(home / "milvus.db") is None
    with Stores(home) as stores:  # which own it again
        assert stores.spaces.open("movies", "fusion")[0].rows == 80


def test_all_end_when_the_parent_ends_well(home: Path) -> None:
    with parent(home) as process:
        found = pids(process)
        said, _ = process.communicate("")
    assert said == "stopped\n"
    assert not any(is_there(one) for one in found)


def test_who_dies_is_started_anew(children: Children, home: Path) -> None:
    wait_for(lambda: all(children.alive().values()), PATIENCE)
    before = children.pids()
    for one in before.values():
        assert one is not None
        os.kill(one, signal.SIGKILL)
    wait_for(
        lambda: (
            all(children.alive().values())
            and not set(before.values()) & set(children.pids().values())
        ),
        PATIENCE,
    )
    assert set(children.alive()) == {MILVUS, WORKER}
    with opened(home) as found:
        assert found.ended(found.queue.submit("refresh", "movies")).state == "done"


def test_commands_share_the_home_with_a_service(children: Children, home: Path) -> None:
    program = [sys.executable, "-c", "from nearfield.cli.main import main; main()"]
    done = subprocess.run(
        [*program, "--home", str(home), "recommend", "--user", "1", "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    with opened(home) as found:
        job = found.queue.submit("rollback", "movies", {"space": "fusion"})
        assert "no fusion version before" in found.ended(job).message


def test_a_job_waits_for_milvus_that_was_killed(children: Children, home: Path) -> None:
    with opened(home) as found:
        wait_for(lambda: all(children.alive().values()), PATIENCE)
        process = children.pids()[MILVUS]
        assert process is not None
        os.kill(process, signal.SIGKILL)
        assert found.ended(found.queue.submit("refresh", "movies")).state == "done"


def test_without_a_worker_or_with_a_server_there_are_fewer(tmp_path: Path) -> None:
    assert set(Children(TakenPlaces(tmp_path), worker=False).pids()) == {MILVUS}
    server = TakenPlaces(tmp_path, milvus_uri="http://127.0.0.1:19530")
    assert set(Children(server).pids()) == {WORKER}
    assert Children(server, worker=False).alive() == {}
