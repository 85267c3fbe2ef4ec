"""Publishing, rolling back and owning spaces, on Milvus Lite inside this process."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from nearfield.errors import CheckFailed, InUse, InvalidInput, NotFound, Unavailable
from nearfield.types import Ids
from nearfield.vectors.embeddings import Embeddings
from nearfield.vectors.mirror import MirrorIndex
from nearfield.vectors.names import SpaceName
from nearfield.vectors.options import MilvusOptions
from nearfield.vectors.spaces import Spaces

DIM = 8


def embeddings(seed: int, rows: int = 60, first: int = 1) -> Embeddings:
    vectors = np.random.default_rng(seed).normal(size=(rows, DIM)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return Embeddings(np.arange(first, first + rows), vectors, {"seed": seed})


def publish(spaces: Spaces, version: str, rows: Embeddings, catalogue: str = "movies") -> list[str]:
    return [at.step for at in spaces.publish(catalogue, "fusion", version, rows, batch=25)]


def answers(spaces: Spaces, rows: Embeddings, catalogue: str = "movies") -> bool:
    """Tell whether the open space holds exactly these rows."""
    _, index = spaces.open(catalogue, "fusion")
    return len(index) == len(rows.ids) and np.allclose(index.get(rows.ids), rows.vectors, atol=1e-6)


@pytest.fixture
def uri(tmp_path: Path) -> str:
    return str(tmp_path / "home" / "milvus.db")


@pytest.fixture
def spaces(uri: str) -> Iterator[Spaces]:
    with Spaces(uri) as opened:
        yield opened


def test_publish_fills_checks_swaps_and_answers(spaces: Spaces) -> None:
    steps = list(spaces.publish("my-films", "fusion", "20261121-231500-ab12cd", embeddings(1), 25))
    assert [(at.step, at.done, at.total) for at in steps] == [
        ("fill", 0, 60),
        ("fill", 25, 60),
        ("fill", 50, 60),
        ("fill", 60, 60),
        ("check", 0, 60),
        ("check", 60, 60),
        ("swap", 0, 60),
        ("canary", 60, 60),
        ("done", 60, 60),
    ]
    space, index = spaces.open("my-films", "fusion")
    assert (space.catalogue, space.recommender) == ("my-films", "fusion")
    assert (space.version, space.rows, space.dim) == ("20261121-231500-ab12cd", 60, DIM)
    assert space.active
    assert isinstance(index, MirrorIndex)
    assert answers(spaces, embeddings(1), "my-films")
    assert spaces.active("my-films", "fusion") == space


def test_an_unused_iterator_publishes_nothing(spaces: Spaces) -> None:
    spaces.publish("movies", "fusion", "1", embeddings(1))
    assert spaces.list() == []


def test_what_is_not_published_is_named_with_the_command(spaces: Spaces) -> None:
    assert spaces.active("movies", "fusion") is None
    with pytest.raises(NotFound, match=r"'movies'.*`.* publish --catalogue movies --space fusion`"):
        spaces.open("movies", "fusion")


def test_two_versions_are_kept_and_rollback_goes_to_the_one_before(spaces: Spaces) -> None:
    for seed in (1, 2, 3):
        publish(spaces, f"v{seed}", embeddings(seed))
    assert [(s.version, s.active) for s in spaces.list()] == [("v2", False), ("v3", True)]
    assert answers(spaces, embeddings(3))
    assert spaces.rollback("movies", "fusion").version == "v2"
    assert answers(spaces, embeddings(2))
    assert [(s.version, s.active) for s in spaces.list()] == [("v2", True), ("v3", False)]
    assert spaces.rollback("movies", "fusion").version == "v3"
    assert answers(spaces, embeddings(3))


def test_without_a_version_before_there_is_no_rollback(spaces: Spaces) -> None:
    with pytest.raises(NotFound, match=r"has no published fusion space"):
        spaces.rollback("movies", "fusion")
    publish(spaces, "v1", embeddings(1))
    with pytest.raises(NotFound, match=r"no fusion version before v1.*last two"):
        spaces.rollback("movies", "fusion")


def test_publishing_again_after_a_rollback_goes_forward(spaces: Spaces) -> None:
    publish(spaces, "v1", embeddings(1))
    publish(spaces, "v2", embeddings(2))
    spaces.rollback("movies", "fusion")
    assert "fill" not in publish(spaces, "v2", embeddings(2))  # it is there, and whole
    assert answers(spaces, embeddings(2))
    assert spaces.rollback("movies", "fusion").version == "v1"


def test_publishing_the_same_again_only_checks(spaces: Spaces) -> None:
    publish(spaces, "v1", embeddings(1))
    assert publish(spaces, "v1", embeddings(1)) == ["check", "swap", "canary", "done"]
    assert [s.version for s in spaces.list()] == ["v1"]


def test_a_version_that_lost_rows_is_mended_while_it_answers(spaces: Spaces, uri: str) -> None:
    publish(spaces, "v1", embeddings(1))
    publish(spaces, "v1", embeddings(2, rows=50, first=11))  # other rows, some of them new
    assert answers(spaces, embeddings(2, rows=50, first=11))
    spaces.close()
    with Spaces(uri) as again:
        assert answers(again, embeddings(2, rows=50, first=11))


def test_recommenders_and_catalogues_do_not_meet(spaces: Spaces) -> None:
    publish(spaces, "v1", embeddings(1), "movies")
    publish(spaces, "v1", embeddings(2), "movies-2")
    list(spaces.publish("movies", "graph", "v1", embeddings(3)))
    publish(spaces, "v2", embeddings(4), "movies")
    found = [(s.catalogue, s.recommender, s.version) for s in spaces.list()]
    assert sorted(found) == [
        ("movies", "fusion", "v1"),
        ("movies", "fusion", "v2"),
        ("movies", "graph", "v1"),
        ("movies-2", "fusion", "v1"),
    ]
    spaces.drop("movies", "graph")
    with pytest.raises(NotFound):
        spaces.open("movies", "graph")
    spaces.drop("movies")
    spaces.drop("never-there")
    assert [s.catalogue for s in spaces.list()] == ["movies-2"]
    assert answers(spaces, embeddings(2), "movies-2")


def test_a_new_version_may_have_another_dim(spaces: Spaces) -> None:
    publish(spaces, "v1", embeddings(1))
    wide = Embeddings(np.array([1, 2]), np.eye(2, 12, dtype=np.float32), {})
    publish(spaces, "v2", wide)
    assert spaces.open("movies", "fusion")[0].dim == 12
    spaces.rollback("movies", "fusion")
    assert answers(spaces, embeddings(1))


def test_spaces_survive_closing(spaces: Spaces, uri: str) -> None:
    publish(spaces, "v1", embeddings(1))
    publish(spaces, "v2", embeddings(2))
    spaces.close()
    with Spaces(uri) as again:
        assert answers(again, embeddings(2))
        assert again.rollback("movies", "fusion").version == "v1"
        assert answers(again, embeddings(1))


def test_no_rows_are_not_published(spaces: Spaces) -> None:
    nothing = Embeddings(np.empty(0, dtype=np.int64), np.empty((0, DIM), dtype=np.float32), {})
    with pytest.raises(InvalidInput, match=r"would have no rows"):
        publish(spaces, "v1", nothing)


def test_one_publish_at_a_time(spaces: Spaces) -> None:
    first = spaces.publish("movies", "fusion", "v1", embeddings(1), 25)
    next(first)
    with pytest.raises(InUse, match=r"a publish is running already.*'v2'"):
        publish(spaces, "v2", embeddings(2))
    first.close()  # given up in the middle
    publish(spaces, "v2", embeddings(2))
    assert [s.version for s in spaces.list()] == ["v2"]


def test_a_publish_given_up_at_any_step_leaves_the_old_space(spaces: Spaces, uri: str) -> None:
    publish(spaces, "v0", embeddings(0))
    whole = len(list(spaces.publish("movies", "fusion", "whole", embeddings(0), 25)))
    active = "whole"
    for steps in range(1, whole - 1):
        running = spaces.publish("movies", "fusion", f"v{steps}", embeddings(steps), 25)
        at = [next(running).step for _ in range(steps)][-1]
        running.close()
        if at == "canary":  # the swap is behind
            active = f"v{steps}"
        assert spaces.open("movies", "fusion")[0].version == active
    spaces.close()
    with Spaces(uri) as again:
        assert again.open("movies", "fusion")[0].version == active
        publish(again, "last", embeddings(9))
        assert answers(again, embeddings(9))
        assert len(again.list()) == 2


def test_equal_vectors_are_no_fault(spaces: Spaces) -> None:
    alike = Embeddings(np.arange(1, 41), np.repeat(np.eye(2, DIM, dtype=np.float32), 20, 0), {})
    publish(spaces, "v1", alike)
    assert answers(spaces, alike)


def test_a_second_process_is_told_who_owns_the_folder(spaces: Spaces, uri: str) -> None:
    publish(spaces, "v1", embeddings(1))
    program = (
        "import sys\n"
        "from nearfield.errors import InUse\n"
        "from nearfield.vectors.spaces import Spaces\n"
        "try:\n    Spaces(sys.argv[1])\n"
        "except InUse as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, uri], capture_output=True, text=True)
    for part in (f"process {os.getpid()} ", "pytest", "NEARFIELD_MILVUS_URI"):
        assert part in done.stdout
    assert done.stderr == ""
    spaces.close()
    done = subprocess.run([sys.executable, "-c", program, uri], capture_output=True, text=True)
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


def test_opening_twice_in_one_process_is_explained(spaces: Spaces, uri: str) -> None:
    with pytest.raises(InUse, match=r"milvus\.db is open in this process already.*close it first"):
        Spaces(uri)


def test_a_path_that_lite_does_not_take_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"vectors' is neither.*path\s+ending in \.db"):
        Spaces(str(tmp_path / "vectors"))


def test_a_server_that_is_away_is_named_with_the_remedy() -> None:
    patience = MilvusOptions(answer_seconds=0.3)
    with Spaces("http://127.0.0.1:9", options=patience) as spaces:
        for ask in (spaces.list, lambda: spaces.open("movies", "fusion")):
            with pytest.raises(Unavailable, match=r"http://127\.0\.0\.1:9 .*NEARFIELD_MILVUS_URI"):
                ask()
        assert spaces.health().failures > 0


def test_readers_see_one_whole_version_all_along(spaces: Spaces) -> None:
    versions = {f"v{seed}": embeddings(seed, rows=300) for seed in range(4)}
    publish(spaces, "v0", versions["v0"])
    faults: list[str] = []
    done = threading.Event()

    def read(seed: int) -> None:
        rng = np.random.default_rng(seed)
        while not done.is_set():
            space, index = spaces.open("movies", "fusion")
            rows = versions[space.version]
            chosen: Ids = rng.integers(0, 300, 3)
            hits = index.search(rows.vectors[chosen], 2)
            if hits.ids[:, 0].tolist() != rows.ids[chosen].tolist() or (hits.ids < 0).any():
                faults.append(f"{space.version}: {hits}")

    readers = [threading.Thread(target=read, args=(seed,)) for seed in range(2)]
    for reader in readers:
        reader.start()
    try:
        for version in ("v1", "v2", "v3"):
            publish(spaces, version, versions[version])
            spaces.rollback("movies", "fusion")
    finally:
        done.set()
        for reader in readers:
            reader.join()
    assert faults == []


def test_a_collection_cut_off_while_made_is_swept(spaces: Spaces, uri: str) -> None:
    publish(spaces, "v1", embeddings(1))
    spaces.close()
    broken = Path(uri) / "collections" / SpaceName("movies", "fusion", "v2").collection
    (broken / "wal").mkdir(parents=True)
    with Spaces(uri) as again:
        publish(again, "v2", embeddings(2))
        assert answers(again, embeddings(2))


def test_a_collection_that_lies_is_not_published(spaces: Spaces) -> None:
    publish(spaces, "v1", embeddings(1))
    running = spaces.publish("movies", "fusion", "v2", embeddings(2), 25)
    while next(running).done < 60:
        pass
    thief = SpaceName("movies", "fusion", "v2").collection
    spaces._connection.call("delete", thief, ids=[5])
    with pytest.raises(CheckFailed, match=r"holds 59 rows, but 60 were sent.*before still does"):
        list(running)
    assert answers(spaces, embeddings(1))
    assert publish(spaces, "v2", embeddings(2))[-1] == "done"
