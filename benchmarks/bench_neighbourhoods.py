"""What user-based and item-based neighbourhoods cost as users grow.

Run: `OMP_NUM_THREADS=1 python benchmarks/bench_neighbourhoods.py --users 10000 100000 1000000`.
Prints one JSON line; append it to results/neighbourhoods.jsonl. Compare lines from one machine
only. Users are simulated: they have a geometric number of events, and choose items by a power law.
Both models are ours (`UserKNN`, `ItemKNN`) with the same number of neighbours. Item neighbours are
found once, in `fit`; user neighbours are found for each query, so that a new event counts at once.
Queries are timed on a sample of the users, in batches, and stated for 1,000.
"""

import argparse
import json
import time
from typing import Any, Final

import numpy as np
from scipy import sparse

from machine import describe
from nearfield.datasets.tables import Interactions
from nearfield.evaluate.baselines import Baseline, HistoryScorer, ItemKNN, ItemWeights
from nearfield.evaluate.user_knn import UserKNN, UserNeighbours

MEAN_EVENTS: Final = 30
POWER: Final = 0.8
"""Item number r is chosen in proportion to r ** -POWER."""

NEIGHBOURS: Final = 100
BATCH: Final = 100
LISTED: Final = 10
REPEATS: Final = 3


def simulate(users: int, items: int, seed: int) -> Interactions:
    """Return events of users who choose independently; an item comes once in a history."""
    rng = np.random.default_rng(seed)
    lengths = rng.geometric(1 / MEAN_EVENTS, users)
    chance = np.cumsum(np.arange(1, items + 1) ** -POWER)
    drawn = np.searchsorted(chance / chance[-1], rng.random(int(lengths.sum())))
    item = np.minimum(drawn, items - 1).astype(np.int32)  # rounding may reach beyond the last
    user = np.repeat(np.arange(users, dtype=np.int32), lengths)
    had = sparse.csr_matrix((np.ones(len(user), np.int8), (user, item)), shape=(users, items))
    return Interactions(
        user=np.repeat(np.arange(users, dtype=np.int32), np.diff(had.indptr)),
        item=had.indices.astype(np.int32),
        kind=np.zeros(had.nnz, dtype=np.int8),
        value=np.zeros(had.nnz, dtype=np.float32),
        time=np.broadcast_to(np.int64(0), had.nnz),
        users=users,
        items=items,
    )


def seconds_per_1000(model: HistoryScorer, history: sparse.csr_matrix) -> float:
    """Return the seconds for 1,000 lists of ten unseen items, the quickest of some runs."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        for row in range(0, history.shape[0], BATCH):
            asked = history[row : row + BATCH]
            scores = model.scores(asked)
            scores[asked.nonzero()] = -np.inf
            np.argpartition(-scores, LISTED, axis=1)[:, :LISTED]
        times.append(time.perf_counter() - start)
    return float(min(times) * 1000 / history.shape[0])


def kept_bytes(model: HistoryScorer) -> int:
    """Return the bytes of the matrices that a model answers from."""
    held: list[Any] = []
    if isinstance(model, UserNeighbours):
        held = [model.had, model.by_item]
    elif isinstance(model, ItemWeights):
        held = [model.weights]
    return int(sum(one.data.nbytes + one.indices.nbytes + one.indptr.nbytes for one in held))


def measure(users: int, items: int, queries: int, seed: int) -> dict[str, Any]:
    """Return the figures of both models for one number of users."""
    events = simulate(users, items, seed)
    asked = np.random.default_rng(seed + 1).choice(users, min(queries, users), replace=False)
    history = events.matrix()[asked]
    found: dict[str, Any] = {"users": users, "events": len(events), "queries": len(asked)}
    models: dict[str, Baseline] = {
        "user-based": UserKNN(NEIGHBOURS),
        "item-based": ItemKNN(NEIGHBOURS),
    }
    for name, baseline in models.items():
        start = time.perf_counter()
        model = baseline.fit(events)
        fit = time.perf_counter() - start
        found[name] = {
            "fit_seconds": round(fit, 2),
            "seconds_per_1000": round(seconds_per_1000(model, history), 3),
            "kept_mb": round(kept_bytes(model) / 1e6, 1),
        }
    return found


def main() -> None:
    """Measure what the command line asks for and print one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--queries", type=int, default=200, help="users asked, a random sample")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    line = {
        "benchmark": "neighbourhoods",
        "machine": describe(),
        "seed": options.seed,
        "items": options.items,
        "mean_events": MEAN_EVENTS,
        "power": POWER,
        "neighbours": NEIGHBOURS,
        "sizes": [
            measure(users, options.items, options.queries, options.seed) for users in options.users
        ],
    }
    print(json.dumps(line))


if __name__ == "__main__":
    main()
