"""Inference, training and item-to-item hits of the graph model, beside DGL's PinSAGE example.

Learns from ML-1M (--data) or from made-up data. Inference of all items layer by layer is timed
beside the naive recursion, from each item alone and from batches of 32 as DGL's example does it;
all have their neighbours given, and the walks are timed apart. Then both sides train and are
asked as DGL's example asks (`evaluate_like_dgl`): ours for --epochs, DGL's for --batches, with
its own defaults but for those of --peer-options. DGL needs an environment of its own:
`sh benchmarks/peers/dgl.sh FOLDER` makes one, and `--peer FOLDER` uses it. Prints one JSON line;
append it to results/pinsage.jsonl. Memory is the highest that the process reached (Linux).
"""

import argparse
import json
import os
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from bench_graph import measure, status
from machine import describe
from movies import load
from nearfield.datasets.tables import Collection, Columns, Interactions
from nearfield.evaluate.candidates import Progress
from nearfield.evaluate.graph_model import GraphCandidate
from nearfield.evaluate.item_to_item import DGL_PUBLISHED, evaluate_like_dgl
from nearfield.graph.blocks import Block
from nearfield.graph.config import GraphConfig
from nearfield.graph.model import trained_levels
from nearfield.graph.train import GraphTrainer
from nearfield.networks.features import Vocabulary, split_title

DGL_BATCH: Final = 32


@torch.inference_mode()
def naive(trainer: GraphTrainer, batch: int, items: int) -> dict[str, float]:
    """Return the seconds of all items by recursion, each batch alone; measured on some items."""
    material, network = trainer.material, trainer.network.eval()
    found = material.neighbours(trainer.config.epochs)
    asked = np.random.default_rng(0).permutation(material.items)[:items].astype(np.int32)
    start = time.perf_counter()
    for place in range(0, len(asked), batch):
        block = Block.around(found, np.sort(asked[place : place + batch]), trainer.config.layers)
        network.item_vectors(material.features, block)
    taken = time.perf_counter() - start
    return {"s": round(taken * material.items / len(asked), 2), "items measured": len(asked)}


def infer(trainer: GraphTrainer, rounds: int) -> dict[str, Any]:
    """Time the walks and all vectors, and the naive recursion."""
    trainer.network.eval()
    walks, both = [], []
    trainer.material.neighbours(0)  # compiles
    for _ in range(rounds):
        start = time.perf_counter()
        trainer.material.neighbours(trainer.config.epochs)
        walks.append(time.perf_counter() - start)
        start = time.perf_counter()
        trained_levels(trainer)
        both.append(time.perf_counter() - start)
    layered = min(both) - min(walks)
    alone, batches = naive(trainer, 1, 300), naive(trainer, DGL_BATCH, 1_000)
    return {
        "walks s": round(min(walks), 3),
        "layer by layer s": round(layered, 3),
        "recursion from each item": alone,
        "recursion from batches of 32": batches,
        "times as fast": [round(one["s"] / layered, 1) for one in (alone, batches)],
    }


def train(collection: Collection, config: GraphConfig, steps: int) -> dict[str, float]:
    """Time some training steps, and tell the highest memory beyond the program's own."""
    trainer = GraphTrainer(collection, config)

    def some() -> tuple[float, int]:
        start = 0.0
        for step in trainer.run():
            if step.done == 2:  # the first ones compile and make room
                start = time.perf_counter()
            if step.done == 2 + steps:
                break
        return (time.perf_counter() - start) / (step.done - 2), step.total

    (seconds, total), figures = measure(some)
    return {
        "s per step": round(seconds, 3),
        "steps": total,
        "s per epoch": round(seconds * total, 1),
        "peak MB": round(status("VmHWM")),
        "MB more than before": figures["MB more"],
    }


