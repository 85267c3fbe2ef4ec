"""Vectors of a graph's items with less memory than they need: mapped files beside memory.

A made-up power-law graph lies on the disk, mapped, as that of a saved model does; PinSage has
random weights, and what an item brings along is made of its row: nothing but inference is measured,
that is walks from all items, all layers and the output. Each way runs in a process of its own that
may hold --limit MB of anonymous memory beyond what it starts with (RLIMIT_DATA; mapped files do not
count), and once more without a limit. `peak MB` is the most anonymous memory at any time, sampled
20 times a second. The digest of all vectors tells whether two ways found the same bits. Run:
`python benchmarks/bench_graph_memory.py`; the default takes some minutes and 6 GB of disk. Prints
one JSON line; append it to results/graph_memory.jsonl. Linux only.
"""

import argparse
import hashlib
import json
import resource
import subprocess
import sys
import threading
import time
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import torch

from bench_graph import status
from bench_graph_scale import make_edges
from machine import describe
from nearfield.graph.bipartite import BipartiteGraph, assemble
from nearfield.graph.config import GraphConfig
from nearfield.graph.inference import all_levels, all_neighbours, bytes_of_levels
from nearfield.graph.nodes import Nodes
from nearfield.graph.pinsage import PinSage
from nearfield.graph.room import MEMORY, Disk, Room
from nearfield.graph.walks import Walks

WAYS: Final = ("in memory", "mapped")
_MEGA: Final = 1024 * 1024


class Peak:
    """The most anonymous memory of this process while the block runs, in MB."""

    def __init__(self) -> None:
        self.mb = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Peak":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.is_set():
            self.mb = max(self.mb, status("RssAnon"))
            self._over.wait(0.05)


def network(config: GraphConfig) -> PinSage:
    """Return convolutions with random weights, in evaluation mode."""
    torch.manual_seed(config.seed)
    found = PinSage(config).eval()
    torch.nn.init.normal_(found.out.weight, std=0.1)
    return found


def bring(part: slice, dim: int) -> torch.Tensor:
    """Return made-up vectors of some items, the same however they are parted."""
    rows = torch.arange(part.start, part.stop, dtype=torch.float64)[:, None]
    waves = torch.arange(1, dim + 1, dtype=torch.float64) * 0.7548776662
    return torch.sin(rows * waves).float()


def infer(folder: Path, config: GraphConfig, room: Room) -> tuple[dict[str, float], str]:
    """Work out all vectors; return the seconds of each part, and a digest of the vectors."""
    graph = BipartiteGraph.load(folder, mapped=True)
    pinsage = network(config)
    start = time.perf_counter()
    walks = Walks(graph, config.walk)
    found = all_neighbours(walks, config.walk_seed(config.epochs), room)
    walked = time.perf_counter()
    levels = all_levels(pinsage, lambda part: bring(part, config.dim), found, room)
    done = time.perf_counter()
    digest = hashlib.blake2b(digest_size=8)
    for begin in range(0, len(levels.vectors), 65_536):
        digest.update(levels.vectors[begin : begin + 65_536].numpy().tobytes())
    seconds = {"walks s": round(walked - start, 1), "layers s": round(done - walked, 1)}
    return seconds, digest.hexdigest()


def one(folder: Path, config: GraphConfig, way: str, limit: int | None) -> dict[str, Any]:
    """Measure one way in this process."""
    graph = BipartiteGraph.load(folder, mapped=True)
    Walks(graph, config.walk).neighbours([0], 0)  # compiles
    bring(slice(0, 9), config.dim) @ network(config).out.weight.detach().T  # starts threads
    before = status("RssAnon")
    if limit is not None:
        most = int((status("VmData") + limit) * _MEGA)
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    cpu = time.process_time()
    with TemporaryDirectory(dir=folder.parent) as scratch, Peak() as peak:
        room = MEMORY if way == "in memory" else Disk(Path(scratch) / "room", {})
        try:
            seconds, digest = infer(folder, config, room)
        except (MemoryError, RuntimeError) as error:
            if isinstance(error, RuntimeError) and "memory" not in str(error):
                raise
            return {"failed": str(error).splitlines()[0][:100]}
    return {
        **seconds,
        "CPU s": round(time.process_time() - cpu, 1),
        "MB before": round(before),
        "peak MB": round(peak.mb),
        "digest": digest,
    }


def build(given: argparse.Namespace, folder: Path) -> int:
    """Write the graph; return its edges."""
    names = Nodes("users", np.arange(given.users)), Nodes("items", np.arange(given.items))
    made = [make_edges(given.edges, given.users, given.items, given.seed)]
    graph = assemble(*names, made.pop())
    graph.save(folder)
    return graph.edges


def compare(given: argparse.Namespace, config: GraphConfig) -> dict[str, Any]:
    """Measure all ways, with the limit and without."""
    figures: dict[str, Any] = {}
    with TemporaryDirectory(dir=given.scratch) as scratch:
        folder = Path(scratch) / "graph"
        options = [f"--{name}={getattr(given, name)}" for name in SIZES]
        command = [sys.executable, __file__, *options, "--folder", str(folder)]
        built = subprocess.run([*command, "--way", "build"], stdout=subprocess.PIPE, check=True)
        figures["edges, merged"] = json.loads(built.stdout)
        for limit in (given.limit, None):
            for way in WAYS:
                chosen = ["--way", way, *([] if limit is None else ["--limit", str(limit)])]
                done = subprocess.run([*command, *chosen], stdout=subprocess.PIPE, check=True)
                name = way if limit is None else f"{way}, at most {limit} MB"
                figures[name] = json.loads(done.stdout)
    needed = bytes_of_levels(given.items, network(config), config.neighbours)
    return {"arrays MB": round(needed / _MEGA), "ways": figures}


SIZES: Final = ("items", "users", "edges", "dim", "seed")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--items", type=int, default=5_000_000)
    parser.add_argument("--users", type=int, default=5_000_000)
    parser.add_argument("--edges", type=int, default=50_000_000)
    parser.add_argument("--dim", type=int, default=64)
    parser.add_argument("--limit", type=int, help="MB; 1,024 if not given")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--scratch", type=Path, help="folder for the files")
    parser.add_argument("--data", help="not used; every benchmark accepts it")
    parser.add_argument("--way", choices=("build", *WAYS), help="this alone, in this process")
    parser.add_argument("--folder", type=Path, help="where the graph lies")
    given = parser.parse_args()
    config = GraphConfig(dim=given.dim, seed=given.seed)
    if given.way == "build":
        print(build(given, given.folder))
        return
    if given.way is not None:
        print(json.dumps(one(given.folder, config, given.way, given.limit)))
        return
    given.limit = given.limit or 1024
    line: dict[str, Any] = {
        "bench": "graph_memory",
        "machine": describe() | {"numba": version("numba")},
    }
    line |= {name: getattr(given, name) for name in SIZES} | {"limit MB": given.limit}
    line |= {"threads": torch.get_num_threads(), "layers": config.layers}
    print(json.dumps(line | {"neighbours": config.neighbours} | compare(given, config)))


if __name__ == "__main__":
    main()
