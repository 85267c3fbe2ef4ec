"""How the graph recommender grows: a power-law graph of 1 M, 10 M and 100 M edges.

A hundredth as many items as edges and a tenth as many users; edges are made up in blocks. Each
size is measured in a process of its own: the building of the graph, walks from a batch of 10,000
items in memory and mapped from the disk (just after the system forgot its pages, and again), the
walks from all items that begin an epoch, and training steps of the objective `retrieval` at its
defaults. Run: `python benchmarks/bench_graph_scale.py`; the largest takes some minutes and 7 GB.
Prints one JSON line; append it to results/graph_scale.jsonl. `--plot FILE` draws the last line of
that file as SVG. Memory is the highest that the process reached (Linux), in MB.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import torch
from matplotlib import rc_context
from matplotlib.figure import Figure

from bench_graph import measure, status
from machine import describe
from nearfield.graph.bipartite import BipartiteGraph, Edges, assemble
from nearfield.graph.config import GraphConfig
from nearfield.graph.material import Material
from nearfield.graph.network import GraphNetwork
from nearfield.graph.next_items import NextItems
from nearfield.graph.nodes import Nodes
from nearfield.graph.walks import Walks
from nearfield.networks.features import TITLE_WORDS, ItemFeatures, Vocabulary
from nearfield.networks.histories import Histories
from nearfield.training.loop import Loop, Step

BATCH: Final = 10_000
BLOCK: Final = 5_000_000
"""Edges made up at once."""

STEPS: Final = 3
"""Training steps that are timed, after the first."""

GENRES, WORDS = 18, 5_000


def make_edges(edges: int, users: int, items: int, seed: int) -> Edges:
    """Draw both ends of each edge; a node's chance falls with its rank, by the power of 0.8."""
    rng = np.random.default_rng(seed)
    found = [np.empty(edges, np.int32) for _ in range(2)]
    names = [rng.permutation(nodes).astype(np.int32) for nodes in (users, items)]
    for start in range(0, edges, BLOCK):
        part = slice(start, min(start + BLOCK, edges))
        for ends, name in zip(found, names, strict=True):
            ranks = len(name) * rng.random(part.stop - part.start) ** 5
            ends[part] = name[ranks.astype(np.int64)]
    return Edges(found[0], found[1])


def forget(folder: Path) -> None:
    """Let the system forget the pages of files."""
    for path in folder.rglob("*.npy"):
        with path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def walk(graph: BipartiteGraph, config: GraphConfig, seed: int) -> dict[str, Any]:
    """Measure walks from a batch, in memory and mapped, and from all items."""
    rng = np.random.default_rng(seed)
    asked = rng.choice(np.flatnonzero(graph.item_users.degrees), BATCH).astype(np.int32)
    here = Walks(graph, config.walk)
    here.neighbours(asked[:1], 0)  # compiles
    figures = {}
    _, figures["walks, in memory"] = measure(lambda: here.neighbours(asked, 0))
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        graph.save(folder)
        mapped = BipartiteGraph.load(folder, mapped=True)
        there = Walks(mapped, config.walk)
        forget(folder)
        _, figures["walks, mapped, first"] = measure(lambda: there.neighbours(asked, 0))
        _, figures["walks, mapped, again"] = measure(lambda: there.neighbours(asked, 1))
    for found in figures.values():
        found["M walks per s"] = round(BATCH * config.walks / found["wall s"] / 1e6, 2)
    _, figures["walks from all items"] = measure(lambda: here.all(0))
    return figures


def make_material(graph: BipartiteGraph, config: GraphConfig, seed: int) -> Material:
    """Return what training needs: made-up features, and the edges as histories."""
    rng = np.random.default_rng(seed)
    items = len(graph.items)
    vocabulary = Vocabulary(
        genres=tuple(f"genre {row:02}" for row in range(GENRES)),
        words=tuple(f"word{row}" for row in range(WORDS)),
        first_year=1920,
        last_year=2020,
        ratings=(),
        attributes={},
    )
    features = ItemFeatures(
        (rng.random((items, GENRES), dtype=np.float32) < 0.1).astype(np.float32),
        rng.integers(0, WORDS + 1, (items, TITLE_WORDS)),
        rng.integers(0, vocabulary.year_codes, items),
    )
    taken = graph.user_items.neighbours.astype(np.int64)
    histories = Histories(taken, np.zeros(len(taken), np.int64), graph.user_items.indptr)
    network = GraphNetwork(config, vocabulary, items)
    return Material(network, config, features, histories, Walks(graph, config.walk))


def timed(steps: Iterator[Step]) -> Iterator[float]:
    """Yield the seconds of each step."""
    start = time.perf_counter()
    for _ in steps:
        yield time.perf_counter() - start
        start = time.perf_counter()


