"""Vectors of all items, layer by layer: each one is worked out once per layer, never again."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor

from nearfield.graph.blocks import Pooling
from nearfield.graph.pinsage import Convolution, PinSage
from nearfield.graph.room import MEMORY, Arrays, Room
from nearfield.graph.walks import Neighbourhoods, Walks

CHUNK: Final = 16_384
"""Items worked on at once: what a layer needs beside its inputs and outputs stays small."""

_VECTORS: Final = "vectors"


@dataclass(frozen=True)
class Levels:
    """All items of a graph, layer by layer.

    Parameters
    ----------
    inputs : tuple of float32, each of shape (items, dim)
        What each layer read.
    vectors : float32, shape (items, dim)
        What came out in the end, not of unit length.
    room : Room
        Where these arrays lie; files in it may go when it does.
    """

    inputs: tuple[Tensor, ...]
    vectors: Tensor
    room: Room = MEMORY


def bytes_of_levels(items: int, pinsage: PinSage, neighbours: int) -> int:
    """Return how many bytes the arrays of inference take together, neighbourhoods and all.

    Beside what is kept, of one layer there are the messages, and at the end the last one's output.
    """
    vectors = (len(pinsage.layers) + 3) * pinsage.out.out_features * 4
    return items * (vectors + neighbours * 12)


def all_neighbours(walks: Walks, seed: int, room: Room, chunk: int = CHUNK) -> Neighbourhoods:
    """Walk from every item of a graph; the same as `Walks.all`.

    Parameters
    ----------
    walks : Walks
    seed : int
        As in `Walks.neighbours`.
    room : Room
        Where what is found lies.
    chunk : int
        Items walked from at once.
    """
    items = len(walks.graph.items)
    shape = (items, walks.config.neighbours)

    def fill(into: Arrays) -> None:
        found = Neighbourhoods(**into)
        for part in _parts(items, chunk):
            rows = np.arange(part.start, part.stop, dtype=np.int32)
            walks.neighbours(rows, seed, found.part(part))

    kinds = {"rows": np.int32, "counts": np.int32, "weights": np.float32}
    shapes = {name: (shape, kind) for name, kind in kinds.items()}
    return Neighbourhoods(**room.made("neighbourhoods", shapes, fill))


@torch.inference_mode()
def all_levels(
    pinsage: PinSage,
    brought: Callable[[slice], Tensor],
    found: Neighbourhoods,
    room: Room = MEMORY,
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
    room : Room
        Where all of it lies. The vectors do not depend on it.
    chunk : int
        Items worked on at once.

    References
    ----------
    .. [1] Ying et al., "Graph Convolutional Neural Networks for Web-Scale Recommender Systems",
       KDD 2018, section 3.4. https://doi.org/10.1145/3219819.3219890
    """
    items, dim = len(found.rows), pinsage.out.out_features
    work = _Work(room, _parts(items, chunk))
    inputs = []
    vectors = own = work.filled("input 0", (items, dim), brought)
    for number, layer in enumerate(pinsage.layers, start=1):
        assert isinstance(layer, Convolution)
        inputs.append(vectors)
        vectors = work.layer(f"input {number}", layer, vectors, found)
    last = vectors

    def finished(part: slice) -> Tensor:
        return pinsage.finish(own[part], last[part])

    levels = Levels(tuple(inputs), work.filled("output", (items, dim), finished), room)
    room.drop(f"input {len(inputs)}")
    return levels


class _Work:
    """Fills arrays part by part; nothing of a part is kept beside them."""

    def __init__(self, room: Room, parts: list[slice]) -> None:
        self._room, self._parts = room, parts

    def filled(
        self, name: str, shape: tuple[int, int], work_out: Callable[[slice], Tensor]
    ) -> Tensor:
        """Return a tensor in the room."""

        def fill(into: Arrays) -> None:
            whole = torch.from_numpy(into[_VECTORS])
            for part in self._parts:
                whole[part] = work_out(part)

        made = self._room.made(name, {_VECTORS: (shape, np.float32)}, fill)
        return torch.from_numpy(made[_VECTORS])

    def layer(
        self, name: str, layer: Convolution, vectors: Tensor, found: Neighbourhoods
    ) -> Tensor:
        """Return the output of one layer for all items."""
        said: list[Tensor] = []
        messages = f"messages for {name}"

        def joined(part: slice) -> Tensor:
            if not said:  # not before they are needed: the output may be there from before a kill
                shape = (len(vectors), layer.message.out_features)
                said.append(
                    self.filled(messages, shape, lambda part: layer.messages(vectors[part]))
                )
            near = found.part(part)
            pooling = Pooling.of(near, near.rows.astype(np.int64), len(vectors))
            return layer.join(vectors[part], pooling(said[0]))

        output = self.filled(name, (len(vectors), layer.update.out_features), joined)
        said.clear()
        self._room.drop(messages)
        return output


def _parts(items: int, chunk: int) -> list[slice]:
    return [slice(start, min(start + chunk, items)) for start in range(0, items, chunk)]
