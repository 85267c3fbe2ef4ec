"""Train and infer like DGL's PinSAGE example; run by bench_pinsage.py with the peer's Python.

Written after examples/pytorch/pinsage of dmlc/dgl (model.py, layers.py, sampler.py): its model,
its samplers, its loss and its defaults, on DGL's own calls. Its way of reading titles needs
torchtext, which no longer runs beside today's torch: words are counted into a vocabulary here
and averaged as there. Ids of users and features of users are left out as there: items alone are
embedded. Answers with one JSON line; the vectors of all items go to an .npy file.
"""

import argparse
import json
import resource
import sys
import time
import warnings
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional as F

warnings.filterwarnings("ignore")  # DGL warns of its own use of torch

import dgl  # noqa: E402
import dgl.function as fn  # noqa: E402


class Projector(nn.Module):
    """The sum of a linear map of each feature: id, year, genres, mean of the title's words."""

    def __init__(self, features: dict[str, torch.Tensor], dim: int) -> None:
        super().__init__()
        count = len(features["id"])
        self.id = nn.Embedding(count + 1, dim, padding_idx=-1)
        self.year = nn.Embedding(int(features["year"].max()) + 2, dim, padding_idx=-1)
        self.genre = nn.Linear(features["genre"].shape[1], dim)
        self.word = nn.Embedding(int(features["words"].max()) + 1, dim, padding_idx=0)
        for layer in (self.id, self.year, self.genre, self.word):
            nn.init.xavier_uniform_(layer.weight)
        nn.init.zeros_(self.genre.bias)
        self.features = features

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """Project the items of some rows."""
        found = {name: values[rows] for name, values in self.features.items()}
        words = self.word(found["words"]).sum(1) / found["lengths"][:, None]
        projected: torch.Tensor = (
            self.id(found["id"]) + self.year(found["year"]) + self.genre(found["genre"]) + words
        )
        return projected


class Convolution(nn.Module):
    """WeightedSAGEConv."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.Q, self.W = nn.Linear(dim, dim), nn.Linear(2 * dim, dim)
        gain = nn.init.calculate_gain("relu")
        for layer in (self.Q, self.W):
            nn.init.xavier_uniform_(layer.weight, gain=gain)
            nn.init.zeros_(layer.bias)
        self.dropout = nn.Dropout(0.5)

    def forward(self, block: Any, vectors: torch.Tensor, own: torch.Tensor) -> torch.Tensor:
        """Pool by importance, join, make unit length."""
        with block.local_scope():
            block.srcdata["n"] = F.relu(self.Q(self.dropout(vectors)))
            block.edata["w"] = block.edata["weights"].float()
            block.update_all(fn.u_mul_e("n", "w", "m"), fn.sum("m", "n"))
            block.update_all(fn.copy_e("w", "m"), fn.sum("m", "ws"))
            pooled = block.dstdata["n"] / block.dstdata["ws"].unsqueeze(1).clamp(min=1)
            found = F.relu(self.W(self.dropout(torch.cat([pooled, own], 1))))
            norm = found.norm(2, 1, keepdim=True)
            return found / torch.where(norm == 0, torch.tensor(1.0), norm)


class PinSage(nn.Module):
    """PinSAGEModel, with the biases of its ItemToItemScorer."""

    def __init__(self, features: dict[str, torch.Tensor], dim: int, layers: int) -> None:
        super().__init__()
        self.projector = Projector(features, dim)
        self.layers = nn.ModuleList(Convolution(dim) for _ in range(layers))
        self.bias = nn.Parameter(torch.zeros(len(features["id"])))

    def vectors(self, blocks: list[Any]) -> torch.Tensor:
        """Return the vectors of a batch."""
        found = self.projector(blocks[0].srcdata[dgl.NID])
        for layer, block in zip(self.layers, blocks, strict=True):
            found = layer(block, found, found[: block.num_dst_nodes()])
        joined: torch.Tensor = self.projector(blocks[-1].dstdata[dgl.NID]) + found
        return joined

    def scores(self, pairs: Any, vectors: torch.Tensor) -> torch.Tensor:
        """Return dot products of pairs, with the bias of both ends as their scorer adds it."""
        rows = pairs.ndata[dgl.NID]
        head, tail = pairs.edges()
        return (
            (vectors[head] * vectors[tail]).sum(1) + self.bias[rows[head]] + self.bias[rows[tail]]
        )


class Samplers:
    """ItemToItemBatchSampler and NeighborSampler."""

    def __init__(self, graph: Any, given: argparse.Namespace) -> None:
        self.graph, self.batch = graph, given.batch
        self.near = [
            dgl.sampling.PinSAGESampler(
                graph, "item", "user", given.length, given.restart, given.walks, given.neighbours
            )
            for _ in range(given.layers)
        ]

    def pairs(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return heads, tails one random step away, and random tails."""
        items = self.graph.num_nodes("item")
        heads = torch.randint(0, items, (self.batch,))
        walks = dgl.sampling.random_walk(self.graph, heads, metapath=["of", "takes"])[0]
        tails, others = walks[:, 2], torch.randint(0, items, (self.batch,))
        kept = tails != -1
        return heads[kept], tails[kept], others[kept]

    def blocks(
        self, seeds: torch.Tensor, asked: tuple[torch.Tensor, torch.Tensor] | None = None
    ) -> list[Any]:
        """Walk from the seeds, and from what is found; edges that are asked for are hidden."""
        blocks: list[Any] = []
        for sampler in self.near:
            frontier = sampler(seeds)
            if asked is not None:
                hidden = frontier.edge_ids(*asked, return_uv=True)[2]
                if len(hidden):
                    frontier = dgl.remove_edges(frontier, hidden)
            block = dgl.to_block(frontier, seeds)
            block.edata["weights"] = frontier.edata["weights"][block.edata[dgl.EID]]
            seeds = block.srcdata[dgl.NID]
            blocks.insert(0, block)
        return blocks

    def step(self) -> tuple[Any, Any, list[Any]]:
        """Return what a training step reads."""
        heads, tails, others = self.pairs()
        items = self.graph.num_nodes("item")
        both = [dgl.graph((heads, ends), num_nodes=items) for ends in (tails, others)]
        good, bad = dgl.compact_graphs(both)
        asked = torch.cat([heads, heads]), torch.cat([tails, others])
        return good, bad, self.blocks(good.ndata[dgl.NID], asked)


