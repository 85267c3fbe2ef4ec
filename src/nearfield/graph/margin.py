"""Max-margin: items taken soon after each other lie nearer than others, as in PinSage's paper."""

from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from nearfield.graph.batches import Pairs, places
from nearfield.graph.blocks import Block, join
from nearfield.graph.csr import Rows
from nearfield.graph.material import Material
from nearfield.training.prefetch import Prefetched

_AFTER: Final = 3
"""Events after an item among which its positive is drawn."""

_NEGATIVES: Final = 500
"""Random items that all pairs of a batch share; the paper's number."""


class MaxMargin:
    """The hinge of PinSage [1]_: `max(0, q . n - q . p + margin)` over negatives n.

    Each pair (q, p) meets the same random negatives, and hard ones of its own: items that walks
    from q do visit, but less than the neighbours that q pools. A curriculum makes the task
    harder: none in the first epoch, then one more for each pair in every epoch.

    Parameters
    ----------
    material : Material
        The reader of histories is not trained.

    References
    ----------
    .. [1] Ying et al., "Graph Convolutional Neural Networks for Web-Scale Recommender Systems",
       KDD 2018, section 3.3. https://doi.org/10.1145/3219819.3219890
    """

    def __init__(self, material: Material) -> None:
        self._material = material

    def begin(self) -> None:
        """Nothing: the network starts from random values."""

    def finish(self) -> None:
        """Nothing: the network is complete."""

    def batches(self, rng: np.random.Generator, epoch: int, /) -> Prefetched[Pairs]:
        """Return every event but each user's last, with one that follows soon after."""
        material, config = self._material, self._material.config
        queries, positives = _pairs(material.histories.indptr, rng)
        items = material.histories.items
        queries, positives = items[queries], items[positives]
        kept = queries != positives
        if kept.any():  # an epoch has a batch, also where all that was drawn are repetitions
            queries, positives = queries[kept], positives[kept]
        own = np.random.default_rng(rng.integers(2**63))  # the producer's alone
        around = _Around(material, epoch)

        def make(number: int) -> Pairs:
            part = slice(number * config.batch, (number + 1) * config.batch)
            return around.batch(queries[part], positives[part], own)

        return Prefetched(make, -(-len(queries) // config.batch))

    def loss(self, batch: Pairs, rng: np.random.Generator, done: float) -> Tensor:
        """Return the mean hinge of the shared negatives, and of the hard ones."""
        material, network = self._material, self._material.network
        own_items = network.item_vectors(material.features, batch.block)
        units = F.normalize(material.team.gather(own_items, batch.items).float(), dim=1)
        own = material.team.part(len(batch.queries))
        query = units[torch.from_numpy(batch.queries[own])]
        positive = (query * units[torch.from_numpy(batch.positives[own])]).sum(dim=1, keepdim=True)
        shared = query @ units[torch.from_numpy(batch.negatives)].T
        margin = material.config.margin
        pairs = len(batch.queries) * len(batch.negatives)
        loss = F.relu(shared - positive + margin).sum() / pairs
        if batch.hard.shape[1]:
            hard = torch.from_numpy(batch.hard[own])
            near = torch.einsum("pd,phd->ph", query, F.embedding(hard.clamp(min=0), units))
            hinge = F.relu(near - positive + margin) * (hard >= 0)
            loss = loss + hinge.sum() / max(1, int((batch.hard >= 0).sum()))
        return loss


class _Around:
    """Makes the batches of one epoch from what its walks find.

    Parameters
    ----------
    material : Material
        What there is to learn with.
    epoch : int
        From 0; also the number of hard negatives of each pair, up to the most of them.
    """

    def __init__(self, material: Material, epoch: int) -> None:
        self._material = material
        self._found = material.neighbours(epoch)
        self._hard = min(epoch, material.config.hard_negatives)
        self._further = material.further(epoch) if self._hard else np.empty((0, 0), np.int32)

    def batch(
        self, queries: NDArray[np.int64], positives: NDArray[np.int64], rng: np.random.Generator
    ) -> Pairs:
        """Draw negatives for some pairs, and find what all their vectors need."""
        negatives = rng.integers(self._material.items, size=_NEGATIVES)
        hard = np.empty((len(queries), 0), dtype=np.int64)
        if self._hard:
            hard = draw_hard(self._further[queries], positives, self._hard, rng)
        batch, team = join([queries, positives, negatives, hard]), self._material.team
        return Pairs(
            places(batch, queries),
            places(batch, positives),
            places(batch, hard),
            places(batch, negatives),
            Block.around(self._found, batch[team.part(len(batch))], self._material.config.layers),
            len(batch),
        )


def draw_hard(
    further: Rows, positives: NDArray[np.int64], count: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Draw hard negatives of pairs, with replacement, shape (pairs, count).

    Parameters
    ----------
    further : int32, shape (pairs, further)
        Items to draw from for each pair; -1 fills the end of a row.
    positives : int64, shape (pairs,)
        A pair's own positive is no negative: -1 where it was drawn, or where the row is empty.
    """
    lengths = (further >= 0).sum(axis=1, keepdims=True)
    columns = (rng.random((len(further), count)) * lengths).astype(np.int64)
    drawn = np.take_along_axis(further, columns, axis=1).astype(np.int64)
    return np.where(drawn == positives[:, None], -1, drawn)


def _pairs(
    indptr: NDArray[np.int64], rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Draw, in random order, positions of events and of one soon after, by the same user."""
    last = np.repeat(indptr[1:], np.diff(indptr)) - 1
    position = np.arange(len(last))
    left = last - position
    queries = rng.permutation(position[left > 0])
    steps = 1 + (rng.random(len(queries)) * np.minimum(left[queries], _AFTER)).astype(np.int64)
    return queries, queries + steps
