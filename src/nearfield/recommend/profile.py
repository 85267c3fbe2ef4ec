"""Gather what is known of the one who asks: stored events and attributes, and the wish itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from nearfield.catalogue.catalogue import Catalogue
from nearfield.catalogue.facts import Item
from nearfield.datasets.histories import event_weights
from nearfield.datasets.tables import EVENT_KINDS
from nearfield.errors import InvalidInput
from nearfield.recommend.ask import Ask
from nearfield.recommend.attributes import read_attributes
from nearfield.types import Ids, PublicId, Scores, UserQuery, no_ids, no_scores

RATED: Final = EVENT_KINDS.index("rated")
_LISTENED: Final = EVENT_KINDS.index("listened")
_LIKED: Final = EVENT_KINDS.index("liked")
_DISLIKED: Final = EVENT_KINDS.index("disliked")

_FIRST_GUEST: Final = -2
"""The key of the first guest, and each has one less; -1 is nobody's."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One who asks.

    Parameters
    ----------
    query : UserQuery
        What the model reads: the newest events, stored ones first, those of the wish last.
    kinds : int8, shape (events of the query,)
        What was done with each of its items: position in `EVENT_KINDS`.
    seen : int64, shape (rows,)
        Every item that must not be answered: what the user touched (all of it, or as much as
        the wish keeps from coming again), and those named in the wish.
    guests : mapping of key to Item
        What of the query's history the catalogue does not hold.
    """

    query: UserQuery
    kinds: NDArray[np.int8]
    seen: Ids
    guests: Mapping[int, Item] = field(default_factory=dict)

    @property
    def is_blank(self) -> bool:
        """Whether nothing is known that a model could use."""
        return not self.query.attributes and not len(self.query.items)

    @property
    def has_ratings(self) -> bool:
        """Whether some event is a rating, so that the scale matters."""
        return bool((self.kinds == RATED).any())


@dataclass(frozen=True, slots=True)
class _Events:
    """Events of one user as equally long arrays, oldest first; fields as in `UserQuery`."""

    items: Ids
    kinds: NDArray[np.int8]
    values: Scores
    weights: Scores


_NOTHING: Final = _Events(no_ids(), np.empty(0, dtype=np.int8), no_scores(), no_scores())


def gather(catalogue: Catalogue, ask: Ask, newest: int) -> Profile:
    """Look up who asks.

    Parameters
    ----------
    catalogue : Catalogue
        Where users and items are known.
    ask : Ask
        The wish. Its likes and dislikes are newer than every stored event and replace those
        of the same items; its attributes win over the stored ones.
    newest : int
        How many events the query holds at most.

    Raises
    ------
    NotFound
        If the user or an item is unknown.
    InvalidInput
        If an item is liked and disliked, or an attribute cannot be read.
    """
    user, attributes = (None, {}) if ask.user is None else catalogue.user(ask.user)
    attributes |= read_attributes(ask.attributes, _known_attributes(catalogue, ask))
    guests = {_FIRST_GUEST - place: name for place, name in enumerate(ask.guests)}
    wished = _wished(catalogue, ask)
    stored = _NOTHING if user is None else _stored(catalogue, user)
    events = _join(stored, wished)
    return Profile(
        query=UserQuery(
            user=user,
            attributes=attributes,
            items=events.items[-newest:],
            values=events.values[-newest:],
            weights=events.weights[-newest:],
            guests={key: ask.guests[name].vector for key, name in guests.items()},
        ),
        kinds=events.kinds[-newest:],
        seen=np.concatenate([_kept_out(stored, ask.repeat), wished.items[wished.items > 0]]),
        guests={key: Item(key, name, name) for key, name in guests.items()},
    )


def _kept_out(stored: _Events, repeat: int | None) -> Ids:
    """Return which stored items must not come again; each may occur more than once."""
    if repeat is None:
        return stored.items
    last = len(stored.items) - 1 - np.unique(stored.items[::-1], return_index=True)[1]
    against = stored.items[last[stored.weights[last] < 0]]
    return np.concatenate([against, stored.items[max(0, len(stored.items) - repeat) :]])


def _known_attributes(catalogue: Catalogue, ask: Ask) -> dict[str, list[str]]:
    """Return every attribute that users have, with its values where the wish needs them."""
    if not ask.attributes:
        return {}
    return {
        name: catalogue.attribute_values(name) if name in ask.attributes else []
        for name in catalogue.attribute_names()
    }


def _stored(catalogue: Catalogue, user: int) -> _Events:
    history = catalogue.history(user)
    return _Events(history.items, history.kinds, history.values, event_weights(history.kinds))


def _wished(catalogue: Catalogue, ask: Ask) -> _Events:
    """Return dislikes, guests, listens, then likes: the last liked item is the newest of all."""
    disliked = _told(catalogue, {one: -much for one, much in ask.dislikes.items()}, _DISLIKED)
    listened = _told(catalogue, ask.listens, _LISTENED)
    liked = _told(catalogue, ask.likes, _LIKED)
    for name, events, ids in (("listened to", listened, ask.listens), ("liked", liked, ask.likes)):
        both = np.isin(events.items, disliked.items)
        if both.any():
            item = list(ids)[int(np.argmax(both))]
            raise InvalidInput(
                f"item {item!r} is both {name} and disliked. Name it in one of the two."
            )
    return _concatenate([disliked, _guests(ask), listened, liked])


def _told(catalogue: Catalogue, weights: Mapping[PublicId, float], kind: int) -> _Events:
    """Return one event of a kind for each item, with its weight."""
    if not weights:
        return _NOTHING
    return _events(catalogue.item_keys(list(weights)), list(weights.values()), kind)


def _guests(ask: Ask) -> _Events:
    weights = np.array([guest.weight for guest in ask.guests.values()], dtype=np.float32)
    keys = _FIRST_GUEST - np.arange(len(weights), dtype=np.int64)
    found = _events(keys, weights, _LISTENED)
    found.kinds[weights < 0] = _DISLIKED
    return found


def _events(items: Ids, weights: Sequence[float] | Scores, kind: int) -> _Events:
    return _Events(
        items=items,
        kinds=np.full(len(items), kind, dtype=np.int8),
        values=np.full(len(items), np.nan, dtype=np.float32),
        weights=np.asarray(weights, dtype=np.float32),
    )


def _join(stored: _Events, wished: _Events) -> _Events:
    """Append the wish; what it says of an item replaces what was stored of it."""
    kept = np.isin(stored.items, wished.items, invert=True)
    older = _Events(
        stored.items[kept], stored.kinds[kept], stored.values[kept], stored.weights[kept]
    )
    return _concatenate([older, wished])


def _concatenate(parts: Sequence[_Events]) -> _Events:
    return _Events(
        items=np.concatenate([part.items for part in parts]),
        kinds=np.concatenate([part.kinds for part in parts]),
        values=np.concatenate([part.values for part in parts]),
        weights=np.concatenate([part.weights for part in parts]),
    )
