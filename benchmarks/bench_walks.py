"""Walks per second, beside DGL's PinSAGESampler on the same graph and settings in the same run.

Walks from batches of items of ML-1M (--data) or of made-up data of its size. Every call has
other items and another seed. Rounds of both sides take turns; the best round of each counts.
DGL needs an environment of its own: `sh benchmarks/peers/dgl.sh FOLDER` makes one, and
`--peer FOLDER` uses it. Run: `python benchmarks/bench_walks.py --peer FOLDER`. Prints one JSON
line; append it to results/walks.jsonl.
"""

import argparse
import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from machine import describe
from movies import load
from nearfield.graph.bipartite import BipartiteGraph
from nearfield.graph.builder import GraphBuilder
from nearfield.graph.walks import WalkConfig, Walks

LENGTH, RESTART, NEIGHBOURS = 2, 0.5, 10
ONE_ROUND = 60_000
"""Walks of a round; at least one call."""


@dataclass(frozen=True)
class Case:
    """What is measured: how many items at once, how many walks from each, on how many threads."""

    batch: int
    walks: int
    threads: int

    @property
    def calls(self) -> int:
        """Return how often a round calls the sampler."""
        return max(1, ONE_ROUND // (self.batch * self.walks))


class Peer:
    """A process that walks with DGL."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.versions = self._read()

    def run(self, case: Case, seed: int) -> dict[str, float]:
        """Return wall and CPU seconds of one round."""
        assert self._process.stdin is not None
        settings = {"length": LENGTH, "restart": RESTART, "neighbours": NEIGHBOURS, "seed": seed}
        want = settings | {"batch": case.batch, "walks": case.walks, "calls": case.calls}
        self._process.stdin.write(json.dumps(want) + "\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("bench_walks: the peer ended; run benchmarks/peers/dgl.sh again")
        found: dict[str, Any] = json.loads(line)
        return found


@contextmanager
def start_peer(python: Path, graph: Path, threads: int) -> Iterator[Peer]:
    """Start a peer that uses so many threads, and end it."""
    program = Path(__file__).parent / "peers" / "dgl_walks.py"
    # on a busy machine threads that wait actively hold one another up
    openmp = {"OMP_NUM_THREADS": str(threads), "OMP_WAIT_POLICY": "PASSIVE"}
    process = subprocess.Popen(
        [str(python), "-W", "ignore", str(program), str(graph), str(threads)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | openmp | {"DGLBACKEND": "pytorch"},
    )
    try:
        yield Peer(process)
    finally:
        process.terminate()
        process.wait(timeout=10)


def run_ours(walks: Walks, asked: NDArray[np.int64], case: Case, seed: int) -> dict[str, float]:
    """Return wall and CPU seconds of one round."""
    rng = np.random.default_rng(seed)
    batches = [rng.permutation(asked)[: case.batch] for _ in range(case.calls)]
    visits = int(walks.neighbours(batches[0], seed).counts.sum())  # warm-up, not timed
    wall, cpu = time.perf_counter(), time.process_time()
    for call, batch in enumerate(batches):
        walks.neighbours(batch, seed + call)
    taken = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    return taken | {"visits": visits}


def make_graph(data: Path | None, seed: int) -> BipartiteGraph:
    """Return the graph of a MovieLens release, or one of ML-1M's size with popular items."""
    if data is not None:
        return BipartiteGraph.of(load(data))
    rng = np.random.default_rng(seed)
    users, items = 6_040 * rng.random(1_000_000), 3_706 * rng.random(1_000_000) ** 2
    made = GraphBuilder().add_entities("users", range(6_040)).add_entities("items", range(3_706))
    ends = users.astype(np.int64), items.astype(np.int64)
    return made.add_binary_relations("users", "items", *ends).build()


def rates(case: Case, runs: list[dict[str, float]]) -> dict[str, float]:
    """Return walks per second of the best round, in millions, and the milliseconds of a call."""
    wall, cpu = (min(run[clock] for run in runs) for clock in ("wall", "cpu"))
    walks = case.batch * case.walks
    return {
        "M walks per s": round(case.calls * walks / wall / 1e6, 2),
        "M walks per CPU s": round(case.calls * walks / cpu / 1e6, 2),
        "ms per call": round(wall / case.calls * 1e3, 3),
        "visits counted per walk": round(runs[0]["visits"] / walks, 3),
    }


def compare(
    graph: BipartiteGraph, case: Case, peer: Peer | None, given: argparse.Namespace
) -> dict[str, Any]:
    """Let both sides take turns."""
    asked = np.flatnonzero(graph.item_users.degrees)
    # DGL counts visits to the item itself: so do we here
    config = WalkConfig(
        neighbours=NEIGHBOURS,
        walks=case.walks,
        length=LENGTH,
        restart=RESTART,
        include_seed=True,
    )
    walks = Walks(graph, config, case.threads)
    ours, theirs = [], []
    for turn in range(given.rounds):
        ours.append(run_ours(walks, asked, case, given.seed + turn))
        if peer is not None:
            theirs.append(peer.run(case, given.seed + turn))
    figures: dict[str, Any] = vars(case) | {"nearfield": rates(case, ours)}
    if peer is not None:
        figures["DGL"] = rates(case, theirs)
        mine, other = (figures[side]["M walks per s"] for side in ("nearfield", "DGL"))
        figures["times as fast"] = round(mine / other, 1)
    return figures


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="an ml-1m folder, instead of made-up data")
    parser.add_argument("--peer", type=Path, help="the environment that peers/dgl.sh made")
    parser.add_argument("--rounds", type=int, default=7, help="rounds, of which the best counts")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    graph = make_graph(given.data, given.seed)
    asked = np.flatnonzero(graph.item_users.degrees)
    owners = np.repeat(np.arange(len(graph.users)), graph.user_items.degrees)
    figures, versions = [], {"numba": version("numba")}
    with TemporaryDirectory() as scratch, ExitStack() as stack:
        arrays = Path(scratch) / "graph.npz"
        neighbours = graph.user_items.neighbours.astype(np.int64)
        np.savez(arrays, users=owners, items=neighbours, asked=asked)
        for threads in (1, 2):
            peer = None
            if given.peer is not None:
                python = given.peer / "bin" / "python"
                peer = stack.enter_context(start_peer(python, arrays, threads))
                versions |= peer.versions
            for batch in (32, len(asked)):
                for walks in (10, 100):
                    figures.append(compare(graph, Case(batch, walks, threads), peer, given))
    sizes = {"users": len(graph.users), "items": len(asked), "edges": graph.edges}
    settings = {"length": LENGTH, "restart": RESTART, "neighbours": NEIGHBOURS}
    line = {"bench": "walks", "machine": describe() | versions, "seed": given.seed}
    line |= {
        "data": given.data is not None,
        "sizes": sizes,
        "settings": settings,
        "figures": figures,
    }
    print(json.dumps(line))


if __name__ == "__main__":
    main()
