"""How the items look to one who asks: by the vectors of one space."""

from dataclasses import dataclass, replace
from typing import Final, Protocol

import numpy as np

from nearfield.errors import InvalidInput
from nearfield.recommend.filters import Scope
from nearfield.recommend.model import ManyInterests, PushesAway, ReadsGuests, UserModel
from nearfield.recommend.retrieve import LEAST_POOL, Ranked, best, candidates, nearest, vectors_of
from nearfield.recommend.turns import in_turn, stand_for
from nearfield.rising import rising
from nearfield.types import Aversions, Ids, Interests, Scores, Shares, UserQuery, Vectors
from nearfield.vectors.index import VectorIndex

_LARGER: Final = (1, 4, 16, 64)
"""How many times more candidates are fetched as long as some that were not may be better."""

_LEAST_EACH: Final = 20
"""Candidates that each of several vectors brings first, beside one for each place."""


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

    def look_along(self, vector: Vectors) -> Look:
        """Look at the items from a unit vector, shape (dim,): of something from elsewhere."""

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
        self._away = model if isinstance(model, PushesAway) else None

    def history_length(self) -> int:
        """Return how many of the newest events of a query are read."""
        return self.model.history_length()

    def look(self, query: UserQuery) -> "SpaceLook | None":
        """Look at the items for a user; None where the model knows nothing of them."""
        self._check_guests(query)
        read = newest(query, self.history_length())
        vector = self.model.embed_users([read])[0]
        if not vector.any():
            return None
        apart = self._apart.interests(read) if self._apart is not None else None
        away = self._away.aversions(read) if self._away is not None else None
        return SpaceLook(self, vector, (query, read), apart, away)

    def look_from(self, item: int) -> "SpaceLook":
        """Look at the items from one of them; NotFound where it has no vector."""
        return SpaceLook(self, self.index.get(np.array([item]))[0])

    def look_along(self, vector: Vectors) -> "SpaceLook":
        """Look at the items from a unit vector; InvalidInput where it is of another length."""
        if vector.shape != (self.index.dim,):
            raise InvalidInput(
                f"a vector of shape {vector.shape} came, but those of the space {self.name!r} have "
                f"shape ({self.index.dim},). Make it with what made the space."
            )
        return SpaceLook(self, vector)

    def vectors(self, ids: Ids) -> Vectors:
        """Return the vectors of items; zeros where there is none."""
        return vectors_of(self.index, ids)

    def _check_guests(self, query: UserQuery) -> None:
        if not query.guests:
            return
        if not isinstance(self.model, ReadsGuests):
            raise InvalidInput(
                f"the space {self.name!r} cannot be asked by what is not in the catalogue: its "
                f"model reads items that it was trained on. Ask a space of sound, or leave it out."
            )
        self.model.check_guests(query)


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
    aversions : Aversions, optional
        What the user turns away from.
    """

    view: SpaceView
    vector: Vectors
    asked: tuple[UserQuery, UserQuery] | None = None
    interests: Interests | None = None
    aversions: Aversions | None = None

    def nearest(self, k: int, scope: Scope) -> Ranked:
        """Return the `k` nearest items of a scope, or all there are, interests in turn.

        Where interests are kept apart, the user's vector and each of them bring so many, and
        100 more. Where something pushes items away or interests have turns, they begin with
        fewer, and bring four times as many up to three times as long as an item that was not
        fetched may have a larger score than the last of the `k`.
        """
        if self.interests is None and self.aversions is None:
            return nearest(self.view.index, self.vector, k, scope)
        asking = self._asking()
        if self._goes_by_cosines():
            ids = candidates(self.view.index, asking, k + LEAST_POOL, scope)
        else:
            ids = self._growing(asking, k, scope)
        found = best(ids, self.scores(ids), len(ids))
        return self._arranged(found, k)

    def scores(self, ids: Ids) -> Scores:
        """Return the score of each item, shape of `ids`; 0 where it has no vector."""
        vectors = self.vectors(ids)
        # not `@`: BLAS starts threads for it, which a busy machine is slow to wake
        scores: Scores = np.einsum("ij,j->i", vectors, self.vector)
        if self.interests is not None:
            apart = np.einsum("ij,kj->ik", self.interests.vectors, vectors)
            scores = self.interests.mixed(scores, apart)
        if self.aversions is not None:
            near = np.einsum("ij,kj->ik", self.aversions.vectors, vectors)
            scores = self.aversions.lowered(scores, near)
        return scores

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

    def _asking(self) -> Vectors:
        """Return the user's vector and those of the interests, shape (1 + interests, dim)."""
        if self.interests is None:
            return self.vector[None]
        return np.vstack([self.vector, self.interests.vectors])

    def _growing(self, asking: Vectors, k: int, scope: Scope) -> Ids:
        """Return candidates with the `k` best, where an item scores at most what cosines give."""
        for larger in _LARGER:
            size = larger * (k + max(_LEAST_EACH, LEAST_POOL // len(asking)))
            pools = [nearest(self.view.index, vector, size, scope) for vector in asking]
            ids = rising(np.concatenate([pool.ids for pool in pools]))
            found = best(ids, self.scores(ids), k)
            if any(len(pool.ids) < size for pool in pools):
                break  # one of them brought all there are
            if len(found.ids) == k and found.scores[-1] >= self._bound(pools):
                break
        return ids

    def _goes_by_cosines(self) -> bool:
        """Return whether nothing is pushed away, and no interest has turns."""
        turns = self.interests is not None and self.interests.balance > 0
        return self.aversions is None and not turns

    def _arranged(self, found: Ranked, k: int) -> Ranked:
        """Return `k` of the items found, the interests in turn where they shall be."""
        if self.interests is None or self.interests.balance == 0 or not len(found.ids):
            return Ranked(found.ids[:k], found.scores[:k])
        apart = np.einsum("ij,kj->ik", self.interests.vectors, self.vectors(found.ids))
        importance, balance = self.interests.importance, self.interests.balance
        places = in_turn(found.scores, stand_for(apart, importance), importance, balance, k)
        return Ranked(found.ids[places], found.scores[places])

    def _bound(self, pools: list[Ranked]) -> float:
        """Return what an item scores at most that none of the pools brought."""
        user, *apart = (pool.scores[-1:] for pool in pools)
        if self.interests is None:
            return float(user[0])
        return float(self.interests.mixed(user, np.stack(apart))[0])


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
