"""Max-margin: items taken soon after each other lie nearer than others, as in PinSage's paper."""

from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from nearfield.graph.batches import Pairs, places
from nearfield.graph.blocks import Block, join
from nearfield.graph.material import Material
from nearfield.graph.walks import Neighbourhoods
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
        queries, positives = queries[kept], positives[kept]
        own = np.random.default_rng(rng.integers(2**63))
        count = -(-len(queries) // config.batch)

        def make(number: int) -> Pairs:
            part = slice(number * config.batch, (number + 1) * config.batch)
            return self._batch(queries[part], positives[part], epoch, own)

        return Prefetched(make, count)

    def loss(self, batch: Pairs, rng: np.random.Generator, done: float) -> Tensor:
        """Return the mean hinge of the shared negatives, and of the hard ones."""
        material, network = self._material, self._material.network
        vectors = network.item_vectors(material.features, batch.block)
        units = F.normalize(vectors.float(), dim=1)
        query = units[torch.from_numpy(batch.queries)]
        positive = (query * units[torch.from_numpy(batch.positives)]).sum(dim=1, keepdim=True)
        shared = query @ units[torch.from_numpy(batch.negatives)].T
        margin = material.config.margin
        loss = F.relu(shared - positive + margin).mean()
        if batch.hard.shape[1]:
            hard = torch.from_numpy(batch.hard)
            near = torch.einsum("pd,phd->ph", query, F.embedding(hard.clamp(min=0), units))
            hinge = F.relu(near - positive + margin) * (hard >= 0)
            loss = loss + hinge.sum() / max(1, int((hard >= 0).sum()))
        return loss

    def _batch(
        self,
        queries: NDArray[np.int64],
        positives: NDArray[np.int64],
        epoch: int,
        rng: np.random.Generator,
    ) -> Pairs:
        material, config = self._material, self._material.config
        negatives = rng.integers(material.items, size=_NEGATIVES)
        hard = self._hard(queries, positives, epoch, rng)
        batch = join([queries, positives, negatives, hard])
        return Pairs(
            places(batch, queries),
            places(batch, positives),
            places(batch, hard),
            places(batch, negatives),
            Block.around(material.walks, batch, config.layers, config.walk_seed(epoch)),
        )

    def _hard(
        self,
        queries: NDArray[np.int64],
        positives: NDArray[np.int64],
        epoch: int,
        rng: np.random.Generator,
    ) -> NDArray[np.int64]:
        """Return hard negatives of each query, shape (pairs, as many as the epoch has)."""
        count = min(epoch, self._material.config.hard_negatives)
        if not count:
            return np.empty((len(queries), 0), dtype=np.int64)
        distinct, back = np.unique(queries, return_inverse=True)
        found = self._further(distinct.astype(np.int32), epoch)
        near = found.rows[back]  # (pairs, ranks), -1 at the end of a row
        columns = rng.integers(near.shape[1], size=(len(queries), count))
        drawn = np.take_along_axis(near, columns, axis=1).astype(np.int64)
        return np.where(drawn == positives[:, None], -1, drawn)

    def _further(self, rows: NDArray[np.int32], epoch: int) -> Neighbourhoods:
        """Return the items visited less than those that are pooled, by falling visits."""
        found = self._material.wide_walks.neighbours(rows, self._material.config.walk_seed(epoch))
        pooled = self._material.config.neighbours
        return Neighbourhoods(
            found.rows[:, pooled:], found.counts[:, pooled:], found.weights[:, pooled:]
        )


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
