"""Seconds and memory to build a graph of power-law edges, and to read it back from disk.

Run: `python benchmarks/bench_graph.py --edges 20000000`. Prints one JSON line; append it to
results/graph.jsonl. Memory is the highest that the process reached (Linux) beyond what it held
before, which is the edges as two int64 arrays, and their times.
"""

import argparse
import json
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from machine import describe
from nearfield.graph.bipartite import BipartiteGraph
from nearfield.graph.builder import GraphBuilder
from nearfield.graph.walks import WalkConfig, Walks

BATCH = 2_048


def power_law(nodes: int, edges: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return one end of each edge: a node's chance falls with its rank, by the power of 0.8."""
    ends = (nodes * rng.random(edges) ** 5).astype(np.int64)
    return np.asarray(rng.permutation(nodes)[ends])


def build(users: int, items: int, edges: tuple[NDArray[np.int64], ...]) -> BipartiteGraph:
    """Build the graph; a third array holds times."""
    made = GraphBuilder().add_entities("users", range(users)).add_entities("items", range(items))
    times = edges[2] if len(edges) == 3 else None
    return made.add_binary_relations("users", "items", *edges[:2], times=times).build()


def status(name: str) -> float:
    """Return a figure of this process in MB, e.g. VmRSS: what it holds in memory."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) / 1024
    return float("nan")


def measure(task: Callable[[], Any]) -> tuple[Any, dict[str, float]]:
    """Run once; return the result, the seconds, and the memory beyond what was held before."""
    Path("/proc/self/clear_refs").write_text("5")  # forget the highest so far
    before, wall, cpu = status("VmRSS"), time.perf_counter(), time.process_time()
    result = task()
    return result, {
        "wall s": round(time.perf_counter() - wall, 3),
        "CPU s": round(time.process_time() - cpu, 3),
        "MB more": round(status("VmHWM") - before),
    }


def use(graph: BipartiteGraph, seeds: NDArray[np.int64]) -> dict[str, dict[str, float]]:
    """Measure walks in memory, saving, and walks from the disk."""
    figures = {}
    walks = Walks(graph, WalkConfig(), threads=1)
    walks.neighbours(seeds[:1], 0)  # compiles
    _, figures["walks"] = measure(lambda: walks.neighbours(seeds, 0))
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        _, figures["save"] = measure(lambda: graph.save(folder))
        mapped, figures["load mapped"] = measure(lambda: BipartiteGraph.load(folder, mapped=True))
        from_disk = Walks(mapped, WalkConfig(), threads=1)
        _, figures["walks, mapped"] = measure(lambda: from_disk.neighbours(seeds, 0))
    return figures


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--edges", type=int, default=20_000_000)
    parser.add_argument("--users", type=int, default=2_000_000)
    parser.add_argument("--items", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data", help="not used; every benchmark accepts it")
    given = parser.parse_args()
    rng = np.random.default_rng(given.seed)
    ends = [power_law(nodes, given.edges, rng) for nodes in (given.users, given.items)]
    times = rng.integers(0, 10**9, given.edges)
    build(2, 2, (np.arange(2), np.arange(2), np.arange(2)))  # compiles
    figures: dict[str, dict[str, float]] = {}
    _, figures["build"] = measure(lambda: build(given.users, given.items, tuple(ends)))
    graph, figures["build with times"] = measure(
        lambda: build(given.users, given.items, (*ends, times))
    )
    figures |= use(graph, rng.choice(given.items, BATCH, replace=False))
    line = {"bench": "graph", "machine": describe() | {"numba": version("numba")}}
    sizes = {
        "given": given.edges,
        "merged": graph.edges,
        "users": given.users,
        "items": given.items,
    }
    sizes |= {"seeds": BATCH, "walks of each": WalkConfig().walks}
    print(json.dumps(line | {"seed": given.seed, "sizes": sizes, "figures": figures}))


if __name__ == "__main__":
    main()
