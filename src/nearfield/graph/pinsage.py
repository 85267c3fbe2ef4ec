"""PinSage: convolutions over the important neighbours of an item."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nearfield.graph.blocks import Block, Pooling
from nearfield.graph.config import GraphConfig


class Convolution(nn.Module):
    """One layer: pool what the neighbours say by importance, join it with what the item says.

    Parameters
    ----------
    dim : int
        Length of the vectors that go in and come out.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.message = nn.Linear(dim, dim)
        self.update = nn.Linear(2 * dim, dim)

    def messages(self, vectors: Tensor) -> Tensor:
        """Return what each item says to its neighbours, shape (inputs, dim)."""
        return F.relu(self.message(vectors))

    def join(self, own: Tensor, pooled: Tensor) -> Tensor:
        """Return unit vectors of items, given their own and the mean message of the neighbours.

        Parameters
        ----------
        own, pooled : float, shape (outputs, dim)
        """
        updated = F.relu(self.update(torch.cat([own, pooled.to(own.dtype)], dim=1)))
        return F.normalize(updated, dim=1)

    def forward(self, vectors: Tensor, pooling: Pooling, block: Block) -> Tensor:
        """Return vectors of the outputs, shape (outputs, dim), from those of the inputs."""
        pooled = pooling(block.said(self.messages(vectors), pooling))
        return self.join(vectors[: len(pooled)], pooled)


class PinSage(nn.Module):
    """The convolutions and what follows them, over vectors that items bring along [1]_.

    Each layer is `h' = normalize(relu(W [h, sum over neighbours of weight * relu(Q h_j)]))`,
    and the output `G2 relu(G1 h)`. Added to it are the vectors that the items brought along: an
    item with many events is told apart by its own, one with few leans on its neighbours. `G2`
    starts at zero, so that training begins with the items alone.

    Parameters
    ----------
    config : GraphConfig
        Sizes.

    References
    ----------
    .. [1] Ying et al., "Graph Convolutional Neural Networks for Web-Scale Recommender Systems",
       KDD 2018. https://doi.org/10.1145/3219819.3219890
    """

    def __init__(self, config: GraphConfig) -> None:
        super().__init__()
        self.layers = nn.ModuleList(Convolution(config.dim) for _ in range(config.layers))
        self.hidden = nn.Linear(config.dim, config.dim)
        self.out = nn.Linear(config.dim, config.dim, bias=False)
        nn.init.zeros_(self.out.weight)

    def forward(self, vectors: Tensor, block: Block) -> Tensor:
        """Return vectors of a block's batch, shape (batch, dim), not of unit length.

        Parameters
        ----------
        vectors : float, shape (inputs, dim)
            What the items of `block.rows` bring along.
        block : Block
            With as many poolings as there are layers.
        """
        found = vectors
        for layer, pooling in zip(self.layers, block.poolings, strict=True):
            found = layer(found, pooling, block)
        return self.finish(vectors[: len(found)], found)

    def finish(self, own: Tensor, found: Tensor) -> Tensor:
        """Return the output, shape (items, dim), from what items brought along and the layers."""
        finished: Tensor = own + self.out(F.relu(self.hidden(found)))
        return finished
