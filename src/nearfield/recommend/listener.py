"""Listeners are where the songs they listen to are: a model that needs no training."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from nearfield.errors import InvalidInput
from nearfield.recommend.listening import Tally, tally
from nearfield.recommend.retrieve import vectors_of
from nearfield.recommend.tastes import Tastes, find_tastes
from nearfield.types import Aversions, Ids, Interests, Scores, Shares, UserQuery, Vectors
from nearfield.vectors.index import VectorIndex


class ListenerConfig(BaseModel):
    """How a history becomes a place among the songs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    newest: Annotated[int, Field(ge=1, le=10_000, description="events that are read")] = 200
    half_life: Annotated[
        float, Field(gt=0, description="events after which a play counts half")
    ] = 60.0
    plays: Annotated[
        float, Field(ge=0, le=1, description="power of a song's plays: 1 adds them up, 0 does not")
    ] = 0.25
    interests: Annotated[int, Field(ge=1, le=50, description="interests kept apart, at most")] = 15
    apart: Annotated[
        float, Field(gt=0, description="Ward's distance from which on interests are two")
    ] = 1.3
    interest_share: Annotated[
        float, Field(ge=0, le=1, description="part of a score by the nearest interest")
    ] = 0.5
    balance: Annotated[
        float, Field(ge=0, description="what an interest gains for each place that it lacks")
    ] = 0.1
    push: Annotated[
        float, Field(ge=0, le=2, description="what a song just like a disliked one loses")
    ] = 1.0
    reach: Annotated[
        float, Field(ge=0, lt=1, description="cosine with a disliked song that costs nothing yet")
    ] = 0.2
    focus: Annotated[
        float, Field(ge=1, description="power of the cosine in shares: larger tells fewer songs")
    ] = 4.0


@dataclass(frozen=True)
class _Read:
    """A history as vectors; of songs that have one only.

    Parameters
    ----------
    songs : Tally
        Of all songs.
    liked, against : int64
        Positions among these of what counts for and what counts against.
    vectors : float32, shape (liked, dim)
        Of those liked.
    away : float32, shape (against, dim)
        Of the others.
    config : ListenerConfig
        How they are read.
    """

    songs: Tally
    liked: NDArray[np.int64]
    against: NDArray[np.int64]
    vectors: Vectors
    away: Vectors
    config: ListenerConfig

    @property
    def weights(self) -> Scores:
        """How much each liked song counts, shape (liked,)."""
        return self.songs.liking[self.liked]

    @cached_property
    def tastes(self) -> Tastes:
        """The groups of the liked songs; there is at least one song."""
        return find_tastes(self.vectors, self.weights, self.config.interests, self.config.apart)


class ListenerModel:
    """Reads the vectors of a history from the index that is searched; satisfies `UserModel`.

    A listener is the mean of the songs they liked, each by its plays and how new these are, and
    has several interests: groups of these songs. What was skipped or disliked pushes away what is
    near to it. Songs without a vector are ignored.

    Parameters
    ----------
    index : VectorIndex
        The songs.
    config : ListenerConfig, optional
        How to read a history.
    recommender : str
        The name of the space.
    """

    def __init__(
        self, index: VectorIndex, config: ListenerConfig | None = None, recommender: str = "sound"
    ) -> None:
        self._index = index
        self.config = config or ListenerConfig()
        self.recommender = recommender
        self._last: tuple[UserQuery, _Read] | None = None

    def history_length(self) -> int:
        """Return how many of the newest events of a query are read."""
        return self.config.newest

    def check_guests(self, query: UserQuery) -> None:
        """Raise `InvalidInput` where a guest's vector is not of the songs' length."""
        for vector in query.guests.values():
            if vector.shape != (self._index.dim,):
                raise InvalidInput(
                    f"a guest's vector has shape {vector.shape}, but the songs' have "
                    f"({self._index.dim},). Make it with the encoder that made theirs."
                )

    def embed_users(self, queries: Sequence[UserQuery]) -> Vectors:
        """Return the mean of each listener's songs, of unit length; zeros where there is none."""
        means = np.zeros((len(queries), self._index.dim), dtype=np.float32)
        for row, query in enumerate(queries):
            means[row] = self._mean(self._read(query))
        return means

    def interests(self, query: UserQuery) -> Interests | None:
        """Return the groups of the listener's songs; None where they do not count."""
        read = self._read(query)
        if self.config.interest_share == self.config.balance == 0 or not len(read.liked):
            return None
        found = read.tastes
        config = self.config
        return Interests(found.centres, found.importance, config.interest_share, config.balance)

    def aversions(self, query: UserQuery) -> Aversions | None:
        """Return what was disliked, or skipped more than played; None where nothing was."""
        read = self._read(query)
        if self.config.push == 0 or not len(read.against):
            return None
        weights = -read.songs.liking[read.against]
        return Aversions(read.away, weights, self.config.push, self.config.reach)

    def explain(self, query: UserQuery, items: Ids) -> Shares:
        """Return how much each event speaks for items, shape (items, events).

        A song's share is in proportion to its weight times its cosine with the item to the power
        of `focus`; a song of another interest than the item's counts for as much less as the
        interests make of a score. Shares of an item sum to 1, or to 0 where no song is near.
        """
        read = self._read(query)
        shares = np.zeros((len(items), len(query.items)), dtype=np.float32)
        if len(read.liked):
            by_song = np.zeros((len(items), len(read.songs.items)), dtype=np.float32)
            by_song[:, read.liked] = self._speaking(read, vectors_of(self._index, items))
            shares = by_song[:, read.songs.of_event] * read.songs.part
        return Shares(shares, np.zeros(len(items), dtype=np.float32))

    def _speaking(self, read: _Read, items: Vectors) -> NDArray[np.float32]:
        """Return the share of each liked song for each item, shape (items, liked)."""
        cosines = np.maximum(items @ read.vectors.T, 0)
        parts = read.weights * cosines**self.config.focus
        tastes = read.tastes
        nearest = (tastes.importance * (items @ tastes.centres.T)).argmax(axis=1)
        inside = nearest[:, None] == tastes.members
        parts = np.where(inside, parts, (1 - self.config.interest_share) * parts)
        shares: NDArray[np.float32] = parts / np.maximum(parts.sum(axis=1, keepdims=True), 1e-12)
        return shares

    def _mean(self, read: _Read) -> Vectors:
        mean = read.weights @ read.vectors
        length = float(np.linalg.norm(mean))
        return (mean / length if length > 1e-6 else np.zeros_like(mean)).astype(np.float32)

    def _read(self, query: UserQuery) -> _Read:
        """Return a history as vectors; the same query is read once, though asked about thrice."""
        last = self._last
        if last is not None and last[0] is query:
            return last[1]
        songs = tally(query.items, query.weights, self.config.half_life, self.config.plays)
        vectors = self._vectors(songs.items, query)
        has = vectors.any(axis=1)
        liked = np.flatnonzero(has & (songs.liking > 0))
        against = np.flatnonzero(has & (songs.liking < 0))
        read = _Read(songs, liked, against, vectors[liked], vectors[against], self.config)
        self._last = (query, read)
        return read

    def _vectors(self, items: Ids, query: UserQuery) -> Vectors:
        """Return the vectors of songs and guests, shape (items, dim); zeros where none."""
        vectors = np.zeros((len(items), self._index.dim), dtype=np.float32)
        if (own := items > 0).any():
            vectors[own] = vectors_of(self._index, items[own])
        for place in np.flatnonzero(~own):
            vectors[place] = query.guests[int(items[place])]
        return vectors
