"""What one training step reads, made ready beforehand."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from nearfield.graph.blocks import Block
from nearfield.graph.csr import Rows
from nearfield.networks.histories import History


@dataclass(frozen=True)
class Windows:
    """Histories cut into windows, and the items that they and their ranking need.

    Parameters
    ----------
    history : History
        Its items are places in the block's batch.
    targets : int64, shape (windows, 1 + length)
        Place of the item taken next after each position; -1 where none is.
    block : Block
        This member's part of the items of the batch: all that there are, or those of the windows
        and some random ones.
    items : int
        Of the batch.
    rarity : float32, shape (batch,), optional
        Minus the logarithm of the chance that each item is in a batch; not given where all are.
    """

    history: History
    targets: Tensor
    block: Block
    items: int
    rarity: Tensor | None = None


@dataclass(frozen=True)
class Pairs:
    """Items taken soon after each other by the same user.

    Parameters
    ----------
    queries, positives : int64, shape (pairs,)
        Places in the block's batch.
    hard : int64, shape (pairs, hard negatives)
        Places of items that are somewhat near to the query; -1 where there is none.
    negatives : int64, shape (negatives,)
        Places of random items, the same for all pairs.
    block : Block
        This member's part of the items of the batch.
    items : int
        Of the batch.
    """

    queries: NDArray[np.int64]
    positives: NDArray[np.int64]
    hard: NDArray[np.int64]
    negatives: NDArray[np.int64]
    block: Block
    items: int


def places(batch: Rows, rows: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
    """Return where rows stand in a rising batch that holds them all; -1 stays."""
    found = np.searchsorted(batch, rows)
    return np.where(rows < 0, -1, found).astype(np.int64)
