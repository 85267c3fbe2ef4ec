"""A trained model that reads histories: what a query becomes, and which event it came from.

Nothing here needs torch: the model that was trained and the one that serves it share all of it.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from threading import local
from typing import Final

import numpy as np
from numpy.typing import NDArray

from nearfield.networks.features import Vocabulary
from nearfield.types import Ids, Scores, Shares, UserQuery, Vectors

_AGAINST: Final = 0.5
"""How far a user's vector is moved away from the mean of what counts against."""


@dataclass(frozen=True, slots=True)
class Events:
    """What one user did, oldest first, as a network reads it.

    Parameters
    ----------
    items : int64, shape (read,)
        Rows of the items.
    ratings : int64, shape (read,)
        Codes of the ratings; 0 where there is none.
    weights : float32, shape (read,)
        How much each counts, above 0.
    """

    items: NDArray[np.int64]
    ratings: NDArray[np.int64]
    weights: Scores


@dataclass(frozen=True, slots=True)
class Read:
    """How a network read one query.

    Parameters
    ----------
    vector : float32, shape (dim,)
        Not of unit length.
    attention : float32, shape (1 + read,)
        Share of the token before the first event, then of each event that was read.
    recency : float32, shape (read,)
        Share of each event in the recency mean.
    known : bool
        Whether the network knows something of who asks beside the events.
    """

    vector: NDArray[np.float32]
    attention: NDArray[np.float32]
    recency: NDArray[np.float32]
    known: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """A query, and what came of it.

    Parameters
    ----------
    query : UserQuery
        What was read.
    rows : int64, shape (events,)
        Row of each item of the query; -1 for one that training did not see.
    places : int64, shape (read,)
        Positions of the events that were read: known items that count for.
    read : Read
        By the network.
    """

    query: UserQuery
    rows: NDArray[np.int64]
    places: NDArray[np.int64]
    read: Read

    @property
    def is_known(self) -> bool:
        """Whether the model knows anything of who asks."""
        return self.read.known or bool((self.rows >= 0).any())


class _Last(local):
    """What a thread read last: one that answers a query embeds it, and then explains it."""

    reading: Reading | None = None


class HistoryModel(ABC):
    """Gives users vectors among those of the items, and says where they came from.

    Parameters
    ----------
    item_keys : int64, shape (items,)
        Catalogue key of each item that training saw, rising.
    items : float32, shape (items, dim)
        Their vectors, not of unit length.
    vocabulary : Vocabulary
        Code books.
    reach : int
        How many of the newest events are read.
    """

    def __init__(self, item_keys: Ids, items: Vectors, vocabulary: Vocabulary, reach: int) -> None:
        self.item_keys = item_keys
        self.vocabulary = vocabulary
        self._items = items
        self._reach = reach
        self._last = _Last()

    @property
    @abstractmethod
    def recommender(self) -> str:
        """Name of the recommender that trained it."""

    @abstractmethod
    def _newest(self, query: UserQuery, events: Events) -> Read:
        """Read a query: who asks, and those of its events that are read."""

    def embed_users(self, queries: Sequence[UserQuery]) -> Vectors:
        """Return one vector for each query, shape (queries, dim).

        Unit length, except that a query of which nothing is known (nothing that training told of
        who asks, no item that it saw) gives a row of zeros.
        """
        vectors = np.empty((len(queries), self._items.shape[1]), dtype=np.float32)
        for row, query in enumerate(queries):
            vectors[row] = self._vector(self._read(query))
        return vectors

    def explain(self, query: UserQuery, items: Ids) -> Shares:
        """Return how much of each item's score each event, and the attributes, account for.

        An event accounts for an item by how much the network read it (the mean of its attention
        and of its weight in the recency mean) times how near the two items are; the attributes
        by the attention to the token before the first event times how near the user is. What is
        negative counts as nothing, and the parts are scaled to sum to one.

        Returns
        -------
        Shares
            `events` of shape (items, events of the query), 0 for events that were not read, and
            for items that training did not see.
        """
        rows = self._rows(items)
        wanted = np.where((rows >= 0)[:, None], self._units(rows), np.float32(0))
        shares = np.zeros((len(items), len(query.items)), dtype=np.float32)
        reading = self._read(query)
        read, places = reading.read, reading.places
        attributes = read.attention[0] * np.maximum(wanted @ _unit(read.vector), 0)
        if len(places):
            history = self._units(reading.rows[places])
            weight = 0.5 * read.attention[1:] + 0.5 * read.recency
            shares[:, places] = np.maximum(wanted @ history.T, 0) * weight
        total = shares.sum(axis=1) + attributes + 1e-12
        return Shares(shares / total[:, None], (attributes / total).astype(np.float32))

    def history_length(self) -> int:
        """Return how many of the newest events of a query are read."""
        return self._reach

    def learned(self, keys: Ids) -> NDArray[np.bool_]:
        """Return of which items the vector came out of training, shape of `keys`.

        That of any other depends on what is known of the item when it is embedded.
        """
        return self._rows(keys) >= 0

    def _rows(self, keys: Ids) -> NDArray[np.int64]:
        """Return the row of each item key; -1 for one that training did not see."""
        rows = np.minimum(np.searchsorted(self.item_keys, keys), len(self.item_keys) - 1)
        return np.where(self.item_keys[rows] == keys, rows, -1).astype(np.int64)

    def _units(self, rows: NDArray[np.int64]) -> Vectors:
        """Return the unit vectors of some items, shape (rows, dim)."""
        vectors = self._items[rows]
        lengths = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        units: Vectors = vectors / lengths.astype(np.float32)
        return units

    def _read(self, query: UserQuery) -> Reading:
        """Read a query that is embedded, and then explained, one time only."""
        last = self._last.reading
        if last is None or last.query is not query:
            last = self._last.reading = self._read_anew(query)
        return last

    def _read_anew(self, query: UserQuery) -> Reading:
        rows = self._rows(query.items)
        places = np.flatnonzero((query.weights > 0) & (rows >= 0))[-self._reach :]
        ratings = self.vocabulary.rating_codes(query.values[places])
        events = Events(rows[places], ratings, query.weights[places].astype(np.float32))
        return Reading(query, rows, places, self._newest(query, events))

    def _vector(self, reading: Reading) -> NDArray[np.float32]:
        """Return the vector of who asks: away from the mean of what counts against."""
        if not reading.is_known:
            return np.zeros_like(reading.read.vector)
        vector = _unit(reading.read.vector)
        bad = (reading.query.weights < 0) & (reading.rows >= 0)
        if not bad.any():
            return vector
        weights = -reading.query.weights[bad]
        against = (weights @ self._units(reading.rows[bad])) / max(1.0, float(weights.sum()))
        return _unit(vector - np.float32(_AGAINST) * against)


def shares_of(weights: Scores) -> Scores:
    """Return weights that sum to one."""
    shares: Scores = weights / np.float32(max(float(weights.sum()), 1e-12))
    return shares


def _unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a vector of length 1; zeros stay."""
    unit: NDArray[np.float32] = vector / np.float32(max(float(np.linalg.norm(vector)), 1e-12))
    return unit