def train(model: PinSage, samplers: Samplers, given: argparse.Namespace) -> float:
    """Return the seconds of some batches."""
    optimizer = torch.optim.Adam(model.parameters(), lr=given.rate)
    model.train()
    start = time.perf_counter()
    for number in range(given.batches):
        good, bad, blocks = samplers.step()
        vectors = model.vectors(blocks)
        loss = (model.scores(bad, vectors) - model.scores(good, vectors) + 1).clamp(min=0).mean()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        if number == given.warm_up:
            start = time.perf_counter()
    return time.perf_counter() - start


@torch.no_grad()
def infer(
    model: PinSage, samplers: Samplers, given: argparse.Namespace
) -> tuple[NDArray[np.float32], float]:
    """Return the vectors of all items, as the example makes them, and the seconds."""
    model.eval()
    start = time.perf_counter()
    rows = torch.arange(samplers.graph.num_nodes("item")).split(given.batch)  # type: ignore[no-untyped-call]
    found = torch.cat([model.vectors(samplers.blocks(part)) for part in rows])
    return found.numpy(), time.perf_counter() - start


def main() -> None:
    """Read the arrays, train, infer, answer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("arrays", help=".npz with users, items, genre, year, words, lengths")
    parser.add_argument("vectors", help=".npy to be written")
    parser.add_argument("--batches", type=int, default=300)
    parser.add_argument("--warm-up", type=int, default=10, help="batches that are not timed")
    parser.add_argument("--dim", type=int, default=16)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--length", type=int, default=2)
    parser.add_argument("--restart", type=float, default=0.5)
    parser.add_argument("--walks", type=int, default=10)
    parser.add_argument("--neighbours", type=int, default=3)
    parser.add_argument("--rate", type=float, default=3e-5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    torch.manual_seed(given.seed)
    dgl.seed(given.seed)
    with np.load(given.arrays) as file:
        arrays = {name: torch.as_tensor(file[name]) for name in file.files}
    users, items = arrays.pop("users"), arrays.pop("items")
    arrays["id"] = torch.arange(len(arrays["year"]))
    edges = {("user", "takes", "item"): (users, items), ("item", "of", "user"): (items, users)}
    graph = dgl.heterograph(edges, {"user": int(users.max()) + 1, "item": len(arrays["id"])})
    model, samplers = PinSage(arrays, given.dim, given.layers), Samplers(graph, given)
    training = train(model, samplers, given)
    vectors, inference = infer(model, samplers, given)
    np.save(given.vectors, vectors)
    found = {
        "dgl": dgl.__version__,
        "training s": training,
        "batches timed": given.batches - 1 - given.warm_up,
        "inference s": inference,
        "peak MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    json.dump(found, sys.stdout)
    print()


if __name__ == "__main__":
    main()
