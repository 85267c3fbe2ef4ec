"""Training of the fusion model: epochs that can be interrupted and go on with equal results."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import nn

from nearfield.datasets.tables import Collection, Interactions
from nearfield.errors import InvalidInput
from nearfield.fusion.config import FusionConfig
from nearfield.fusion.features import ItemFeatures, Vocabulary, user_rows
from nearfield.fusion.histories import Histories
from nearfield.fusion.objectives import Material, NextItem, Objective
from nearfield.fusion.rating import HiddenRatings
from nearfield.fusion.set_training import HiddenItems
from nearfield.fusion.towers import Towers
from nearfield.training.checkpoint import Checkpoint
from nearfield.training.precision import fast_arithmetic

_WARM_UP: Final = 0.1
"""Share of the steps in which the learning rate rises."""

_LARGEST_GRADIENT: Final = 1.0
_FEWEST_EVENTS: Final = 2


@dataclass(frozen=True, slots=True)
class Step:
    """How far training is.

    Parameters
    ----------
    epoch, epochs : int
        Epochs finished, and to be run.
    done, total : int
        Batches of the running epoch.
    loss : float
        Mean of the running epoch, in nats (`retrieval`) or squared stars (`rating`).
    """

    epoch: int
    epochs: int
    done: int
    total: int
    loss: float


class FusionTrainer:
    """Trains the towers on a collection; `run` yields progress.

    Parameters
    ----------
    collection : Collection
        Items and users to embed.
    config : FusionConfig
        What to compute.
    train : Interactions, optional
        Events to learn from; all of the collection's where not given.
    checkpoint : Path, optional
        Folder in which the state after every epoch is kept, and found again.
    """

    def __init__(
        self,
        collection: Collection,
        config: FusionConfig,
        train: Interactions | None = None,
        checkpoint: Path | None = None,
    ) -> None:
        self.collection = collection
        self.config = config
        self.vocabulary = Vocabulary.fit(collection)
        self.features: ItemFeatures = self.vocabulary.item_features(collection.items)
        self.attributes = self.vocabulary.attribute_codes(user_rows(collection.users))
        events = collection.interactions if train is None else train
        self.histories = Histories.of(events, self.vocabulary)
        if not (np.diff(self.histories.indptr) >= _FEWEST_EVENTS).any():
            raise InvalidInput(
                f"Catalogue {collection.name!r} has {len(events)} events and no user with two or "
                "more of them; import events before training."
            )
        with torch.random.fork_rng():
            torch.manual_seed(config.seed)
            self.towers = Towers(
                config, self.vocabulary, collection.users.height, collection.items.height
            )
        self.optimizer = _optimizer(self.towers, config)
        self._objective = _objective(
            Material(self.towers, config, self.features, self.attributes, self.histories), events
        )
        self.curve: list[float] = []
        self._checkpoint = None if checkpoint is None else Checkpoint(checkpoint)

    def run(self) -> Iterator[Step]:
        """Train to the last epoch, from the checkpoint if there is one."""
        if self._checkpoint is not None:
            self.curve = self._checkpoint.resume(self.towers, self.optimizer)
        if not self.curve:
            self._objective.begin()
        for epoch in range(len(self.curve), self.config.epochs):
            with torch.random.fork_rng():
                torch.manual_seed(self.config.seed * 100_003 + epoch)
                yield from self._epoch(epoch)
            if self._checkpoint is not None:
                self._checkpoint.save(self.towers, self.optimizer, self.curve)
        self._forget_unseen()
        self.towers.eval()
        self._objective.finish()

    def _forget_unseen(self) -> None:
        """Let ids without events stand for "unknown": training told nothing good of them."""
        histories, users, items = self.histories, self.towers.users, self.towers.items
        idle = np.diff(histories.indptr) == 0
        unseen = np.bincount(histories.items, minlength=items.unknown) == 0
        with torch.no_grad():
            users.id.weight[:-1][torch.from_numpy(idle)] = users.id.weight[-1]
            items.id.weight[:-1][torch.from_numpy(unseen)] = items.id.weight[-1]

    def _epoch(self, epoch: int) -> Iterator[Step]:
        self.towers.train()
        rng = np.random.default_rng([self.config.seed, epoch])
        batches = self._objective.batches(rng)
        total = 0.0
        for done, batch in enumerate(batches, start=1):
            share = (epoch + (done - 1) / len(batches)) / self.config.epochs
            self._set_rate(share)
            with fast_arithmetic():
                loss = self._objective.loss(batch, rng, share)
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(self.towers.parameters(), _LARGEST_GRADIENT)
            self.optimizer.step()
            total += loss.item()
            if done == len(batches):
                self.curve.append(total / done)
            yield Step(epoch, self.config.epochs, done, len(batches), total / done)

    def _set_rate(self, done: float) -> None:
        """Rise linearly, then fall along a cosine to nothing."""
        if done < _WARM_UP:
            share = (done + 1e-3) / _WARM_UP
        else:
            share = 0.5 * (1 + math.cos(math.pi * (done - _WARM_UP) / (1 - _WARM_UP)))
        for group in self.optimizer.param_groups:
            group["lr"] = self.config.learning_rate * min(1.0, share)


def _objective(material: Material, events: Interactions) -> Objective:
    if material.config.objective == "rating":
        return HiddenRatings(material, events)
    return NextItem(material) if material.config.ordered else HiddenItems(material)


def _optimizer(towers: Towers, config: FusionConfig) -> torch.optim.AdamW:
    """Decay matrices, leave biases, norms and ages alone."""
    matrices: list[nn.Parameter] = []
    rest: list[nn.Parameter] = []
    for name, parameter in towers.named_parameters():
        plain = parameter.ndim < 2 or name.endswith("age_bias")
        (rest if plain else matrices).append(parameter)
    groups = [
        {"params": matrices, "weight_decay": config.weight_decay},
        {"params": rest, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=config.learning_rate, betas=(0.9, 0.98), fused=True)
