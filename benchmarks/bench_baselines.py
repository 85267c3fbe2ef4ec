"""What the baselines reach under each protocol, and how long they take.

Run: `python benchmarks/bench_baselines.py --data DIR` with a MovieLens release (small made-up data
without). Prints one JSON line; append it to results/baselines.jsonl. Compare seconds from one
machine only; the other figures depend on nothing but data, seed and versions.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol, TypeVar

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


class Named(Protocol):
    """Any candidate."""

    @property
    def name(self) -> str:
        """What the tables call it."""


M = TypeVar("M", bound=Named)


def protocols(
    collection: Collection, seed: int, wanted: Sequence[str]
) -> dict[str, Callable[[], Iterator[Row]]]:
    """Return what measures each protocol: all its baselines, or those wanted by name."""
    items = collection.interactions.items
    last = named([*ranking_baselines(items, True), *slow_baselines(True)], wanted)
    random = named([*ranking_baselines(items, False), *slow_baselines(False)], wanted)
    after = named([*item_baselines(items), *slow_item_baselines()], wanted)
    cold, rating = named(cold_baselines(), wanted), named(rating_baselines(), wanted)
    return {
        "last-out": lambda: evaluate_last_out(collection, last),
        "random": lambda: evaluate_random(collection, random, seed),
        "attributes-only": lambda: evaluate_attributes_only(collection, cold, seed=seed),
        "rating": lambda: evaluate_rating(collection, rating, seed),
        "item-to-item": lambda: evaluate_item_to_item(collection, after),
        "item-to-item-dgl": lambda: evaluate_like_dgl(collection, after),
    }


def named(models: Sequence[M], wanted: Sequence[str]) -> list[M]:
    """Keep the models of those names; all, without names."""
    return [one for one in models if not wanted or one.name in wanted]


def line(row: Row) -> dict[str, Any]:
    """Return a row with its settings, rounded for reading."""
    figures = {key: round(value, 4) for key, value in row.metrics.items()}
    return {"model": row.model, **figures, "chosen": dict(row.chosen)}


def main() -> None:
    """Measure, and print one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of a MovieLens release")
    parser.add_argument("--seed", type=int, default=0, help="of the random splits")
    parser.add_argument("--protocols", nargs="+", default=[], help="only these, by name")
    parser.add_argument("--models", nargs="+", default=[], help="only these, by name")
    parser.add_argument("--report", type=Path, help="write the HTML report here, too")
    given = parser.parse_args()
    collection = load(given.data)
    start = time.perf_counter()
    measured = protocols(collection, given.seed, given.models)
    found = {
        name: list(run())
        for name, run in measured.items()
        if not given.protocols or name in given.protocols
    }
    found = {name: rows for name, rows in found.items() if rows}
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
        "DGL's HIT@10 on ml-1m, as published": DGL_PUBLISHED,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
