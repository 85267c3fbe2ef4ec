"""What the trainer's epochs are made of: one class for each way to learn from the events."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from nearfield.fusion.config import FusionConfig
from nearfield.fusion.towers import Towers
from nearfield.fusion.users import UserBatch
from nearfield.networks.dropout import rows_of
from nearfield.networks.features import UNKNOWN, ItemFeatures
from nearfield.networks.histories import Histories, History, seen_before
from nearfield.networks.softmax import full_softmax
from nearfield.training.team import ALONE, Team

COLD_TARGETS: Final = 32
"""Items drawn of each user for the vector without history."""


@dataclass(frozen=True, slots=True)
class Material:
    """What there is to learn with, and what learns.

    Parameters
    ----------
    towers : Towers
        Changed by the optimizer, and by an objective's `begin` and `finish`.
    config : FusionConfig
        What to compute.
    features : ItemFeatures
        Of all items.
    attributes : int64, shape (users, attributes)
        Codes of all users.
    histories : Histories
        Of all users.
    team : Team
        Who shares the work of each batch.
    """

    towers: Towers
    config: FusionConfig
    features: ItemFeatures
    attributes: NDArray[np.int64]
    histories: Histories
    team: Team = ALONE

    def item_vectors(self) -> Tensor:
        """Return the vectors of all items, shape (items, dim), each worked out by one member."""
        rows = len(self.features.years)
        part = self.team.part(rows)
        own = self.towers.item_vectors(self.features.take(part), torch.arange(rows)[part])
        return self.team.gather(own, rows)

    def hidden(
        self, who: NDArray[np.int64], rng: np.random.Generator
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return ids and attributes of users, some of them hidden, so that any may be missing."""
        ids = np.where(
            rng.random(len(who)) < self.config.user_id_dropout, self.towers.users.unknown, who
        )
        attributes = self.attributes[who]
        hidden = rng.random(attributes.shape) < self.config.attribute_dropout
        return ids, np.where(hidden, UNKNOWN, attributes)

    def bare(self, who: NDArray[np.int64], rng: np.random.Generator) -> UserBatch:
        """Return users as known by (some of) their attributes alone."""
        _, attributes = self.hidden(who, rng)
        return nobody(len(who), self.towers.users.unknown, torch.from_numpy(attributes))


class NextItem:
    """Retrieval, ordered: rank what follows each event above all other items.

    Parameters
    ----------
    material : Material
        With ordered towers.
    """

    def __init__(self, material: Material) -> None:
        self._material = material

    def begin(self) -> None:
        """Nothing: the towers start from random values."""

    def finish(self) -> None:
        """Nothing: the towers are complete."""

    def batches(self, rng: np.random.Generator, _epoch: int, /) -> list[NDArray[np.int64]]:
        """Return windows of histories; see `Histories.cut`."""
        config = self._material.config
        return list(self._material.histories.batches(config.window, config.batch, rng))

    def loss(self, batch: NDArray[np.int64], rng: np.random.Generator, done: float) -> Tensor:
        """Cross-entropy of what follows each event, and of everything for the bare attributes."""
        material, towers, config = self._material, self._material.towers, self._material.config
        history, targets = material.histories.read(batch)
        users = UserBatch.of(*material.hidden(batch[:, 0], rng), history)
        own = material.team.part(len(batch))
        items = material.item_vectors()
        units = F.normalize(items.float(), dim=1)
        with rows_of(own, len(batch)):
            vectors = towers.users(users.part(own), items)
        targets[:, 0] = -1  # what a window happens to begin with follows from nothing
        whole, targets = int((targets >= 0).sum()), targets[own]
        asked = targets >= 0
        share = int(asked.sum()) / max(1, whole)
        loss = share * full_softmax(
            towers.scaled(vectors[asked]),
            units,
            targets[asked][:, None],
            torch.ones(int(asked.sum()), 1),
            seen_before(history.items[own])[asked],
        )
        if config.cold_weight:
            loss = loss + config.cold_weight * self._cold_loss(batch[:, 0], items, units, rng)
        return loss

    def _cold_loss(
        self, who: NDArray[np.int64], items: Tensor, units: Tensor, rng: np.random.Generator
    ) -> Tensor:
        """Cross-entropy of some of a user's items, given the attributes alone."""
        towers, own = self._material.towers, self._material.team.part(len(who))
        users = self._material.bare(who, rng).part(own)
        targets = torch.from_numpy(self._material.histories.sample(who, COLD_TARGETS, rng))[own]
        with rows_of(own, len(who)):
            vectors = towers.users(users, items)[:, 0]
        return cold_softmax(towers.scaled(vectors), units, targets, len(who))


def cold_softmax(users: Tensor, items: Tensor, targets: Tensor, whole: int) -> Tensor:
    """Return what some users add to the mean cross-entropy of a batch, given nothing they did.

    Parameters
    ----------
    users, items, targets
        As in `full_softmax`; all targets count alike.
    whole : int
        Users of the batch.
    """
    even = torch.full(targets.shape, 1 / targets.shape[1])
    nothing = torch.full((len(users), 1), -1)
    return len(users) / whole * full_softmax(users, items, targets, even, nothing)


def nobody(rows: int, unknown: int, attributes: Tensor) -> UserBatch:
    """Return users without id and history."""
    nothing = torch.empty((rows, 0), dtype=torch.int64)
    return UserBatch(
        ids=torch.full((rows,), unknown),
        attributes=attributes,
        history=History(nothing, nothing, torch.empty((rows, 0))),
    )
