"""A trained fusion model: saved once, never changed; gives items and anyone a vector."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from nearfield.datasets.tables import Columns
from nearfield.errors import InvalidInput
from nearfield.fusion.config import FusionConfig
from nearfield.fusion.features import UNKNOWN, Vocabulary
from nearfield.fusion.predict import Read, item_vectors, read_users
from nearfield.fusion.towers import Towers
from nearfield.fusion.train import FusionTrainer
from nearfield.fusion.users import UserBatch, UserTower
from nearfield.training.card import CARD, read_json, write_json
from nearfield.training.weights import load_tensors, save_tensors
from nearfield.types import Ids, Shares, UserQuery, Vectors

_WEIGHTS: Final = "weights.safetensors"
_AGAINST: Final = 0.5
"""How far a user's vector is moved away from the mean of what counts against."""


class FusionModel:
    """Vectors of items and users from trained towers.

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
    item_vectors : float32, shape (items, dim)
        The item tower's output for every key, not of unit length.
    card : mapping
        What is known of the model: catalogue, version, figures.
    """

    recommender: ClassVar[str] = "fusion"

    def __init__(
        self,
        towers: Towers,
        config: FusionConfig,
        vocabulary: Vocabulary,
        keys: tuple[Ids, Ids],
        card: Mapping[str, Any],
    ) -> None:
        self._towers = towers.eval()
        if isinstance(towers.users, UserTower):
            towers.users.prepare()
        self.config = config
        self.vocabulary = vocabulary
        self.item_keys, self.user_keys = keys
        self.card = dict(card)
        self._items = torch.empty(0)
        self._last: tuple[UserQuery, Read] | None = None
        self._units: Vectors = np.empty((0, config.dim), dtype=np.float32)

    @classmethod
    def from_trainer(cls, trainer: FusionTrainer, card: Mapping[str, Any]) -> "FusionModel":
        """Take over what a finished trainer learned."""
        collection = trainer.collection
        keys = (collection.item_keys, collection.user_keys)
        model = cls(trainer.towers, trainer.config, trainer.vocabulary, keys, card)
        model._set_items(item_vectors(trainer.towers, trainer.features))
        return model

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
        card = read_json(folder / CARD)
        if card.get("recommender") != cls.recommender:
            raise InvalidInput(
                f"{folder} holds a model of {card.get('recommender')!r}, not of "
                f"{cls.recommender!r}; give the folder of a fusion model."
            )
        config = FusionConfig.model_validate(card["config"])
        vocabulary = Vocabulary.model_validate(card["vocabulary"])
        tensors = load_tensors(folder / _WEIGHTS)
        item_keys = tensors.pop("item_keys").numpy()
        user_keys = tensors.pop("user_keys").numpy()
        items = tensors.pop("item_vectors")
        towers = Towers(config, vocabulary, len(user_keys), len(item_keys))
        towers.load_state_dict(tensors)
        described = {k: v for k, v in card.items() if k not in ("config", "vocabulary")}
        model = cls(towers, config, vocabulary, (item_keys, user_keys), described)
        model._set_items(items)
        return model

    def save(self, folder: Path) -> None:
        """Write weights and card into a folder; the card last, so that it marks a whole model."""
        folder.mkdir(parents=True, exist_ok=True)
        tensors = dict(self._towers.state_dict())
        tensors["item_keys"] = torch.from_numpy(self.item_keys)
        tensors["user_keys"] = torch.from_numpy(self.user_keys)
        tensors["item_vectors"] = self._items
        save_tensors(folder / _WEIGHTS, tensors)
        card = {
            **self.card,
            "recommender": self.recommender,
            "dim": self.config.dim,
            "config": self.config.model_dump(mode="json"),
            "vocabulary": self.vocabulary.model_dump(mode="json"),
        }
        write_json(folder / CARD, card)

    def embed_items(self, items: pl.DataFrame) -> tuple[Ids, Vectors]:
        """Return a unit vector for every item of a catalogue, also those it came to know later.

        Parameters
        ----------
        items : polars.DataFrame
            As `Collection.items`. An item that training did not see is embedded by its genres,
            year and title alone.

        Returns
        -------
        ids : int64, shape (items,)
        vectors : float32, shape (items, dim)
        """
        keys = items[Columns.KEY].to_numpy().astype(np.int64)
        rows = self._rows(keys)
        vectors = np.empty((len(keys), self.config.dim), dtype=np.float32)
        vectors[rows >= 0] = self._units[rows[rows >= 0]]
        new = items.filter(pl.Series(rows < 0))
        if new.height:
            unknown = torch.full((new.height,), len(self.item_keys))
            found = item_vectors(self._towers, self.vocabulary.item_features(new), unknown)
            vectors[rows < 0] = F.normalize(found, dim=1).numpy()
        return keys, vectors

    def embed_users(self, queries: Sequence[UserQuery]) -> Vectors:
        """Return one vector for each query, shape (queries, dim).

        Unit length, except that a query of which nothing is known (no attribute or user of the
        training, no item that it saw) gives a row of zeros.
        """
        read = self._read_once(queries[0]) if len(queries) == 1 else self._read(queries)
        vectors = F.normalize(read.vectors, dim=1).numpy()
        for row, query in enumerate(queries):
            against = self._against(query)
            if against is not None:
                vectors[row] -= _AGAINST * against
                vectors[row] /= max(float(np.linalg.norm(vectors[row])), 1e-12)
            if self._is_blank(query):
                vectors[row] = 0.0
        return vectors

    def explain(self, query: UserQuery, items: Ids) -> Shares:
        """Return how much of each item's score each event, and the attributes, account for.

        An event accounts for an item by how much the tower read it (the mean of its attention
        and of its weight in the recency mean) times how near the two items are; the attributes
        by the attention to their token times how near the user is. What is negative counts as
        nothing, and the parts are scaled to sum to one.

        Returns
        -------
        Shares
            `events` of shape (items, events of the query), 0 for events that were not read, and
            for items that training did not see.
        """
        rows = self._rows(items)
        wanted = np.where((rows >= 0)[:, None], self._units[rows], np.float32(0))
        places = self._places(query)
        shares = np.zeros((len(items), len(query.items)), dtype=np.float32)
        read = self._read_once(query)
        attention = read.attention[0].numpy()
        own = F.normalize(read.vectors, dim=1)[0].numpy()
        attributes = attention[0] * np.maximum(wanted @ own, 0)
        if len(places):
            history = self._units[self._rows(query.items[places])]
            weight = 0.5 * attention[1 : len(places) + 1] + 0.5 * self._recency(len(places))
            shares[:, places] = np.maximum(wanted @ history.T, 0) * weight
        total = shares.sum(axis=1) + attributes + 1e-12
        return Shares(shares / total[:, None], (attributes / total).astype(np.float32))

    def history_length(self) -> int:
        """Return how many of the newest events of a query are read."""
        return self.config.reach

    def _set_items(self, items: torch.Tensor) -> None:
        self._items = items
        self._units = F.normalize(items, dim=1).numpy()

    def _rows(self, keys: Ids) -> NDArray[np.int64]:
        """Return the row of each item key; -1 for one that training did not see."""
        rows = np.minimum(np.searchsorted(self.item_keys, keys), len(self.item_keys) - 1)
        return np.where(self.item_keys[rows] == keys, rows, -1).astype(np.int64)

    def _places(self, query: UserQuery) -> NDArray[np.int64]:
        """Return the positions of the events that are read: known items that count for."""
        good = np.flatnonzero((query.weights > 0) & (self._rows(query.items) >= 0))
        return good[-self.config.reach :]

    def _read_once(self, query: UserQuery) -> Read:
        """Read a query that is embedded, and then explained, one time only."""
        last = self._last
        if last is None or last[0] is not query:
            last = self._last = (query, self._read([query]))
        return last[1]

    def _read(self, queries: Sequence[UserQuery]) -> Read:
        return read_users(self._towers, self._batch(queries), self._items)

    def _batch(self, queries: Sequence[UserQuery]) -> UserBatch:
        places = [self._places(query) for query in queries]
        shape = (len(queries), max((len(found) for found in places), default=0))
        items = np.full(shape, -1, dtype=np.int64)
        ratings = np.full(shape, UNKNOWN, dtype=np.int64)
        weights = np.zeros(shape, dtype=np.float32)
        for row, (query, found) in enumerate(zip(queries, places, strict=True)):
            items[row, : len(found)] = self._rows(query.items[found])
            ratings[row, : len(found)] = self.vocabulary.rating_codes(query.values[found])
            weights[row, : len(found)] = query.weights[found]
        codes = self.vocabulary.attribute_codes([query.attributes for query in queries])
        return UserBatch(
            ids=torch.tensor([self._user_row(query) for query in queries]),
            attributes=torch.from_numpy(codes),
            items=torch.from_numpy(items),
            ratings=torch.from_numpy(ratings),
            weights=torch.from_numpy(weights),
        )

    def _user_row(self, query: UserQuery) -> int:
        if query.user is None:
            return len(self.user_keys)
        row = int(np.searchsorted(self.user_keys, query.user))
        known = row < len(self.user_keys) and int(self.user_keys[row]) == query.user
        return row if known else len(self.user_keys)

    def _against(self, query: UserQuery) -> Vectors | None:
        """Return the weighted mean vector of what counts against, or None."""
        rows = self._rows(query.items)
        bad = (query.weights < 0) & (rows >= 0)
        if not bad.any():
            return None
        weights = -query.weights[bad]
        mean: Vectors = (weights @ self._units[rows[bad]]) / max(1.0, float(weights.sum()))
        return mean

    def _is_blank(self, query: UserQuery) -> bool:
        known = self.vocabulary.attribute_codes([query.attributes]).any()
        unknown_user = self._user_row(query) == len(self.user_keys)
        return not known and unknown_user and not (self._rows(query.items) >= 0).any()

    def _recency(self, events: int) -> NDArray[np.float32]:
        """Return the share of each event in the recency mean."""
        decay = self._towers.users.recency_weights(events).numpy().astype(np.float32)
        shares: NDArray[np.float32] = decay / np.float32(max(float(decay.sum()), 1e-12))
        return shares
