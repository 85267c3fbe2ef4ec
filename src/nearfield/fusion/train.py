"""Training of the fusion model: what it learns from, and when it is done."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from nearfield.datasets.tables import Collection, Interactions
from nearfield.errors import InvalidInput
from nearfield.fusion.config import FusionConfig
from nearfield.fusion.objectives import Material, NextItem
from nearfield.fusion.rating import HiddenRatings
from nearfield.fusion.set_training import HiddenItems
from nearfield.fusion.towers import Towers
from nearfield.networks.features import ItemFeatures, Vocabulary, user_rows
from nearfield.networks.histories import Histories
from nearfield.networks.items import forget
from nearfield.training.checkpoint import Keeper, keeper
from nearfield.training.loop import Loop, Objective, Step
from nearfield.training.team import ALONE, Team

_FEWEST_EVENTS: Final = 2


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
    checkpoint : Path or Keeper, optional
        Folder in which the state after every epoch is kept, and found again; or what keeps it.
    team : Team
        Who shares the work of each batch; each has the same of all else.
    """

    def __init__(
        self,
        collection: Collection,
        config: FusionConfig,
        train: Interactions | None = None,
        checkpoint: Path | Keeper | None = None,
        team: Team = ALONE,
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
        self._loop = Loop(self.towers, config, keeper(checkpoint), team)
        material = Material(
            self.towers, config, self.features, self.attributes, self.histories, team
        )
        self._objective = _objective(material, events)

    @property
    def curve(self) -> list[float]:
        """Mean loss of each finished epoch, in nats (`retrieval`) or squared stars (`rating`)."""
        return self._loop.curve

    def run(self) -> Iterator[Step]:
        """Train to the last epoch, from the checkpoint if there is one."""
        yield from self._loop.run(self._objective)
        self._forget_unseen()
        self.towers.eval()
        self._objective.finish()

    def _forget_unseen(self) -> None:
        """Let ids without events stand for "unknown": training told nothing good of them."""
        histories, users, items = self.histories, self.towers.users, self.towers.items
        forget(users.id, np.diff(histories.indptr) == 0)
        forget(items.id, np.bincount(histories.items, minlength=items.unknown) == 0)


def _objective(material: Material, events: Interactions) -> Objective[NDArray[np.int64]]:
    if material.config.objective == "rating":
        return HiddenRatings(material, events)
    return NextItem(material) if material.config.ordered else HiddenItems(material)
