"""LightGCN: embeddings of users and items, smoothed over who had what.

No features, no weights but the embeddings: the plainest graph convolution, and so the one to beat.
It learns here by a softmax over all items, which reaches in minutes what its own pairwise loss
(BPR) needs hours for at the same size.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from torch import Tensor

from nearfield.datasets.tables import Interactions

Rows: TypeAlias = NDArray[np.float32]

_FEWEST_STEPS: Final = 5
"""Steps of an epoch: few users in one batch would be learned in too few steps."""


@dataclass(frozen=True)
class LightGCNConfig:
    """Settings; the number of epochs is the limit, validation chooses how many are used.

    Parameters
    ----------
    dim : int
        Length of the vectors.
    layers : int
        Rounds of smoothing, each from users to items and back; 0 is matrix factorisation.
    epochs : int
        Most passes over all users.
    batch : int
        Most users of a step; fewer where an epoch would have less than five steps.
    learning_rate : float
        Of Adam.
    l2 : float
        Weight of the mean squared length of the embeddings in the loss; 0 or more.
    seed : int
        Of the first embeddings and the order of users.
    """

    dim: int = 64
    layers: int = 2
    epochs: int = 30
    batch: int = 1_024
    learning_rate: float = 0.1
    l2: float = 0.01
    seed: int = 0


class Smoothing:
    """The mean of 0, 1, ... rounds of averaging over neighbours, normalised on both sides.

    As a matrix it is symmetric, so that it passes gradients back as it passes vectors on.

    Parameters
    ----------
    had : sparse, shape (users, items)
        1 where a user had an item.
    layers : int
        Rounds.
    """

    def __init__(self, had: sparse.csr_matrix, layers: int) -> None:
        users, items = (
            1 / np.sqrt(np.maximum(np.asarray(had.sum(axis=axis)).ravel(), 1)) for axis in (1, 0)
        )
        scaled = sparse.diags(users) @ had @ sparse.diags(items)
        self._by_user = sparse.csr_matrix(scaled, dtype=np.float32)
        self._by_item = self._by_user.T.tocsr()
        self._layers = layers

    def __call__(self, nodes: Rows) -> Rows:
        """Smooth the vectors of all users, then all items, shape (users + items, dim)."""
        users = self._by_user.shape[0]
        total, layer = nodes.copy(), nodes
        for _ in range(self._layers):
            layer = np.concatenate([self._by_user @ layer[users:], self._by_item @ layer[:users]])
            total += layer
        return np.asarray(total / (self._layers + 1), dtype=np.float32)


@dataclass(frozen=True)
class Epoch:
    """What is known after a pass over all users.

    Parameters
    ----------
    number : int
        From 1.
    loss : float
        Mean cross-entropy of an event, in nats.
    users, items : float32, shapes (users, dim) and (items, dim)
        Smoothed vectors; their inner product is the score.
    """

    number: int
    loss: float
    users: Rows
    items: Rows


def learn(train: Interactions, config: LightGCNConfig) -> Iterator[Epoch]:
    """Learn from who had what [1]_, by a softmax over all items for each event.

    References
    ----------
    .. [1] He et al., "LightGCN: Simplifying and Powering Graph Convolution Network for
       Recommendation", SIGIR 2020. https://doi.org/10.1145/3397271.3401063
    """
    had = train.matrix()
    had.data[:] = 1
    smoothing = Smoothing(had, config.layers)
    rng = np.random.default_rng(config.seed)
    first = rng.normal(0, 0.1, (train.users + train.items, config.dim)).astype(np.float32)
    nodes = torch.nn.Parameter(torch.from_numpy(first))
    optimizer = torch.optim.Adam([nodes], lr=config.learning_rate)
    active = np.flatnonzero(np.diff(had.indptr))
    batch = max(1, min(config.batch, -(-len(active) // _FEWEST_STEPS)))
    for number in range(1, config.epochs + 1):
        losses = []
        order = rng.permutation(active)
        for start in range(0, len(order), batch):
            smooth = torch.from_numpy(smoothing(nodes.detach().numpy())).requires_grad_()
            loss = _cross_entropy(smooth, order[start : start + batch], had)
            loss.backward()  # type: ignore[no-untyped-call]
            assert smooth.grad is not None
            penalty = 2 * config.l2 / len(nodes) * nodes.detach()
            nodes.grad = torch.from_numpy(smoothing(smooth.grad.numpy())) + penalty
            optimizer.step()
            losses.append(float(loss.detach()))
        found = smoothing(nodes.detach().numpy())
        yield Epoch(number, float(np.mean(losses)), found[: train.users], found[train.users :])


def _cross_entropy(smooth: Tensor, users: NDArray[np.int64], had: sparse.csr_matrix) -> Tensor:
    """Return the mean over the events of some users, in nats."""
    events = had[users]
    logits = smooth[torch.from_numpy(users)] @ smooth[had.shape[0] :].T  # (batch, items)
    rows = torch.from_numpy(np.repeat(np.arange(len(users)), np.diff(events.indptr)))
    chosen = logits[rows, torch.from_numpy(events.indices.astype(np.int64))]
    lengths = torch.from_numpy(np.diff(events.indptr).astype(np.float32))
    return ((logits.logsumexp(dim=1) * lengths).sum() - chosen.sum()) / len(events.indices)
