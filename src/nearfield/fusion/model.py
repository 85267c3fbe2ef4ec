"""A trained fusion model: saved once, never changed; gives items and anyone a vector."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
from nearfield.fusion.features import Vocabulary
from nearfield.fusion.predict import Read, item_vectors, one_thread, read_users
from nearfield.fusion.single import SingleTower
from nearfield.fusion.towers import Towers
from nearfield.fusion.train import FusionTrainer
from nearfield.fusion.users import UserBatch, UserTower
from nearfield.training.card import CARD, read_json, write_json
from nearfield.training.weights import load_tensors, save_tensors
from nearfield.types import Ids, Shares, UserQuery, Vectors

_WEIGHTS: Final = "weights.safetensors"
_AGAINST: Final = 0.5
"""How far a user's vector is moved away from the mean of what counts against."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """A query, and how the tower read it.

    Parameters
    ----------
    query : UserQuery
        What was read.
    rows : int64, shape (events,)
        Row of each item of the query; -1 for one that training did not see.
    places : int64, shape (read,)
        Positions of the events that were read: known items that count for.
    known : bool
        Whether the model knows the user, an attribute or an item.
    vector : float32, shape (dim,)
        Unit length.
    attention : float32, shape (1 + read,)
        As in `Read`.
    """

    query: UserQuery
    rows: NDArray[np.int64]
    places: NDArray[np.int64]
    known: bool
    vector: NDArray[np.float32]
    attention: NDArray[np.float32]


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
        self._single: SingleTower | None = None
        self.config = config
        self.vocabulary = vocabulary
        self.item_keys, self.user_keys = keys
        self.card = dict(card)
        self._items = torch.empty(0)
        self._last: _Reading | None = None
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
        vectors = np.empty((len(queries), self.config.dim), dtype=np.float32)
        for row, query in enumerate(queries):
            vectors[row] = self._vector(self._read(query))
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
        shares = np.zeros((len(items), len(query.items)), dtype=np.float32)
        read = self._read(query)
        attributes = read.attention[0] * np.maximum(wanted @ read.vector, 0)
        if len(read.places):
            history = self._units[read.rows[read.places]]
            weight = 0.5 * read.attention[1:] + 0.5 * self._recency(len(read.places))
            shares[:, read.places] = np.maximum(wanted @ history.T, 0) * weight
        total = shares.sum(axis=1) + attributes + 1e-12
        return Shares(shares / total[:, None], (attributes / total).astype(np.float32))

    def history_length(self) -> int:
        """Return how many of the newest events of a query are read."""
        return self.config.reach

    def _set_items(self, items: torch.Tensor) -> None:
        self._items = items
        self._units = F.normalize(items, dim=1).numpy()
        if isinstance(self._towers.users, UserTower):
            self._single = SingleTower(self._towers.users, items)

    def _rows(self, keys: Ids) -> NDArray[np.int64]:
        """Return the row of each item key; -1 for one that training did not see."""
        rows = np.minimum(np.searchsorted(self.item_keys, keys), len(self.item_keys) - 1)
        return np.where(self.item_keys[rows] == keys, rows, -1).astype(np.int64)

    def _read(self, query: UserQuery) -> _Reading:
        """Read a query that is embedded, and then explained, one time only."""
        last = self._last
        if last is None or last.query is not query:
            last = self._last = self._read_anew(query)
        return last

    def _read_anew(self, query: UserQuery) -> _Reading:
        rows = self._rows(query.items)
        places = np.flatnonzero((query.weights > 0) & (rows >= 0))[-self.config.reach :]
        user = self._user_row(query.user)
        codes = self.vocabulary.attribute_codes([query.attributes])
        ratings = self.vocabulary.rating_codes(query.values[places])
        batch = UserBatch(
            ids=torch.tensor([user]),
            attributes=torch.from_numpy(codes),
            items=torch.from_numpy(rows[None, places]),
            ratings=torch.from_numpy(ratings[None]),
            weights=torch.from_numpy(query.weights[None, places].astype(np.float32)),
        )
        with one_thread():
            if self._single is None:
                read = read_users(self._towers, batch, self._items)
            else:
                read = Read(*self._single.newest(batch))
        return _Reading(
            query=query,
            rows=rows,
            places=places,
            known=bool(user < len(self.user_keys) or codes.any() or (rows >= 0).any()),
            vector=_unit(read.vectors[0].numpy()),
            attention=read.attention[0].numpy(),
        )

    def _user_row(self, user: int | None) -> int:
        if user is None:
            return len(self.user_keys)
        row = int(np.searchsorted(self.user_keys, user))
        known = row < len(self.user_keys) and int(self.user_keys[row]) == user
        return row if known else len(self.user_keys)

    def _vector(self, read: _Reading) -> NDArray[np.float32]:
        """Return the vector of who asks: away from the mean of what counts against."""
        if not read.known:
            return np.zeros_like(read.vector)
        bad = (read.query.weights < 0) & (read.rows >= 0)
        if not bad.any():
            return read.vector
        weights = -read.query.weights[bad]
        against = (weights @ self._units[read.rows[bad]]) / max(1.0, float(weights.sum()))
        return _unit(read.vector - np.float32(_AGAINST) * against)

    def _recency(self, events: int) -> NDArray[np.float32]:
        """Return the share of each event in the recency mean; all alike without an order."""
        if self._single is None:
            return np.full(events, 1 / events, dtype=np.float32)
        weights = self._single.recency_weights(events).numpy().astype(np.float32)
        shares: NDArray[np.float32] = weights / np.float32(max(float(weights.sum()), 1e-12))
        return shares


def _unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a vector of length 1; zeros stay."""
    unit: NDArray[np.float32] = vector / np.float32(max(float(np.linalg.norm(vector)), 1e-12))
    return unit
