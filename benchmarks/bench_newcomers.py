"""What an item's first events are worth: graph, which reads them, against what the item is.

A tenth of the items is taken out of training with all events. Then each gets its first k events
back (by time), without training anything again, and is embedded. Asked are later users of these
items, each by what they did before in training: where does the new item stand among all items?
Run: `python benchmarks/bench_newcomers.py --data DIR` with a MovieLens release. Prints one JSON
line; append it to results/newcomers.jsonl.
"""

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from machine import describe
from movies import load
from nearfield.datasets.tables import Collection
from nearfield.fusion.config import FusionConfig
from nearfield.fusion.model import FusionModel
from nearfield.fusion.train import FusionTrainer
from nearfield.graph.config import GraphConfig
from nearfield.graph.model import GraphModel
from nearfield.graph.train import GraphTrainer
from nearfield.types import UserQuery

FIRST = (0, 1, 3, 10)
FEWEST = 20
"""Events of an item that is taken out: some first ones, and some to ask for."""

ASKED = 3000


def main() -> None:
    """Train without some items, bring them back, print one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of a MovieLens release")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=4)
    given = parser.parse_args()
    collection = load(given.data)
    events = collection.interactions
    rng = np.random.default_rng(given.seed)
    counts = np.bincount(events.item, minlength=events.items)
    new = np.zeros(events.items, dtype=bool)
    rich = np.flatnonzero(counts >= FEWEST)
    new[rng.choice(rich, len(rich) // 10, replace=False)] = True
    train = events.take(~new[events.item])
    rank = _age(events.item, events.time)
    late = np.flatnonzero(new[events.item] & (rank >= max(FIRST)))
    asked = rng.choice(late, min(ASKED, len(late)), replace=False)
    settings = {"seed": given.seed, "epochs": given.epochs}
    fusion = _run(FusionTrainer(collection, FusionConfig.model_validate(settings), train))
    graph = _run(GraphTrainer(collection, GraphConfig.model_validate(settings), train))
    models: list[Any] = [FusionModel.from_trainer(fusion, {}), GraphModel.from_trainer(graph, {})]
    rows = []
    for model in models:
        users = np.concatenate([_user(model, collection, train, events, one) for one in asked])
        for first in FIRST if model.recommender == "graph" else (0,):
            known = events.take(~new[events.item] | (rank < first))
            start = time.perf_counter()
            _, items = model.embed_items(replace(collection, interactions=known))
            seconds = time.perf_counter() - start
            told = _places(users @ items.T, events.item[asked], new)
            rows.append(
                {"model": model.recommender, "first": first, **told, "s": round(seconds, 3)}
            )
    line = {
        "bench": "newcomers",
        **describe(),
        "data": collection.name,
        "threads": torch.get_num_threads(),
        **settings,
        "new_items": int(new.sum()),
        "asked": len(asked),
        "rows": rows,
    }
    print(json.dumps(line))


def _run(trainer: Any) -> Any:
    for _ in trainer.run():
        pass
    return trainer


def _age(items: NDArray[Any], times: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how many events of the same item came before each."""
    order = np.lexsort((times, items))
    position = np.empty(len(items), dtype=np.int64)
    starts = np.searchsorted(items[order], items[order])
    position[order] = np.arange(len(items)) - starts
    return position


def _user(
    model: Any, collection: Collection, train: Any, events: Any, event: int
) -> NDArray[np.float32]:
    """Return the vector of an event's user, from what training has of them before it."""
    user = events.user[event]
    mine = slice(train.indptr[user], train.indptr[user + 1])
    before = np.flatnonzero(train.time[mine] <= events.time[event]) + mine.start
    query = UserQuery(
        items=collection.item_keys[train.item[before]],
        values=train.value[before],
        weights=np.ones(len(before), dtype=np.float32),
    )
    vectors: NDArray[np.float32] = model.embed_users([query])
    return vectors


def _places(
    scores: NDArray[np.float32], wanted: NDArray[Any], new: NDArray[np.bool_]
) -> dict[str, float]:
    """Return how often the wanted item is among the first, of all items and of the new ones."""
    own = scores[np.arange(len(wanted)), wanted][:, None]
    everywhere = (scores > own).sum(axis=1)
    among_new = (scores[:, new] > own).sum(axis=1)
    return {
        "hr@10": round(float((everywhere < 10).mean()), 4),
        "hr@100": round(float((everywhere < 100).mean()), 4),
        "hr@10 among the new": round(float((among_new < 10).mean()), 4),
    }


if __name__ == "__main__":
    main()
