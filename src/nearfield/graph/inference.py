"""Vectors of all items, layer by layer: each one is worked out once per layer, never again."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
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
    the next begins, as the MapReduce inference of PinSage [1]_ does; what is kept at any time are
    the inputs of the layers, and of one layer the messages and the output.

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
    items, dim = len(found.rows), pinsage.out.out_features
    parts = [slice(start, start + chunk) for start in range(0, items, chunk)]
    inputs = []
    vectors = own = _filled((items, dim), parts, brought)
    for layer in pinsage.layers:
        assert isinstance(layer, Convolution)
        inputs.append(vectors)
        vectors = _layer(layer, vectors, found, parts)
    last = vectors

    def finished(part: slice) -> Tensor:
        return pinsage.finish(own[part], last[part])

    return Levels(tuple(inputs), _filled((items, dim), parts, finished))


def _layer(
    layer: Convolution, vectors: Tensor, found: Neighbourhoods, parts: list[slice]
) -> Tensor:
    """Return the output of one layer for all items."""
    shape = (len(vectors), layer.message.out_features)
    messages = _filled(shape, parts, lambda part: layer.messages(vectors[part]))

    def joined(part: slice) -> Tensor:
        near = found.part(part)
        pooling = Pooling.of(near, near.rows.astype(np.int64), len(messages))
        return layer.join(vectors[part], pooling(messages))

    return _filled(shape, parts, joined)


def _filled(
    shape: tuple[int, int], parts: list[slice], work_out: Callable[[slice], Tensor]
) -> Tensor:
    """Return a tensor worked out part by part; no part is kept beside it."""
    whole = torch.empty(shape)
    for part in parts:
        whole[part] = work_out(part)
    return whole
