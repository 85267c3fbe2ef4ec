"""The HNSW graph over the rows of a mirror, built in the background."""

import atexit
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import faiss

from nearfield.types import Vectors

_CHUNK: Final = 1_000
"""Rows added between two looks at the stop flag: some tenths of a second."""


@dataclass(frozen=True, slots=True)
class GraphConfig:
    """Shape of the graph and where it starts to pay.

    Parameters
    ----------
    rows : int
        Below this many rows all are compared, which is exact and quick enough.
    links : int
        Links of each row; the bottom layer has twice as many.
    ef_build, ef_search : int
        Candidates held while building, and at least while searching.
    """

    rows: int = 50_000
    links: int = 32
    ef_build: int = 120
    ef_search: int = 128


def build_graph(
    vectors: Vectors, config: GraphConfig, stop: threading.Event | None = None
) -> Any | None:
    """Return a faiss HNSW index of all rows, or None if `stop` was set on the way.

    One thread: the graph is then the same at every build.
    """
    faiss.omp_set_num_threads(1)  # of this thread only
    graph = faiss.IndexHNSWFlat(vectors.shape[1], config.links, faiss.METRIC_INNER_PRODUCT)
    graph.hnsw.efConstruction = config.ef_build
    for start in range(0, len(vectors), _CHUNK):
        if stop is not None and stop.is_set():
            return None
        graph.add(vectors[start : start + _CHUNK])
    return graph


class BackgroundBuild:
    """One build in a thread of its own, which neither outlives nor holds up the process.

    Parameters
    ----------
    vectors : float32, shape (rows, dim)
        What to build over.
    config : GraphConfig
        How.
    done : callable
        Receives the finished graph, in the building thread.
    """

    def __init__(self, vectors: Vectors, config: GraphConfig, done: Callable[[Any], None]) -> None:
        self._stop = threading.Event()
        self._done = done
        self._thread = threading.Thread(
            target=self._run, args=(vectors, config), name="nearfield-graph", daemon=True
        )
        atexit.register(self.stop)  # a thread inside faiss must end before the interpreter does
        self._thread.start()

    def stop(self) -> None:
        """End the build early and wait until it has."""
        self._stop.set()
        self._thread.join()
        atexit.unregister(self.stop)

    def wait(self) -> None:
        """Wait until the build has ended."""
        self._thread.join()

    def _run(self, vectors: Vectors, config: GraphConfig) -> None:
        graph = build_graph(vectors, config, self._stop)
        if graph is not None:
            self._done(graph)
