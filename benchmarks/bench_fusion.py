"""How well the fusion model ranks what users take next, how long it trains, how much it needs.

The last event of each user is the test (docs/evaluation.md, last-out). EASE and iALS, both with
recency, are measured in the same run.
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
from nearfield.evaluate.fusion_model import FusionCandidate
from nearfield.evaluate.lineup import ranking_baselines
from nearfield.evaluate.protocol import evaluate_last_out
from nearfield.fusion.config import FusionConfig

PEERS = ("EASE + recency", "iALS + recency")


def main() -> None:
    """Train, rank, print one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of a MovieLens release")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, help="the model's default where not given")
    given = parser.parse_args()
    collection = load(given.data)
    chosen = {"seed": given.seed} | ({"epochs": given.epochs} if given.epochs else {})
    fusion = FusionCandidate(FusionConfig.model_validate(chosen))
    items = collection.interactions.items
    peers = [one for one in ranking_baselines(items, recency=True) if one.name in PEERS]
    start, cpu = time.perf_counter(), time.process_time()
    rows = list(evaluate_last_out(collection, [fusion]))
    wall, used = time.perf_counter() - start, time.process_time() - cpu
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    rows += list(evaluate_last_out(collection, peers))
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
        "epochs": fusion.config.epochs,
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
