"""How the items look to one who asks: by the vectors of one space."""

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from nearfield.recommend.filters import Scope
from nearfield.recommend.model import ManyInterests, UserModel
from nearfield.recommend.retrieve import LEAST_POOL, Ranked, best, candidates, nearest, vectors_of
from nearfield.types import Ids, Interests, Scores, Shares, UserQuery, Vectors
from nearfield.vectors.index import VectorIndex


@dataclass(frozen=True, slots=True)
class Part:
    """What one space says of some items.

    Parameters
    ----------
    space : str
        Its name.
    shares : Shares
        The parts of each item's whole score that events and attributes account for in it. What
        the spaces say of an item sums to at most 1.
    """

    space: str
    shares: Shares


class Look(Protocol):
    """The items as one query sees them."""

    def nearest(self, k: int, scope: Scope) -> Ranked:
        """Return the `k` best items of a scope, or all there are, best first."""

    def scores(self, ids: Ids) -> Scores:
        """Return the score of each item, shape of `ids`; 0 where nothing is known of it."""

    def vectors(self, ids: Ids) -> Vectors:
        """Return vectors whose inner products say how alike items are; 0 where not known."""

    def parts(self, ids: Ids) -> list[Part]:
        """Return what each space says of items; nothing where the query is an item."""


class View(Protocol):
    """What answers: one space, or several together."""

    @property
    def name(self) -> str:
        """What stands in each recommendation as its origin."""

    def history_length(self) -> int:
        """Return how many of the newest events of a query are read."""

    def look(self, query: UserQuery) -> Look | None:
        """Look at the items for a user; None where nothing known of them is of use."""

    def look_from(self, item: int) -> Look:
        """Look at the items from one of them; NotFound where it has no vector."""

    def vectors(self, ids: Ids) -> Vectors:
        """As of `Look`, for one of whom nothing is known."""


class SpaceView:
    """One published space, and the model that made it.

    Parameters
    ----------
    name : str
        Of the recommender, e.g. ``fusion``.
    index : VectorIndex
        The item vectors.
    model : UserModel
        Gives users a vector among them.
    """

    def __init__(self, name: str, index: VectorIndex, model: UserModel) -> None:
        self.name = name
        self.index = index
        self.model = model
        self._apart = model if isinstance(model, ManyInterests) else None

    def history_length(self) -> int:
        """Return how many of the newest events of a query are read."""
        return self.model.history_length()

    def look(self, query: UserQuery) -> "SpaceLook | None":
        """Look at the items for a user; None where the model knows nothing of them."""
        read = newest(query, self.history_length())
        vector = self.model.embed_users([read])[0]
        if not vector.any():
            return None
        apart = self._apart.interests(read) if self._apart is not None else None
        return SpaceLook(self, vector, (query, read), apart)

    def look_from(self, item: int) -> "SpaceLook":
        """Look at the items from one of them; NotFound where it has no vector."""
        return SpaceLook(self, self.index.get(np.array([item]))[0])

    def vectors(self, ids: Ids) -> Vectors:
        """Return the vectors of items; zeros where there is none."""
        return vectors_of(self.index, ids)


@dataclass(frozen=True)
class SpaceLook:
    """The items as a vector sees them.

    Parameters
    ----------
    view : SpaceView
        Where they are.
    vector : float32, shape (dim,)
        Of unit length.
    asked : tuple of UserQuery, optional
        What was asked, and what of it the model read; None where an item asks.
    interests : Interests, optional
        What else is near to the user.
    """

    view: SpaceView
    vector: Vectors
    asked: tuple[UserQuery, UserQuery] | None = None
    interests: Interests | None = None

    def nearest(self, k: int, scope: Scope) -> Ranked:
        """Return the `k` nearest items of a scope, or all there are.

        Where interests are kept apart, the user's vector and each of them bring so many, and
        100 more.
        """
        if self.interests is None:
            return nearest(self.view.index, self.vector, k, scope)
        asking = np.vstack([self.vector, self.interests.vectors])
        ids = candidates(self.view.index, asking, k + LEAST_POOL, scope)
        return best(ids, self.scores(ids), k)

    def scores(self, ids: Ids) -> Scores:
        """Return the score of each item, shape of `ids`; 0 where it has no vector."""
        vectors = self.vectors(ids)
        # not `@`: BLAS starts threads for it, which a busy machine is slow to wake
        scores: Scores = np.einsum("ij,j->i", vectors, self.vector)
        if self.interests is None:
            return scores
        return self.interests.mixed(scores, np.einsum("ij,kj->ik", self.interests.vectors, vectors))

    def vectors(self, ids: Ids) -> Vectors:
        """Return the vectors of items; zeros where there is none."""
        return self.view.vectors(ids)

    def parts(self, ids: Ids) -> list[Part]:
        """Return the shares that the model tells."""
        if self.asked is None:
            return []
        query, read = self.asked
        shares = self.view.model.explain(read, ids)
        unread = len(query.items) - len(read.items)
        if unread:
            events = np.pad(shares.events, ((0, 0), (unread, 0)))
            shares = Shares(events, shares.attributes)
        return [Part(self.view.name, shares)]


def newest(query: UserQuery, events: int) -> UserQuery:
    """Return a query with so many of its newest events; the same one where it has no more."""
    if len(query.items) <= events:
        return query
    return replace(
        query,
        items=query.items[-events:],
        values=query.values[-events:],
        weights=query.weights[-events:],
    )