def train(graph: BipartiteGraph, config: GraphConfig, seed: int) -> dict[str, Any]:
    """Measure training steps; the first waits for the walks from all items and its batch."""
    material = make_material(graph, config, seed)
    held = status("VmRSS")
    steps = Loop(material.network, config).run(NextItems(material))

    def some() -> list[float]:
        with closing(timed(steps)) as seconds:  # type: ignore[type-var]
            return [next(seconds) for _ in range(1 + STEPS)]

    seconds, figures = measure(some)
    weights = sum(weight.numel() for weight in material.network.parameters())
    return {
        "ranked among": "all" if material.items <= config.whole_below else "a sample",
        "M weights": round(weights / 1e6, 1),
        "first step s": round(seconds[0], 2),
        "step s": round(float(np.median(seconds[1:])), 3),
        "MB before": round(held),
        "MB more": figures["MB more"],
    }


def one(edges: int, seed: int) -> dict[str, Any]:
    """Measure one size."""
    users, items = edges // 10, edges // 100
    config = GraphConfig(epochs=1, seed=seed)
    nodes = Nodes("users", np.arange(users)), Nodes("items", np.arange(items))
    assemble(Nodes("users", np.arange(2)), Nodes("items", np.arange(2)), make_edges(9, 2, 2, 0))
    made = [make_edges(edges, users, items, seed)]
    graph, building = measure(lambda: assemble(*nodes, made.pop()))
    return {
        "edges": edges,
        "merged": graph.edges,
        "users": users,
        "items": items,
        "build": building,
        **walk(graph, config, seed),
        "training": train(graph, config, seed),
        "peak MB": round(status("VmHWM")),
    }


LINES: Final[dict[str, Callable[[dict[str, Any]], float]]] = {
    "building, s": lambda size: size["build"]["wall s"],
    "walks from all items, s": lambda size: size["walks from all items"]["wall s"],
    "a batch's walks in memory, s": lambda size: size["walks, in memory"]["wall s"],
    "the same mapped from disk, s": lambda size: size["walks, mapped, first"]["wall s"],
    "a training step, s": lambda size: size["training"]["step s"],
    "memory of building, GB": lambda size: size["build"]["MB more"] / 1024,
    "memory of training, GB": lambda size: (
        (size["training"]["MB before"] + size["training"]["MB more"]) / 1024
    ),
}


def plot(sizes: list[dict[str, Any]]) -> str:
    """Return SVG of how figures grow with the edges, both axes logarithmic."""
    style: dict[Any, Any] = {"svg.fonttype": "none", "svg.hashsalt": "nearfield", "font.size": 9}
    with rc_context(style):
        figure = Figure(figsize=(8, 3.6), layout="constrained")
        axes = figure.subplots(1, 2)
        for name, of in LINES.items():
            side = axes[1] if name.startswith("memory") else axes[0]
            edges, values = [size["edges"] for size in sizes], [of(size) for size in sizes]
            side.loglog(edges, values, "o-", markersize=3, linewidth=1.2, label=name)
        for side in axes:
            side.set_xlabel("edges")
            side.grid(linewidth=0.3)
            side.legend(frameon=False, fontsize=8)
            side.spines[["top", "right"]].set_visible(False)
        path = Path(TemporaryDirectory().name + ".svg")
        figure.savefig(path, metadata={"Date": None})
    found = path.read_text(encoding="utf-8")
    path.unlink()
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--edges", type=int, nargs="+", default=[10**6, 10**7, 10**8])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--one", action="store_true", help="measure one size in this process")
    parser.add_argument("--plot", type=Path, help="draw the last measured line into this file")
    parser.add_argument("--data", help="not used; every benchmark accepts it")
    given = parser.parse_args()
    if given.one:
        print(json.dumps(one(given.edges[0], given.seed)))
        return
    if given.plot is not None:
        kept = Path(__file__).parent / "results" / "graph_scale.jsonl"
        line = json.loads(kept.read_text(encoding="utf-8").splitlines()[-1])
        given.plot.write_text(plot(line["sizes"]), encoding="utf-8")
        return
    sizes = []
    for edges in given.edges:
        command = [sys.executable, __file__, "--one", "--seed", str(given.seed)]
        done = subprocess.run(
            [*command, "--edges", str(edges)], stdout=subprocess.PIPE, text=True, check=True
        )
        sizes.append(json.loads(done.stdout))
    line = {"bench": "graph_scale", "machine": describe() | {"numba": version("numba")}}
    settings = GraphConfig(epochs=1, seed=given.seed).model_dump(mode="json")
    line |= {"seed": given.seed, "batch": BATCH, "threads": torch.get_num_threads()}
    print(json.dumps(line | {"settings": settings, "sizes": sizes}))


if __name__ == "__main__":
    main()