@dataclass(frozen=True)
class Vectors:
    """What a peer learned: dot products, as its example ranks."""

    vectors: NDArray[np.float32]

    def item_scores(self, items: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return the scores of all items for items."""
        return np.asarray(self.vectors[items] @ self.vectors.T)


@dataclass(frozen=True)
class Dgl:
    """DGL's example, in its own process.

    Parameters
    ----------
    python : Path
        Of the environment that peers/dgl.sh made.
    options : list of str
        Of peers/dgl_pinsage.py.
    rated : bool, shape (items,)
        Items that have any event: the example knows no others.
    figures : dict
        What the process told.
    """

    python: Path
    options: list[str]
    rated: NDArray[np.bool_]
    figures: dict[str, Any] = field(default_factory=dict)
    name: str = "DGL PinSAGE"

    def fit(
        self,
        collection: Collection,
        train: Interactions,
        validation: Interactions | None,
        progress: Progress,
    ) -> Vectors:
        """Train the peer on the events of train."""
        program = Path(__file__).parent / "peers" / "dgl_pinsage.py"
        with TemporaryDirectory() as scratch:
            arrays, vectors = Path(scratch) / "data.npz", Path(scratch) / "vectors.npy"
            place = np.cumsum(self.rated) - 1
            known: dict[str, Any] = {**features(collection, self.rated)}
            np.savez(arrays, users=train.user.astype(np.int64), items=place[train.item], **known)
            done = subprocess.run(
                [self.python, "-W", "ignore", program, arrays, vectors, *self.options],
                stdout=subprocess.PIPE,
                text=True,
                check=True,
                env=os.environ | {"DGLBACKEND": "pytorch"},
            )
            self.figures.update(json.loads(done.stdout))
            found = np.zeros((collection.items.height, np.load(vectors).shape[1]), np.float32)
            found[self.rated] = np.load(vectors)
        return Vectors(found)


def features(collection: Collection, rated: NDArray[np.bool_]) -> dict[str, NDArray[Any]]:
    """Return genres, code of the year and words of the titles, as the example makes them."""
    items = collection.items.filter(rated)
    years = items[Columns.YEAR].fill_null(0).to_numpy()
    titles = [split_title(title) for title in items[Columns.TITLE].to_list()]
    codes = {word: code for code, word in enumerate(sorted({w for t in titles for w in t}), 1)}
    words = np.zeros((len(titles), max(map(len, titles))), dtype=np.int64)
    for row, title in enumerate(titles):
        words[row, : len(title)] = [codes[word] for word in title]
    return {
        "genre": Vocabulary.fit(collection).item_features(items).genres,
        "year": np.unique(years, return_inverse=True)[1],
        "words": words,
        "lengths": np.maximum(1, (words > 0).sum(axis=1)).astype(np.float32),
    }


def hits(collection: Collection, given: argparse.Namespace) -> dict[str, Any]:
    """Let both sides train, and return HIT@10 of DGL's protocol beside the seconds."""
    config = GraphConfig(epochs=given.epochs, objective=given.objective, seed=given.seed)
    ours = GraphCandidate(config, "nearfield")
    figures: dict[str, Any] = {}
    models: list[GraphCandidate | Dgl] = [ours]
    if given.peer is not None:
        events = collection.interactions
        rated = np.bincount(events.item, minlength=events.items) > 0
        own = ["--batches", str(given.batches), "--threads", str(torch.get_num_threads())]
        own += ["--seed", str(given.seed), *given.peer_options.split()]
        models.append(Dgl(given.peer / "bin" / "python", own, rated))
    for row in evaluate_like_dgl(collection, models):
        seconds = round(row.metrics["fit_seconds"], 1)
        figures[row.model] = {"HIT@10": round(row.metrics["hr@10"], 4), "training s": seconds}
    figures["nearfield"] |= {"epochs": given.epochs, "objective": given.objective}
    for model in models:
        if isinstance(model, Dgl):
            told = model.figures
            figures[model.name] |= told | {
                "batches": given.batches,
                "s per batch": round(told["training s"] / told["batches timed"], 4),
            }
    return figures | {"published": DGL_PUBLISHED["PinSAGE"]}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="an ml-1m folder, instead of made-up data")
    parser.add_argument("--peer", type=Path, help="the environment that peers/dgl.sh made")
    parser.add_argument("--batches", type=int, default=300, help="of the peer's training")
    parser.add_argument("--peer-options", default="", help="e.g. '--dim 64', see the peer's --help")
    parser.add_argument("--epochs", type=int, default=1, help="of our training")
    parser.add_argument("--objective", default="retrieval", choices=["retrieval", "margin"])
    parser.add_argument("--steps", type=int, default=10, help="training steps that are timed")
    parser.add_argument("--rounds", type=int, default=3, help="of inference; the best counts")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    collection = load(given.data)
    config = GraphConfig(objective=given.objective, seed=given.seed)
    training = train(collection, config, given.steps)
    inference = infer(GraphTrainer(collection, config), given.rounds)
    events = collection.interactions
    sizes = {"users": events.users, "items": events.items, "events": len(events)}
    line: dict[str, Any] = {"bench": "pinsage"}
    line |= {"machine": describe() | {"threads": torch.get_num_threads()}}
    line |= {"seed": given.seed, "data": given.data is not None, "sizes": sizes}
    line |= {"settings": config.model_dump(mode="json"), "inference": inference}
    line |= {"training": training, "DGL's protocol": hits(collection, given)}
    print(json.dumps(line))


if __name__ == "__main__":
    main()
