"""The items whose vectors a batch needs, layer by layer, and who passes what to whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from torch import Tensor

from nearfield.graph.csr import Rows
from nearfield.graph.walks import Neighbourhoods
from nearfield.rising import rising, without
from nearfield.training.team import ALONE, Team


@dataclass(frozen=True)
class Pooling:
    """Weighted means of neighbours: a sparse matrix that knows its transpose.

    Parameters
    ----------
    matrix : scipy CSR of float32, shape (outputs, inputs)
        Row r holds the weights of the neighbours of output r; they sum to 1, or to 0 where it
        has none.
    """

    matrix: sparse.csr_array

    @classmethod
    def of(cls, found: Neighbourhoods, columns: NDArray[np.int64], inputs: int) -> "Pooling":
        """Make the matrix of neighbourhoods.

        Parameters
        ----------
        found : Neighbourhoods
            One row for each output.
        columns : int64, shape of `found.rows`
            Where each neighbour stands among the inputs; what stands beside a row of -1 is not
            read.
        inputs : int
            Number of inputs.
        """
        kept = found.rows >= 0
        indptr = np.concatenate([[0], np.cumsum(kept.sum(axis=1))])
        shape = (len(found.rows), inputs)
        return cls(sparse.csr_array((found.weights[kept], columns[kept], indptr), shape=shape))

    @cached_property
    def transposed(self) -> sparse.csr_array:
        """The matrix for the way back."""
        return self.matrix.T.tocsr()

    def __call__(self, inputs: Tensor) -> Tensor:
        """Return the means, shape (outputs, dim), in float32."""
        pooled: Tensor = _Pool.apply(self, inputs)  # type: ignore[no-untyped-call]
        return pooled


class _Pool(torch.autograd.Function):
    """The product with a sparse matrix; scipy's kernels, which let other threads run."""

    @staticmethod
    def forward(ctx: Any, pooling: Pooling, inputs: Tensor) -> Tensor:
        ctx.pooling, ctx.kind = pooling, inputs.dtype
        return torch.from_numpy(pooling.matrix @ inputs.detach().float().numpy())

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        (gradient,) = gradients
        back = ctx.pooling.transposed @ gradient.contiguous().float().numpy()
        return None, torch.from_numpy(back).to(ctx.kind)


@dataclass(frozen=True)
class Block:
    """What a batch needs.

    Parameters
    ----------
    rows : int32, shape (inputs of the first layer,)
        Items whose features are read, each once; the items of the batch come first.
    poolings : tuple of Pooling
        One for each layer, in the order in which they are applied. The outputs of each are the
        first of its inputs, and all the inputs of the next; the last one's are the batch.
    team : Team
        Whose members each have a part of the items, and pool what all of them say.
    """

    rows: Rows
    poolings: tuple[Pooling, ...]
    team: Team = ALONE

    def said(self, messages: Tensor, pooling: Pooling) -> Tensor:
        """Return the messages that a layer pools, given those of this block's items."""
        return self.team.gather(messages, pooling.matrix.shape[1])

    @classmethod
    def around(cls, found: Neighbourhoods, batch: Rows, layers: int) -> "Block":
        """Return the block of a batch: its items, their neighbours, the neighbours of these, ...

        Parameters
        ----------
        found : Neighbourhoods
            Of all items of the graph, in the order of their rows.
        batch : int32, shape (batch,)
            Distinct items.
        layers : int
            How deep.
        """
        rows, poolings = batch, []
        for _ in range(layers):
            near = found.part(rows)
            inputs, columns = _extend(rows, near.rows)
            poolings.append(Pooling.of(near, columns, len(inputs)))
            rows = inputs
        return cls(rows, tuple(reversed(poolings)))

    @classmethod
    def whole(cls, found: Neighbourhoods, layers: int, team: Team = ALONE) -> "Block":
        """Return the block of a member's part of all items, given the neighbours of each."""
        items = len(found.rows)
        own = team.part(items)
        near = found.part(own)
        pooling = Pooling.of(near, near.rows.astype(np.int64), items)
        return cls(np.arange(items, dtype=np.int32)[own], (pooling,) * layers, team)


def _extend(rows: Rows, others: Rows) -> tuple[Rows, NDArray[np.int64]]:
    """Append the items of `others` that are not in `rows`; return where each of `others` stands.

    Returns
    -------
    extended : int32, shape (at least that of `rows`,)
    places : int64, shape of `others`
        Meaningless where `others` is -1.
    """
    new = without(rising(others[others >= 0]), rising(rows))
    extended = np.concatenate([rows, new]).astype(np.int32)
    order = np.argsort(extended, kind="stable")
    places = np.searchsorted(extended, others, sorter=order)
    return extended, order[np.minimum(places, len(order) - 1)]


def join(blocks: Sequence[NDArray[np.integer[Any]]]) -> Rows:
    """Return the distinct rows of several arrays, rising; -1 among them is left out."""
    rows = rising(np.concatenate([block.ravel() for block in blocks]))
    return rows[rows >= 0].astype(np.int32)
