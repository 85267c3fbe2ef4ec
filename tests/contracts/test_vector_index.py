"""The promises of `VectorIndex`, held against every implementation."""

import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nearfield.errors import InvalidInput, NotFound
from nearfield.types import Ids, Vectors
from nearfield.vectors.collection import create_collection
from nearfield.vectors.connection import Connection
from nearfield.vectors.exact import ExactIndex
from nearfield.vectors.graph import GraphConfig
from nearfield.vectors.index import VectorIndex
from nearfield.vectors.milvus import MilvusIndex
from nearfield.vectors.mirror import MirrorIndex
from real_servers.milvus import milvus_server

DIM = 8
MAKERS = [
    "exact",
    "mirror",
    "mirror-hnsw",
    "milvus-lite",
    "milvus-lite-server",
    pytest.param("milvus-server", marks=pytest.mark.servers),
]
CONNECTIONS = {
    "milvus-lite": "embedded",
    "milvus-lite-server": "lite_server",
    "milvus-server": "server",
}
MILVUS = str(Path(sys.executable).parent / "milvus-lite")

Make: TypeAlias = Callable[[int], VectorIndex]


class GraphMirror(MirrorIndex):
    """A mirror that walks a graph from the first row on."""

    def __init__(self, dim: int) -> None:
        super().__init__(dim, GraphConfig(rows=1))

    def upsert(self, ids: Ids, vectors: Vectors) -> None:
        super().upsert(ids, vectors)
        self.build_graph()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def lite_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """Start one Milvus Lite behind an address for the whole run and stop it at the end."""
    port, folder = _free_port(), tmp_path_factory.mktemp("server")
    command = [MILVUS, "server", "--data-dir", str(folder / "data")]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_until_listening(port, process)
        with Connection(f"http://127.0.0.1:{port}") as connection:
            yield connection
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait_until_listening(port: int, process: "subprocess.Popen[bytes]") -> None:
    while process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"milvus-lite server ended with {process.returncode}")


@pytest.fixture(scope="module")
def server() -> Iterator[Connection]:
    """Start one real Milvus server for this file: it binds ports that others may want."""
    with milvus_server() as uri, Connection(uri) as connection:
        yield connection


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with Connection(str(tmp_path_factory.mktemp("lite") / "milvus.db")) as connection:
        yield connection


@pytest.fixture(params=MAKERS)
def make(request: pytest.FixtureRequest) -> Iterator[Make]:
    """Give a function that makes empty indexes of one kind."""
    kind: str = request.param
    if not kind.startswith("milvus"):
        yield {"exact": ExactIndex, "mirror": MirrorIndex, "mirror-hnsw": GraphMirror}[kind]
        return
    connection: Connection = request.getfixturevalue(CONNECTIONS[kind])
    made: list[str] = []

    def collection(dim: int) -> MilvusIndex:
        made.append(f"test_{uuid.uuid4().hex}")
        return create_collection(connection, made[-1], dim)

    yield collection
    for name in made:
        connection.call("drop_collection", name)


@pytest.fixture
def index(make: Make) -> VectorIndex:
    return make(DIM)


