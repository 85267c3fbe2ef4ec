"""A trained fusion model: saved once, never changed; gives items and anyone a vector."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import polars as pl
import torch
from torch.nn import functional as F

from nearfield.datasets.tables import Collection, Columns
from nearfield.fusion.config import FusionConfig
from nearfield.fusion.exported import export_user_tower
from nearfield.fusion.predict import UsersRead, item_vectors, read_users
from nearfield.fusion.single import SingleTower
from nearfield.fusion.towers import Towers
from nearfield.fusion.train import FusionTrainer
from nearfield.fusion.users import UserBatch, UserTower
from nearfield.networks.features import Vocabulary
from nearfield.networks.histories import History
from nearfield.networks.history_model import Events, HistoryModel, Read, shares_of
from nearfield.networks.saved import read_saved, write_saved
from nearfield.networks.single import one_thread
from nearfield.networks.tower_file import ITEM_KEYS, ITEM_VECTORS, TOWER, USER_KEYS
from nearfield.types import Ids, UserQuery, Vectors


@dataclass(frozen=True)
class Parts:
    """What a fusion model is made of.

    Parameters
    ----------
    towers : Towers
        Trained; put in evaluation mode.
    config : FusionConfig
        What they were made from.
    vocabulary : Vocabulary
        Code books.
    item_keys, user_keys : int64
        Catalogue key of each row of the id embeddings, rising.
    items : float32, shape (items, dim)
        The item tower's output for every key, not of unit length.
    """

    towers: Towers
    config: FusionConfig
    vocabulary: Vocabulary
    item_keys: Ids
    user_keys: Ids
    items: torch.Tensor


class FusionModel(HistoryModel):
    """Vectors of items and users from trained towers.

    Parameters
    ----------
    parts : Parts
        What training made.
    card : mapping
        What is known of the model: catalogue, version, figures.
    """

    recommender: ClassVar[str] = "fusion"

    def __init__(self, parts: Parts, card: Mapping[str, Any]) -> None:
        super().__init__(parts.item_keys, parts.items.numpy(), parts.vocabulary, parts.config.reach)
        self.config = parts.config
        self.user_keys = parts.user_keys
        self.card = dict(card)
        self._towers, self._vectors = parts.towers.eval(), parts.items
        tower = parts.towers.users
        self._single = SingleTower(tower, parts.items) if isinstance(tower, UserTower) else None

    @classmethod
    def from_trainer(cls, trainer: FusionTrainer, card: Mapping[str, Any]) -> "FusionModel":
        """Take over what a finished trainer learned."""
        parts = Parts(
            trainer.towers,
            trainer.config,
            trainer.vocabulary,
            trainer.collection.item_keys,
            trainer.collection.user_keys,
            item_vectors(trainer.towers, trainer.features),
        )
        return cls(parts, card)

    @classmethod
    def load(cls, folder: Path) -> "FusionModel":
        """Load a saved model.

        Raises
        ------
        NotFound
            If the folder holds none.
        InvalidInput
            If a file is broken or was made by another recommender.
        """
        saved = read_saved(folder, cls.recommender)
        config, tensors = FusionConfig.model_validate(saved.config), saved.tensors
        item_keys = tensors.pop(ITEM_KEYS).numpy()
        user_keys = tensors.pop(USER_KEYS).numpy()
        items = tensors.pop(ITEM_VECTORS)
        towers = Towers(config, saved.vocabulary, len(user_keys), len(item_keys))
        towers.load_state_dict(tensors)
        parts = Parts(towers, config, saved.vocabulary, item_keys, user_keys, items)
        return cls(parts, saved.card)

    def save(self, folder: Path) -> None:
        """Write all that was learned; the card last, so that it marks a whole model."""
        folder.mkdir(parents=True, exist_ok=True)
        self.export(folder)

    def export(self, folder: Path) -> None:
        """Write what serving needs into a folder that is there: user tower, weights, card."""
        export_user_tower(folder / TOWER, self._towers.users, self.config)
        tensors = dict(self._towers.state_dict())
        tensors[ITEM_KEYS] = torch.from_numpy(self.item_keys)
        tensors[USER_KEYS] = torch.from_numpy(self.user_keys)
        tensors[ITEM_VECTORS] = self._vectors
        card = {**self.card, "recommender": self.recommender, "dim": self.config.dim}
        write_saved(folder, self.config, self.vocabulary, tensors, card)

    def embed_items(self, collection: Collection) -> tuple[Ids, Vectors]:
        """Return a unit vector for every item of a catalogue, also those it came to know later.

        Parameters
        ----------
        collection : Collection
            Its items are embedded. An item that training did not see is embedded by its genres,
            year and title alone.

        Returns
        -------
        ids : int64, shape (items,)
        vectors : float32, shape (items, dim)
        """
        items = collection.items
        keys = items[Columns.KEY].to_numpy().astype(np.int64)
        rows = self._rows(keys)
        vectors = np.empty((len(keys), self.config.dim), dtype=np.float32)
        vectors[rows >= 0] = self._units(rows[rows >= 0])
        new = items.filter(pl.Series(rows < 0))
        if new.height:
            unknown = torch.full((new.height,), len(self.item_keys))
            found = item_vectors(self._towers, self.vocabulary.item_features(new), unknown)
            vectors[rows < 0] = F.normalize(found, dim=1).numpy()
        return keys, vectors

    def _newest(self, query: UserQuery, events: Events) -> Read:
        user = self._user_row(query.user)
        codes = self.vocabulary.attribute_codes([query.attributes])
        batch = UserBatch(torch.tensor([user]), torch.from_numpy(codes), History.of_one(events))
        known = user < len(self.user_keys) or bool(codes.any())
        with one_thread():
            if self._single is None:  # without an order all events count alike
                read = read_users(self._towers, batch, self._vectors)
                recency = torch.ones(len(events.items))
            else:
                read = UsersRead(*self._single.newest(batch))
                recency = self._single.reader.recency_weights(len(events.items))
        return Read(
            vector=read.vectors[0].numpy(),
            attention=read.attention[0].numpy(),
            recency=shares_of(recency.numpy()),
            known=known,
        )

    def _user_row(self, user: int | None) -> int:
        if user is None:
            return len(self.user_keys)
        row = int(np.searchsorted(self.user_keys, user))
        known = row < len(self.user_keys) and int(self.user_keys[row]) == user
        return row if known else len(self.user_keys)
