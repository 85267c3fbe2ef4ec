"""How well fusion, graph and their blend rank what users take next, and how long they train.

The last event of each user is the test (docs/evaluation.md, last-out). EASE and iALS, both with
recency, are measured in the same run. Memory is that of the process after the fusion model.
Run: `python benchmarks/bench_fusion.py --data DIR` with a MovieLens release (small made-up data
without). Prints one JSON line; append it to results/fusion.jsonl. Compare seconds from one
machine only.
"""

import argparse
import json
import os
import resource
import time
from pathlib import Path

import torch

from machine import describe
from movies import load
from nearfield.evaluate.blend import BlendCandidate, Once
from nearfield.evaluate.candidates import Candidate
from nearfield.evaluate.fusion_model import FusionCandidate
from nearfield.evaluate.graph_model import GraphCandidate
from nearfield.evaluate.lineup import ranking_baselines
from nearfield.evaluate.protocol import evaluate_last_out
from nearfield.fusion.config import FusionConfig
from nearfield.graph.config import GraphConfig

PEERS = ("EASE + recency", "iALS + recency")


def main() -> None:
    """Train, rank, print one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of a MovieLens release")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, help="of fusion; its default where not given")
    parser.add_argument("--graph", action="store_true", help="also the graph model and the blend")
    given = parser.parse_args()
    collection = load(given.data)
    chosen = {"seed": given.seed} | ({"epochs": given.epochs} if given.epochs else {})
    config = FusionConfig.model_validate(chosen)
    fusion = Once(FusionCandidate(config))
    items = collection.interactions.items
    peers = [one for one in ranking_baselines(items, recency=True) if one.name in PEERS]
    ours: list[Candidate] = [fusion]
    if given.graph:
        graph = Once(GraphCandidate(GraphConfig(seed=given.seed)))
        ours += [graph, BlendCandidate({"fusion": fusion, "graph": graph})]
    start, cpu = time.perf_counter(), time.process_time()
    measured = evaluate_last_out(collection, ours)
    rows = [next(measured)]
    wall, used = time.perf_counter() - start, time.process_time() - cpu
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    rows += [*measured, *evaluate_last_out(collection, peers)]
    line = {
        "bench": "fusion",
        **describe(),
        "threads": torch.get_num_threads(),
        "load": round(os.getloadavg()[0], 1),
        "data": collection.name,
        "users": collection.interactions.users,
        "items": items,
        "events": len(collection.interactions),
        "seed": given.seed,
        "epochs": config.epochs,
        "fusion_wall_seconds": round(wall, 1),
        "fusion_cpu_seconds": round(used, 1),
        "fusion_peak_gib": round(memory, 2),
        "rows": [
            {"model": row.model} | {name: round(value, 4) for name, value in row.metrics.items()}
            for row in rows
        ],
    }
    print(json.dumps(line))


if __name__ == "__main__":
    main()
