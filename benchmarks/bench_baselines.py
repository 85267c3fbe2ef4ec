"""What the baselines reach under each protocol, and how long they take.

Run: `python benchmarks/bench_baselines.py --data DIR` with a MovieLens release (small made-up data
without). Prints one JSON line; append it to results/baselines.jsonl. Compare seconds from one
machine only; the other figures depend on nothing but data, seed and versions.
"""

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

from machine import describe
from movies import load
from nearfield.datasets.tables import Collection
from nearfield.evaluate.item_to_item import (
    DGL_PUBLISHED,
    evaluate_item_to_item,
    evaluate_like_dgl,
)
from nearfield.evaluate.lineup import (
    cold_baselines,
    item_baselines,
    ranking_baselines,
    rating_baselines,
    slow_baselines,
    slow_item_baselines,
)
from nearfield.evaluate.protocol import (
    evaluate_attributes_only,
    evaluate_last_out,
    evaluate_random,
    evaluate_rating,
)
from nearfield.evaluate.report import write_report
from nearfield.evaluate.rows import Row

M = TypeVar("M")


def measure(
    collection: Collection, seed: int, wanted: Sequence[str]
) -> Iterator[tuple[str, list[Row]]]:
    """Yield each protocol with the rows of its baselines, or of those wanted by name."""
    items = collection.interactions.items
    next_one = [*slow_baselines(recency=True), *ranking_baselines(items, recency=True)]
    any_one = [*slow_baselines(recency=False), *ranking_baselines(items, recency=False)]
    after = [*slow_item_baselines(), *item_baselines(items)]
    cold, rating = cold_baselines(), rating_baselines()
    yield "last-out", list(evaluate_last_out(collection, named(next_one, wanted)))
    yield "random", list(evaluate_random(collection, named(any_one, wanted), seed))
    yield (
        "attributes-only",
        list(evaluate_attributes_only(collection, named(cold, wanted), seed=seed)),
    )
    yield "rating", list(evaluate_rating(collection, named(rating, wanted), seed))
    yield "item-to-item", list(evaluate_item_to_item(collection, named(after, wanted)))
    yield "item-to-item-dgl", list(evaluate_like_dgl(collection, named(after, wanted)))


def named(models: Sequence[M], wanted: Sequence[str]) -> list[M]:
    """Keep the models of those names; all, without names."""
    return [one for one in models if not wanted or getattr(one, "name", "") in wanted]


def line(row: Row) -> dict[str, Any]:
    """Return a row with its settings, rounded for reading."""
    figures = {key: round(value, 4) for key, value in row.metrics.items()}
    return {"model": row.model, **figures, "chosen": dict(row.chosen)}


def main() -> None:
    """Measure, and print one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of a MovieLens release")
    parser.add_argument("--seed", type=int, default=0, help="of the random splits")
    parser.add_argument("--models", nargs="+", default=[], help="only these, by name")
    parser.add_argument("--report", type=Path, help="write the HTML report here, too")
    given = parser.parse_args()
    collection = load(given.data)
    start = time.perf_counter()
    found = dict(measure(collection, given.seed, given.models))
    seconds = time.perf_counter() - start
    if given.report:
        write_report(given.report, collection, {name: rows for name, rows in found.items() if rows})
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
        **{name: [line(row) for row in rows] for name, rows in found.items() if rows},
        "DGL's HIT@10 on ml-1m, as published": DGL_PUBLISHED,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
