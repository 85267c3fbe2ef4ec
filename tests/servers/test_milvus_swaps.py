"""Versions swap on a real Milvus server while others read: no answer is empty or mixed."""

import threading
from collections.abc import Iterator
from functools import partial

import numpy as np
import pytest

from nearfield.errors import NearfieldError
from nearfield.vectors.embeddings import Embeddings
from nearfield.vectors.spaces import Spaces
from real_servers.milvus import milvus_server
from service_process import wait_for

pytestmark = [pytest.mark.servers, pytest.mark.milvus]

ROWS, DIM, SWAPS, PATIENCE = 500, 8, 36, 30.0


def rows(seed: int) -> Embeddings:
    vectors = np.random.default_rng(seed).normal(size=(ROWS, DIM)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return Embeddings(np.arange(1, ROWS + 1) + seed * ROWS, vectors, {})


VERSIONS = {f"v{seed}": rows(seed) for seed in (1, 2)}


class Reader(threading.Thread):
    """Asks all along, as a service of its own."""

    def __init__(self, uri: str, seed: int) -> None:
        super().__init__()
        self.spaces = Spaces(uri)
        self.over = threading.Event()
        self.faults = list[str]()
        self.seen = ""
        self.answers = 0
        self._rng = np.random.default_rng(seed)

    def run(self) -> None:
        with self.spaces:
            while not self.over.wait(0.01):
                try:
                    self._ask()
                except NearfieldError as error:
                    self.faults.append(str(error))

    def _ask(self) -> None:
        space, index = self.spaces.open("movies", "fusion")
        made = VERSIONS[space.version]
        some = self._rng.integers(0, ROWS, 3)
        hits = index.search(made.vectors[some], 5)
        whole = (hits.ids > 0).all() and np.isin(hits.ids, made.ids).all()
        if not whole or hits.ids[:, 0].tolist() != made.ids[some].tolist():
            self.faults.append(f"{space.version}: {hits.ids.tolist()}")
        self.seen = space.version
        self.answers += 1


def all_see(readers: list[Reader], version: str) -> bool:
    return {reader.seen for reader in readers} == {version}


@pytest.fixture(scope="module")
def uri() -> Iterator[str]:
    with milvus_server() as found:
        yield found


def test_readers_see_one_whole_version_all_along(uri: str) -> None:
    with Spaces(uri) as spaces:
        for version, made in VERSIONS.items():
            list(spaces.publish("movies", "fusion", version, made))
        readers = [Reader(uri, seed) for seed in range(3)]
        for reader in readers:
            reader.start()
        try:
            for swap in range(SWAPS):
                now = spaces.rollback("movies", "fusion").version
                if swap % 6 == 0 or swap == SWAPS - 1:
                    wait_for(partial(all_see, readers, now), PATIENCE)
        finally:
            for reader in readers:
                reader.over.set()
            for reader in readers:
                reader.join()
    assert [fault for reader in readers for fault in reader.faults] == []
    assert min(reader.answers for reader in readers) > SWAPS
