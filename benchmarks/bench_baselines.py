"""What the baselines reach under each protocol, and how long they take.

Run: `python benchmarks/bench_baselines.py --data DIR` with a MovieLens release (small made-up data
without). Prints one JSON line; append it to results/baselines.jsonl. Compare seconds from one
machine only; the other figures depend on nothing but data, seed and versions.
"""

import argparse
import json
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from machine import describe
from movies import load
from nearfield.datasets.tables import Collection
from nearfield.evaluate.lineup import cold_baselines, ranking_baselines, rating_baselines
from nearfield.evaluate.protocol import (
    evaluate_attributes_only,
    evaluate_last_out,
    evaluate_random,
    evaluate_rating,
)
from nearfield.evaluate.report import write_report
from nearfield.evaluate.rows import Row


def measure(collection: Collection, seed: int) -> Iterator[tuple[str, list[Row]]]:
    """Yield each protocol with the rows of its baselines."""
    items = collection.interactions.items
    yield "last-out", list(evaluate_last_out(collection, ranking_baselines(items, recency=True)))
    yield "random", list(evaluate_random(collection, ranking_baselines(items, recency=False), seed))
    yield "attributes-only", list(evaluate_attributes_only(collection, cold_baselines(), seed=seed))
    yield "rating", list(evaluate_rating(collection, rating_baselines(), seed))


def line(row: Row) -> dict[str, Any]:
    """Return a row with its settings, rounded for reading."""
    figures = {key: round(value, 4) for key, value in row.metrics.items()}
    return {"model": row.model, **figures, "chosen": dict(row.chosen)}


def main() -> None:
    """Measure, and print one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of a MovieLens release")
    parser.add_argument("--seed", type=int, default=0, help="of the random splits")
    parser.add_argument("--report", type=Path, help="write the HTML report here, too")
    given = parser.parse_args()
    collection = load(given.data)
    start = time.perf_counter()
    found = dict(measure(collection, given.seed))
    seconds = time.perf_counter() - start
    if given.report:
        write_report(given.report, collection, found)
    events = collection.interactions
    result = {
        "benchmark": "baselines",
        "machine": describe() | {"implicit": version("implicit"), "scipy": version("scipy")},
        "seed": given.seed,
        "data": collection.name,
        "users": events.users,
        "items": events.items,
        "events": len(events),
        "seconds": round(seconds, 1),
        **{name: [line(row) for row in rows] for name, rows in found.items()},
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
