"""One Milvus Lite, several processes: what one changes, the others answer with."""

import gc
import os
import signal
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from nearfield.errors import InUse, NearfieldError, NotFound, Unavailable
from nearfield.jobs.children import MILVUS, Children
from nearfield.jobs.parent import TakenPlaces
from nearfield.vectors.embeddings import Embeddings
from nearfield.vectors.index import VectorIndex
from nearfield.vectors.spaces import Spaces
from service_process import wait_for

pytestmark = pytest.mark.slow  # each process loads everything anew

ROWS, DIM = 300, 8
PATIENCE = 60.0
PROGRAM = """
import sys
import numpy as np
from nearfield.vectors.spaces import Spaces
from test_shared_spaces import rows
uri, what, seed = sys.argv[1], sys.argv[2], int(sys.argv[3])
made = rows(seed)
with Spaces(uri) as spaces:
    if what == "publish":
        for at in spaces.publish("movies", "fusion", f"v{seed}", made, 50):
            print(at.step, flush=True)
    elif what == "upsert":
        spaces.upsert(spaces.active("movies", "fusion"), made.ids[:5], made.vectors[:5])
    elif what == "hold":
        steps = spaces.publish("movies", "fusion", f"v{seed}", made, 50)
        next(steps)
        print("held", flush=True)
        sys.stdin.read()
    else:
        getattr(spaces, what)("movies", "fusion")
"""


