"""Retrieval, unordered: some of each history is hidden, and ranked from the rest."""

from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from torch import Tensor

from nearfield.fusion.closed_form import Ridge, compress, item_regression
from nearfield.fusion.objectives import COLD_TARGETS, Material, cold_softmax
from nearfield.fusion.sets import SetItemTower, SetTower
from nearfield.fusion.users import UserBatch
from nearfield.networks.dropout import rows_of
from nearfield.networks.histories import Histories, History
from nearfield.networks.softmax import full_softmax

_LEAST_HIDDEN: Final = 0.1
_MOST_HIDDEN: Final = 0.5

_JUDGES: Final = 512
"""Users whose scores tell how wide each part's scores spread."""


class HiddenItems:
    """Learn a regression in closed form, then a network that ranks the hidden part of a history.

    The network is trained on its own: the regression has seen the hidden items, so beside it
    there would be little left to learn, and a part of it by heart. When both are done they are
    joined by a fixed weight, `FusionConfig.closed_share`, of scores of equal spread.

    Parameters
    ----------
    material : Material
        With unordered towers.
    """

    def __init__(self, material: Material) -> None:
        users, items = material.towers.users, material.towers.items
        assert isinstance(users, SetTower)
        assert isinstance(items, SetItemTower)
        self._users, self._items, self._material = users, items, material
        self._rank = items.closed.shape[1]

    def begin(self) -> None:
        """Compute the regression; the network starts from its first directions."""
        if not self._rank:
            return
        had, ridge = self._had(), Ridge()
        seed = self._material.config.seed
        found = compress(had, item_regression(had, ridge), self._rank, ridge, seed)
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self._users.begin(found)
            self._items.begin(found)

    def batches(self, rng: np.random.Generator, _epoch: int, /) -> list[NDArray[np.int64]]:
        """Return rows of users."""
        return set_batches(self._material.histories, self._material.config.batch, rng)

    def loss(self, batch: NDArray[np.int64], rng: np.random.Generator, done: float) -> Tensor:
        """Cross-entropy of what is hidden, and of everything for the bare attributes."""
        material, towers = self._material, self._material.towers
        ids, attributes = material.hidden(batch, rng)
        left, targets, weights = hide(self._whole(batch), rng)
        own = material.team.part(len(batch))
        items = material.item_vectors()[:, self._rank :]
        vectors = towers.scaled(self._read(UserBatch.of(ids, attributes, left)))
        share = float(weights[own].sum() / weights.sum())
        loss = share * full_softmax(vectors, items, targets[own], weights[own], left.items[own])
        if not material.config.cold_weight:
            return loss
        drawn = torch.from_numpy(material.histories.sample(batch, COLD_TARGETS, rng))
        vectors = towers.scaled(self._read(material.bare(batch, rng)))
        cold = cold_softmax(vectors, items, drawn[own], len(batch))
        return loss + material.config.cold_weight * cold

    def _read(self, users: UserBatch) -> Tensor:
        """Return the trained part of this member's users, shape (own users, dim - rank)."""
        rows = len(users.ids)
        own = self._material.team.part(rows)
        with rows_of(own, rows):
            vectors: Tensor = self._users(users.part(own))
        return vectors

    @torch.inference_mode()
    def finish(self) -> None:
        """Weigh the two parts of a user's vector."""
        material, share = self._material, self._material.config.closed_share
        if not self._rank:
            return
        known = np.flatnonzero(np.diff(material.histories.indptr))
        who = known[np.linspace(0, len(known) - 1, min(len(known), _JUDGES)).astype(np.int64)]
        users = UserBatch.of(who, material.attributes[who], self._whole(who))
        items = material.towers.item_vectors(material.features)
        closed = self._users.regressed(users) @ items[:, : self._rank].T
        trained = self._users(users) @ items[:, self._rank :].T
        self._users.joined[0] = share / closed.std(dim=1).mean().clamp(min=1e-6)
        self._users.joined[1] = (1 - share) / trained.std(dim=1).mean().clamp(min=1e-6)

    def _had(self) -> sparse.csr_matrix:
        histories = self._material.histories
        shape = (len(histories.indptr) - 1, self._items.unknown)
        ones = np.ones(len(histories.items), dtype=np.float32)
        had = sparse.csr_matrix((ones, histories.items, histories.indptr), shape)
        had.sum_duplicates()
        had.data[:] = 1
        return had

    def _whole(self, who: NDArray[np.int64]) -> History:
        """Return the whole histories of users."""
        histories = self._material.histories
        cut = np.stack([who, histories.indptr[who], histories.indptr[who + 1]], axis=1)
        return histories.newest(cut)


def set_batches(
    histories: Histories, events: int, rng: np.random.Generator
) -> list[NDArray[np.int64]]:
    """Put users with two events or more into batches, in random order.

    Parameters
    ----------
    histories : Histories
        Of all users.
    events : int
        In a batch, about; a user is never cut.
    rng : Generator
        Decides the order.

    Returns
    -------
    list of int64, each of shape (users of the batch,)
    """
    counts = np.diff(histories.indptr)
    users = rng.permutation(np.flatnonzero(counts >= 2))
    ends = np.cumsum(counts[users])
    return np.split(users, np.flatnonzero(np.diff(ends // events)) + 1)


def hide(history: History, rng: np.random.Generator) -> tuple[History, Tensor, Tensor]:
    """Hide a random share of each history, 10 to 50 %, at least one event.

    Returns
    -------
    left : History
        What is not hidden.
    targets : int64, shape (batch, length)
        The hidden items; -1 fills the rest.
    weights : float, shape (batch, length)
        A user with n hidden items weighs sqrt(n), shared among them; 0 for fillers.
    """
    inside = (history.items >= 0).numpy()
    share = rng.uniform(_LEAST_HIDDEN, _MOST_HIDDEN, (len(inside), 1))
    drawn = np.where(inside, rng.random(inside.shape, dtype=np.float32), np.float32(2))
    hidden = torch.from_numpy((drawn < share) | (drawn == drawn.min(axis=1, keepdims=True)))
    left = History(
        items=torch.where(hidden, -1, history.items),
        ratings=torch.where(hidden, 0, history.ratings),
        weights=torch.where(hidden, 0.0, history.weights),
    )
    weights = hidden * hidden.sum(dim=1, keepdim=True).float().rsqrt()
    return left, torch.where(hidden, history.items, -1), weights