def unit(rows: int, dim: int = DIM, seed: int = 0) -> Vectors:
    vectors = np.random.default_rng(seed).normal(size=(rows, dim)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def ids(*values: int) -> Ids:
    return np.array(values, dtype=np.int64)


def numbered(rows: int, first: int = 1) -> Ids:
    return np.arange(first, first + rows, dtype=np.int64)


def held(index: VectorIndex) -> list[int]:
    return sorted(key for batch, _ in index.scan() for key in batch.tolist())


def test_what_was_stored_is_found_best_first(index: VectorIndex) -> None:
    vectors = unit(50)
    index.upsert(numbered(50), vectors)
    hits = index.search(vectors, 5)
    assert hits.ids.shape == hits.scores.shape == (50, 5)
    assert hits.ids.dtype == np.int64
    assert hits.scores.dtype == np.float32
    assert hits.ids[:, 0].tolist() == numbered(50).tolist()
    np.testing.assert_allclose(hits.scores[:, 0], 1, atol=1e-5)
    assert (np.diff(hits.scores, axis=1) <= 0).all()


def test_upsert_replaces_the_old_vector(index: VectorIndex) -> None:
    east, north = np.eye(DIM, dtype=np.float32)[:2]
    index.upsert(ids(1, 2), np.stack([east, east]))
    index.upsert(ids(1), north[None])
    assert len(index) == 2
    assert index.search(north[None], 3).ids.tolist() == [[1, 2, -1]]
    np.testing.assert_allclose(index.get(ids(1)), north[None], atol=1e-6)


def test_delete_removes_and_ignores_unknown_ids(index: VectorIndex) -> None:
    index.upsert(numbered(10), unit(10))
    index.delete(ids(3, 99, 7))
    index.delete(ids())
    assert len(index) == 8
    assert held(index) == [1, 2, 4, 5, 6, 8, 9, 10]
    assert not {3, 7} & set(index.search(unit(10), 10).ids.ravel().tolist())


def test_a_deleted_id_can_come_back(index: VectorIndex) -> None:
    index.upsert(numbered(5), unit(5))
    index.delete(ids(2))
    index.upsert(ids(2), unit(1, seed=9))
    assert len(index) == 5
    np.testing.assert_allclose(index.get(ids(2)), unit(1, seed=9), atol=1e-6)


def test_get_keeps_the_order_asked(index: VectorIndex) -> None:
    vectors = unit(9)
    index.upsert(numbered(9), vectors)
    np.testing.assert_allclose(index.get(ids(7, 2, 9, 2)), vectors[[6, 1, 8, 1]], atol=1e-6)
    assert index.get(ids()).shape == (0, DIM)


def test_get_names_unknown_ids(index: VectorIndex) -> None:
    index.upsert(numbered(3), unit(3))
    with pytest.raises(NotFound, match=r"2 ids are not among the 3 vectors.*: 77, 88\. "):
        index.get(ids(1, 77, 88))


def test_exclude_is_exact_with_ten_thousand_ids(index: VectorIndex) -> None:
    vectors = unit(10_100)
    index.upsert(numbered(10_100), vectors)
    query = unit(1, seed=5)
    order = np.argsort(-(vectors @ query[0])) + 1  # the 10,000 nearest are excluded
    hits = index.search(query, 20, exclude=order[:10_000])
    assert hits.ids[0].tolist() == order[10_000:10_020].tolist()
    most = index.search(query, 200, exclude=order[:10_000])
    assert set(most.ids[0, :100].tolist()) == set(order[10_000:].tolist())
    assert (most.ids[0, 100:] == -1).all()
    assert np.isneginf(most.scores[0, 100:]).all()


def test_exclude_leaves_every_query_of_a_batch_full(index: VectorIndex) -> None:
    vectors = unit(300)
    index.upsert(numbered(300), vectors)
    exclude = numbered(150)
    hits = index.search(vectors, 30, exclude=exclude)
    assert (hits.ids > 150).all()
    assert [len(set(row)) for row in hits.ids.tolist()] == [30] * 300


def test_exclude_may_hold_unknown_and_repeated_ids(index: VectorIndex) -> None:
    index.upsert(numbered(4), unit(4))
    hits = index.search(unit(1), 4, exclude=ids(1, 1, 500, -3))
    assert sorted(hits.ids[0].tolist()) == [-1, 2, 3, 4]
    assert index.search(unit(1), 4, exclude=ids()).ids[0, 0] == 1


def test_excluding_everything_leaves_nothing(index: VectorIndex) -> None:
    index.upsert(numbered(4), unit(4))
    assert index.search(unit(2), 2, exclude=numbered(4)).ids.tolist() == [[-1, -1]] * 2


@pytest.mark.parametrize("size", [3, 40, 190])
def test_only_restricts_and_is_exact(index: VectorIndex, size: int) -> None:
    vectors, query = unit(200), unit(2, seed=5)
    index.upsert(numbered(200), vectors)
    chosen = np.random.default_rng(1).permutation(200)[:size] + 1
    hits = index.search(query, 5, only=np.append(chosen, [999, chosen[0]]))
    for row, similarity in enumerate(query @ vectors[chosen - 1].T):
        best = chosen[np.argsort(-similarity)][:5].tolist()
        assert hits.ids[row].tolist() == best + [-1] * (5 - len(best))


def test_only_and_exclude_together(index: VectorIndex) -> None:
    index.upsert(numbered(20), unit(20))
    hits = index.search(unit(1), 5, only=ids(1, 2, 3, 4), exclude=ids(1, 3))
    assert sorted(hits.ids[0].tolist()) == [-1, -1, -1, 2, 4]
    assert index.search(unit(1), 2, only=ids()).ids.tolist() == [[-1, -1]]


def test_ties_go_by_rising_id(index: VectorIndex) -> None:
    twins = np.repeat(unit(2), 20, axis=0)  # ids 1..20 alike, 21..40 alike
    shuffled = np.random.default_rng(3).permutation(40)
    index.upsert(numbered(40)[shuffled], twins[shuffled])
    assert index.search(twins[:1], 5).ids.tolist() == [[1, 2, 3, 4, 5]]
    assert index.search(twins[:1], 25).ids.tolist() == [[*range(1, 26)]]
    left = index.search(twins[:1], 3, exclude=ids(1, 3))
    assert left.ids.tolist() == [[2, 4, 5]]
    assert index.search(twins[:1], 3, only=numbered(30, first=10)).ids.tolist() == [[10, 11, 12]]


def test_ties_hold_across_writes(index: VectorIndex) -> None:
    one = unit(1)
    index.upsert(ids(5, 9), np.repeat(one, 2, axis=0))
    index.upsert(ids(7, 2), np.repeat(one, 2, axis=0))
    assert index.search(one, 4).ids.tolist() == [[2, 5, 7, 9]]


def test_k_larger_than_rows_fills_up_with_none(index: VectorIndex) -> None:
    index.upsert(numbered(3), unit(3))
    hits = index.search(unit(1), 6)
    assert hits.ids[0, 3:].tolist() == [-1] * 3
    assert sorted(hits.ids[0, :3].tolist()) == [1, 2, 3]
    assert np.isneginf(hits.scores[0, 3:]).all()


def test_an_empty_index_answers(index: VectorIndex) -> None:
    assert len(index) == 0
    assert held(index) == []
    assert index.search(unit(2), 3).ids.tolist() == [[-1] * 3] * 2
    assert index.search(unit(1), 1, exclude=ids(1), only=ids(2)).ids.tolist() == [[-1]]
    index.delete(ids(1))
    index.upsert(ids(), np.empty((0, DIM), dtype=np.float32))
    with pytest.raises(NotFound, match=r"1 ids are not among the 0 vectors"):
        index.get(ids(1))


def test_no_queries_no_hits(index: VectorIndex) -> None:
    index.upsert(numbered(3), unit(3))
    assert index.search(np.empty((0, DIM), dtype=np.float32), 2).ids.shape == (0, 2)


def test_scan_yields_every_row_once(index: VectorIndex) -> None:
    vectors = unit(500)
    index.upsert(numbered(500), vectors)
    index.upsert(ids(4), unit(1, seed=8))
    found = {int(i): v for batch, rows in index.scan() for i, v in zip(batch, rows, strict=True)}
    assert held(index) == numbered(500).tolist()
    np.testing.assert_allclose(found[500], vectors[499], atol=1e-6)
    np.testing.assert_allclose(found[4], unit(1, seed=8)[0], atol=1e-6)


def test_a_wrong_dim_is_named_with_the_remedy(index: VectorIndex) -> None:
    wanted = r"shape \(1, 5\).*\(rows, 8\).*dim=5"
    with pytest.raises(InvalidInput, match=wanted):
        index.upsert(ids(1), unit(1, dim=5))
    with pytest.raises(InvalidInput, match=wanted):
        index.search(unit(1, dim=5), 1)
    with pytest.raises(InvalidInput, match=r"shape \(8,\)"):
        index.search(unit(1)[0], 1)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_vectors_that_are_not_finite_are_refused(index: VectorIndex, bad: float) -> None:
    vectors = unit(3)
    vectors[1, 2] = bad
    with pytest.raises(InvalidInput, match=r"1 of 3 vectors hold NaN or infinity.*row 1"):
        index.upsert(numbered(3), vectors)
    with pytest.raises(InvalidInput, match=r"NaN or infinity"):
        index.search(vectors, 1)
    assert len(index) == 0


@pytest.mark.parametrize("k", [0, -1])
def test_a_k_below_one_is_refused(index: VectorIndex, k: int) -> None:
    with pytest.raises(InvalidInput, match=rf"k is {k},.*k=1 or more"):
        index.search(unit(1), k)


def test_rows_that_make_no_sense_are_refused(index: VectorIndex) -> None:
    with pytest.raises(InvalidInput, match=r"id 4 occurs more than once among 3 rows"):
        index.upsert(ids(4, 1, 4), unit(3))
    with pytest.raises(InvalidInput, match=r"2 ids came with 3 vectors"):
        index.upsert(ids(1, 2), unit(3))
    with pytest.raises(InvalidInput, match=r"id 0 is not positive"):
        index.upsert(ids(0, 2), unit(2))
    with pytest.raises(InvalidInput, match=r"type float64.*whole numbers"):
        index.upsert(np.array([1.5]), unit(1))
    assert len(index) == 0


def test_large_ids_survive(index: VectorIndex) -> None:
    large = ids(2**62 + 1, 3, 2**31 + 7)
    index.upsert(large, unit(3))
    assert index.search(unit(3), 1).ids.ravel().tolist() == large.tolist()


def test_recall_against_exact_search(make: Make) -> None:
    vectors, queries = unit(3_000, dim=32), unit(50, dim=32, seed=1)
    index, reference = make(32), ExactIndex(32)
    index.upsert(numbered(3_000), vectors)
    reference.upsert(numbered(3_000), vectors)
    found, wanted = index.search(queries, 10), reference.search(queries, 10)
    hits = sum(len(np.intersect1d(a, b)) for a, b in zip(found.ids, wanted.ids, strict=True))
    assert hits / wanted.ids.size >= 0.98


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
@pytest.mark.parametrize("kind", [MirrorIndex, GraphMirror], ids=["mirror", "mirror-hnsw"])
def test_any_history_of_writes_agrees_with_exact_search(
    kind: type[MirrorIndex], data: st.DataObject
) -> None:
    mirror, reference = kind(3), ExactIndex(3)
    grid = unit(6, dim=3)  # few distinct vectors: many ties
    for _ in range(data.draw(st.integers(1, 5))):
        rows = data.draw(st.dictionaries(st.integers(1, 30), st.integers(0, 5), max_size=12))
        keys, vectors = ids(*rows), grid[list(rows.values())].reshape(-1, 3)
        for index in (mirror, reference):
            index.upsert(keys, vectors)
        dropped = ids(*data.draw(st.lists(st.integers(1, 30), max_size=4)))
        for index in (mirror, reference):
            index.delete(dropped)
    some = st.none() | st.lists(st.integers(1, 30), max_size=20).map(lambda x: ids(*x))
    k, exclude, only = data.draw(st.integers(1, 40)), data.draw(some), data.draw(some)
    found = mirror.search(grid, k, exclude=exclude, only=only)
    wanted = reference.search(grid, k, exclude=exclude, only=only)
    assert len(mirror) == len(reference)
    assert found.ids.tolist() == wanted.ids.tolist()
    np.testing.assert_allclose(found.scores, wanted.scores, atol=1e-6)
