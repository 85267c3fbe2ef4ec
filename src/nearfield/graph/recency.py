"""Users as the means of what they took lately: what is left where no reader was trained."""

from typing import Final

import torch
from torch import Tensor
from torch.nn import functional as F

from nearfield.networks.histories import History

HALF_LIFE: Final = 2.0
"""In events: one this much older counts half."""


def recency_shares(history: History) -> Tensor:
    """Return how much of the mean each event is, shape (batch, length).

    A row sums to 1, or to 0 where there is no event.
    """
    age = history.lengths[:, None] - 1 - torch.arange(history.items.shape[1])
    weights = history.weights * torch.exp2(-age.clamp(min=0) / HALF_LIFE)
    return weights / weights.sum(dim=1, keepdim=True).clamp(min=1e-12)


def recency_means(history: History, units: Tensor) -> tuple[Tensor, Tensor]:
    """Return the mean of each history's items, newer ones weighing more, and the weights.

    Parameters
    ----------
    history : History
        Its items are rows of `units`.
    units : float, shape (items, dim)
        Unit vectors.

    Returns
    -------
    vectors : float, shape (batch, dim)
    attention : float, shape (batch, 1 + length)
        0, then the share of each event.
    """
    shares = recency_shares(history)
    taken = F.embedding(history.items.clamp(min=0), units)
    return (shares[:, None] @ taken)[:, 0], F.pad(shares, (1, 0))