def rows(seed: int) -> Embeddings:
    vectors = np.random.default_rng(seed).normal(size=(ROWS, DIM)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return Embeddings(np.arange(1, ROWS + 1), vectors, {})


def other(uri: str, what: str, seed: int = 0) -> "subprocess.Popen[str]":
    """Do something in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, uri, what, str(seed)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={
            **os.environ,
            "PYTHONPATH": f"{Path(__file__).parent}{os.pathsep}{Path(__file__).parent.parent}",
            "OMP_NUM_THREADS": "1",
        },
    )


def let_other(uri: str, what: str, seed: int = 0) -> None:
    with other(uri, what, seed) as process:
        process.communicate()
    assert process.returncode == 0


def holds(index: VectorIndex, wanted: Embeddings) -> bool:
    return len(index) == ROWS and bool(
        np.allclose(index.get(wanted.ids), wanted.vectors, atol=1e-6)
    )


@pytest.fixture
def children(tmp_path: Path) -> Iterator[Children]:
    found = Children(TakenPlaces(tmp_path / "home"), worker=False)
    found.start()
    try:
        yield found
    finally:
        found.stop()


@pytest.fixture
def uri(children: Children, tmp_path: Path) -> str:
    return str(tmp_path / "home" / "milvus.db")


@pytest.fixture
def spaces(uri: str) -> Iterator[Spaces]:
    with Spaces(uri, served=True) as opened:
        list(opened.publish("movies", "fusion", "v1", rows(1)))
        yield opened


def version(spaces: Spaces) -> str:
    return spaces.open("movies", "fusion")[0].version


def test_what_another_process_does_answers_here_too(spaces: Spaces, uri: str) -> None:
    assert holds(spaces.open("movies", "fusion")[1], rows(1))
    let_other(uri, "publish", 2)
    wait_for(lambda: version(spaces) == "v2", PATIENCE)
    assert holds(spaces.open("movies", "fusion")[1], rows(2))

    let_other(uri, "upsert", 3)
    changed = rows(2)
    changed.vectors[:5] = rows(3).vectors[:5]
    wait_for(lambda: holds(spaces.open("movies", "fusion")[1], changed), PATIENCE)

    let_other(uri, "rollback")
    wait_for(lambda: version(spaces) == "v1", PATIENCE)
    assert holds(spaces.open("movies", "fusion")[1], rows(1))

    let_other(uri, "drop")

    def is_gone() -> bool:
        try:
            spaces.open("movies", "fusion")
        except NotFound:
            return True
        return False

    wait_for(is_gone, PATIENCE)
    assert spaces.list() == []


def test_no_answer_fails_or_is_mixed_while_others_publish(spaces: Spaces, uri: str) -> None:
    made = {f"v{seed}": rows(seed) for seed in range(1, 5)}
    over, failed, seen = threading.Event(), list[NearfieldError](), set[str]()

    def ask() -> None:
        while not over.is_set():
            try:
                space, index = spaces.open("movies", "fusion")
                assert holds(index, made[space.version])
                assert spaces.list()
                seen.add(space.version)
            except NearfieldError as error:
                failed.append(error)
            over.wait(0.005)

    thread = threading.Thread(target=ask)
    thread.start()
    for seed in (2, 3, 4):
        let_other(uri, "publish", seed)
    wait_for(lambda: "v4" in seen, PATIENCE)
    over.set()
    thread.join()
    assert failed == []


def test_the_memory_of_an_old_mirror_goes(spaces: Spaces, uri: str) -> None:
    old = weakref.ref(spaces.open("movies", "fusion")[1])
    assert old() is not None
    let_other(uri, "publish", 2)
    wait_for(lambda: version(spaces) == "v2", PATIENCE)
    wait_for(lambda: gc.collect() is not None and old() is None, PATIENCE)


def test_two_processes_do_not_publish_the_same_space_at_once(spaces: Spaces, uri: str) -> None:
    with other(uri, "hold", 2) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(InUse, match=f"process {process.pid}"):
            list(spaces.publish("movies", "fusion", "v3", rows(3)))
        assert version(spaces) == "v1"
        list(spaces.publish("movies", "graph", "v3", rows(3)))
        process.kill()
    list(spaces.publish("movies", "fusion", "v3", rows(3)))
    assert version(spaces) == "v3"


@pytest.mark.parametrize("lines", [7, 10])
def test_who_is_killed_in_a_publish_leaves_a_whole_space(
    spaces: Spaces, uri: str, lines: int
) -> None:
    # 7 steps fill, two check, then swap, canary and done
    with other(uri, "publish", 2) as process:
        assert process.stdout is not None
        for _ in range(lines):
            assert process.stdout.readline()
        process.kill()
    let_other(uri, "publish", 4)
    wait_for(lambda: version(spaces) == "v4", PATIENCE)
    assert holds(spaces.open("movies", "fusion")[1], rows(4))
    assert len(spaces.list()) == 2


def kill(children: Children) -> None:
    process = children.pids()[MILVUS]
    assert process is not None
    os.kill(process, signal.SIGKILL)
    wait_for(lambda: children.pids()[MILVUS] not in (None, process), PATIENCE)


def test_when_milvus_is_killed_all_find_it_again(
    spaces: Spaces, children: Children, uri: str
) -> None:
    space, index = spaces.open("movies", "fusion")
    kill(children)
    assert spaces.open("movies", "fusion") == (space, index)
    assert spaces.count(space) == ROWS
    assert spaces.held(space).tolist() == rows(1).ids.tolist()
    let_other(uri, "publish", 2)
    wait_for(lambda: version(spaces) == "v2", PATIENCE)
    kill(children)
    spaces.upsert(spaces.open("movies", "fusion")[0], rows(3).ids[:1], rows(3).vectors[:1])
    assert spaces.count(spaces.open("movies", "fusion")[0]) == ROWS


def test_when_milvus_is_killed_in_a_publish_the_next_one_does_it(
    spaces: Spaces, children: Children
) -> None:
    for number in range(3):
        steps = spaces.publish("movies", "fusion", f"n{number}", rows(5), 50)
        for _ in range(2 * number + 1):
            next(steps)
        kill(children)
        try:
            list(steps)
        except Unavailable:
            assert holds(spaces.open("movies", "fusion")[1], rows(1)) or number
            list(spaces.publish("movies", "fusion", f"n{number}", rows(5), 50))
        assert version(spaces) == f"n{number}"
        assert spaces.count(spaces.open("movies", "fusion")[0]) == ROWS


def test_a_folder_that_is_served_to_nobody_is_refused(tmp_path: Path) -> None:
    uri = str(tmp_path / "milvus.db")
    with Spaces(uri), pytest.raises(InUse, match="open in this process"):
        Spaces(uri, served=True)
