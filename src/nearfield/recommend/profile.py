"""Gather what is known of the one who asks: stored events and attributes, and the wish itself."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from nearfield.catalogue.catalogue import Catalogue
from nearfield.datasets.histories import event_weights
from nearfield.datasets.tables import EVENT_KINDS
from nearfield.errors import InvalidInput
from nearfield.recommend.ask import Ask
from nearfield.recommend.attributes import read_attributes
from nearfield.types import Ids, Scores, UserQuery, no_ids, no_scores

RATED: Final = EVENT_KINDS.index("rated")
_LIKED: Final = EVENT_KINDS.index("liked")
_DISLIKED: Final = EVENT_KINDS.index("disliked")


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
        Every item that must not be answered: all that the user ever touched, and those named
        in the wish as liked or disliked.
    """

    query: UserQuery
    kinds: NDArray[np.int8]
    seen: Ids

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
    wished = _wished(catalogue, ask)
    stored = wished if user is None else _stored(catalogue, user)
    events = wished if user is None else _join(stored, wished)
    return Profile(
        query=UserQuery(
            user=user,
            attributes=attributes,
            items=events.items[-newest:],
            values=events.values[-newest:],
            weights=events.weights[-newest:],
        ),
        kinds=events.kinds[-newest:],
        seen=np.concatenate([stored.items, wished.items]),
    )


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
    """Return dislikes, then likes: the last liked item is the newest event of all."""
    likes = ask.likes
    if not likes and not len(ask.disliked):
        return _NOTHING
    disliked = catalogue.item_keys(list(dict.fromkeys(ask.disliked)))
    liked = catalogue.item_keys(list(likes))
    both = np.isin(liked, disliked)
    if both.any():
        item = list(likes)[int(np.argmax(both))]
        raise InvalidInput(f"item {item!r} is both liked and disliked. Name it in one of the two.")
    against, counted = len(disliked), len(liked)
    weights = np.array([-1.0] * against + list(likes.values()), dtype=np.float32)
    return _Events(
        items=np.concatenate([disliked, liked]),
        kinds=np.repeat(np.array([_DISLIKED, _LIKED], dtype=np.int8), [against, counted]),
        values=np.full(against + counted, np.nan, dtype=np.float32),
        weights=weights,
    )


def _join(stored: _Events, wished: _Events) -> _Events:
    """Append the wish; what it says of an item replaces what was stored of it."""
    if not len(wished.items):
        return stored
    kept = np.isin(stored.items, wished.items, invert=True)
    return _Events(
        items=np.concatenate([stored.items[kept], wished.items]),
        kinds=np.concatenate([stored.kinds[kept], wished.kinds]),
        values=np.concatenate([stored.values[kept], wished.values]),
        weights=np.concatenate([stored.weights[kept], wished.weights]),
    )
