"""Retrieval: rank what follows each event of a history above other items."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from nearfield.graph.batches import Windows, places
from nearfield.graph.blocks import Block, join
from nearfield.graph.material import Material
from nearfield.graph.walks import Neighbourhoods
from nearfield.networks.dropout import rows_of
from nearfield.networks.histories import History, seen_before
from nearfield.networks.softmax import full_softmax
from nearfield.training.prefetch import Prefetched


class NextItems:
    """Cross-entropy of the item taken next, by a softmax over all items or over a sample of them.

    Up to `whole_below` items every batch ranks all of them, and works out the vectors of all.
    Above, a batch ranks the items of its own windows and some random ones, each with the
    logarithm of its chance to be there taken off (log-Q correction [1]_), and works out the
    vectors of these alone.

    Parameters
    ----------
    material : Material
        With a network that reads histories.

    References
    ----------
    .. [1] Yi et al., "Sampling-Bias-Corrected Neural Modeling for Large Corpus Item
       Recommendations", RecSys 2019. https://doi.org/10.1145/3298689.3346996
    """

    def __init__(self, material: Material) -> None:
        self._material = material
        counts = np.bincount(material.histories.items, minlength=material.items)
        self._frequency = counts / max(1, counts.sum())

    def begin(self) -> None:
        """Nothing: the network starts from random values."""

    def finish(self) -> None:
        """Nothing: the network is complete."""

    def batches(self, rng: np.random.Generator, epoch: int, /) -> Prefetched[Windows]:
        """Return windows of histories, cut and walked from anew."""
        material, config = self._material, self._material.config
        cuts = list(material.histories.batches(config.window, config.batch, rng))
        make: Callable[[int], Windows]
        found = material.neighbours(epoch)
        if material.items <= config.whole_below:
            block = Block.whole(found, config.layers, material.team)
            make = lambda number: self._whole(cuts[number], block)  # noqa: E731
        else:
            own = np.random.default_rng(rng.integers(2**63))  # the producer's alone
            make = lambda number: self._sampled(cuts[number], found, own)  # noqa: E731
        return Prefetched(make, len(cuts))

    def loss(self, batch: Windows, rng: np.random.Generator, done: float) -> Tensor:
        """Return the mean over all positions that something follows, in nats."""
        material, network = self._material, self._material.network
        own_items = network.item_vectors(material.features, batch.block)
        vectors = material.team.gather(own_items, batch.items)
        units = F.normalize(vectors.float(), dim=1)
        own = material.team.part(len(batch.targets))
        history, targets = batch.history.part(own), batch.targets[own]
        with rows_of(own, len(batch.targets)):
            users = network.read(history, vectors)
        asked = targets >= 0
        share = int(asked.sum()) / max(1, int((batch.targets >= 0).sum()))
        readers = network.scaled(users[asked])
        if batch.rarity is not None:  # one more dimension adds it to the logits
            units = torch.cat([units, batch.rarity[:, None]], dim=1)
            readers = F.pad(readers, (0, 1), value=1.0)
        return share * full_softmax(
            readers,
            units,
            targets[asked][:, None],
            torch.ones(int(asked.sum()), 1),
            seen_before(history.items)[asked],
        )

    def _whole(self, cut: NDArray[np.int64], block: Block) -> Windows:
        history, targets = self._read(cut)
        return Windows(history, targets, block, self._material.items)

    def _sampled(
        self, cut: NDArray[np.int64], found: Neighbourhoods, rng: np.random.Generator
    ) -> Windows:
        material, config = self._material, self._material.config
        history, targets = self._read(cut)
        extra = rng.integers(material.items, size=config.negatives)
        batch = join([history.items.numpy(), targets.numpy(), extra])
        events = int((history.items >= 0).sum()) + len(cut)  # with the last of each window
        draws = config.negatives / material.items + events * self._frequency[batch]
        return Windows(
            history.with_items(torch.from_numpy(places(batch, history.items.numpy()))),
            torch.from_numpy(places(batch, targets.numpy())),
            Block.around(found, batch[material.team.part(len(batch))], config.layers),
            len(batch),
            torch.from_numpy(rarity(draws)),
        )

    def _read(self, cut: NDArray[np.int64]) -> tuple[History, Tensor]:
        history, targets = self._material.histories.read(cut)
        targets[:, 0] = -1  # what a window happens to begin with follows from nothing
        return history, targets


def rarity(draws: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return minus the logarithm of the chance that an item is drawn at all.

    Parameters
    ----------
    draws : float64, shape (items,)
        How often a batch draws each item on average, greater than 0; few of very many, so that
        the number of draws has a Poisson distribution.
    """
    return np.asarray(-np.log(-np.expm1(-draws)), dtype=np.float32)
