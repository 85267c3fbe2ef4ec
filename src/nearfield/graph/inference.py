"""Vectors of all items, layer by layer: each one is worked out once per layer, never again."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from nearfield.graph.blocks import Pooling
from nearfield.graph.pinsage import Convolution, PinSage
from nearfield.graph.walks import Neighbourhoods

CHUNK: Final = 65_536
"""Items worked on at once: what a layer needs beside its inputs and outputs stays small."""


@dataclass(frozen=True)
class Levels:
    """All items of a graph, layer by layer.

    Parameters
    ----------
    inputs : tuple of float32, each of shape (items, dim)
        What each layer read.
    vectors : float32, shape (items, dim)
        What came out in the end, not of unit length.
    """

    inputs: tuple[Tensor, ...]
    vectors: Tensor


@torch.inference_mode()
def all_levels(
    pinsage: PinSage,
    brought: Callable[[slice], Tensor],
    found: Neighbourhoods,
    chunk: int = CHUNK,
) -> Levels:
    """Work out the vectors of all items of a graph.

    Recursion from each item works the same vectors out again for every item that they are near
    to: with T neighbours and two layers T^2 times. Here a layer is finished for all items before
    the next begins, as the MapReduce inference of PinSage [1]_ does; what is kept at any time is
    the input of each layer, and of one layer the messages.

    Parameters
    ----------
    pinsage : PinSage
        In evaluation mode.
    brought : callable
        Gives what a range of items brings along, shape (length of the range, dim).
    found : Neighbourhoods
        Of all items, in the order of their rows.
    chunk : int
        Items worked on at once.

    References
    ----------
    .. [1] Ying et al., "Graph Convolutional Neural Networks for Web-Scale Recommender Systems",
       KDD 2018, section 3.4. https://doi.org/10.1145/3219819.3219890
    """
    parts = [slice(start, start + chunk) for start in range(0, len(found.rows), chunk)]
    inputs = []
    vectors = own = torch.cat([brought(part) for part in parts])
    for layer in pinsage.layers:
        assert isinstance(layer, Convolution)
        inputs.append(vectors)
        vectors = _layer(layer, vectors, found, parts)
    finished = torch.cat([pinsage.finish(own[part], vectors[part]) for part in parts])
    return Levels(tuple(inputs), finished)


def _layer(
    layer: Convolution, vectors: Tensor, found: Neighbourhoods, parts: list[slice]
) -> Tensor:
    """Return the output of one layer for all items."""
    messages = torch.cat([layer.messages(vectors[part]) for part in parts])
    joined = []
    for part in parts:
        near = found.part(part)
        pooling = Pooling.of(near, near.rows.astype("int64"), len(messages))
        joined.append(layer.join(vectors[part], pooling(messages)))
    return torch.cat(joined)
