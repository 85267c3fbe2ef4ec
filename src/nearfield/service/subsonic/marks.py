"""What a listener did with songs, as players show it: stars, ratings, plays."""

import math
from dataclasses import dataclass, field
from typing import Final

from nearfield.catalogue.catalogue import Catalogue
from nearfield.datasets.tables import EVENT_KINDS
from nearfield.errors import NotFound

LOWEST, HIGHEST = 1, 5
"""Ends of the scale of players."""

AGAINST: Final = 2
"""Up to this rating a song is not liked: it is then an event of the kind ``disliked``."""

_LISTENED, _LIKED, _RATED, _DISLIKED = (
    EVENT_KINDS.index(kind) for kind in ("listened", "liked", "rated", "disliked")
)


@dataclass(frozen=True, slots=True)
class Marks:
    """Of one listener; all by key of the song.

    Parameters
    ----------
    starred : dict
        To seconds since 1970.
    ratings : dict
        To 1 to 5.
    plays : dict
        To how often it was listened to.
    played : dict
        To when last, in seconds since 1970.
    disliked : set
        What was last said to be disliked.
    """

    starred: dict[int, int] = field(default_factory=dict)
    ratings: dict[int, int] = field(default_factory=dict)
    plays: dict[int, int] = field(default_factory=dict)
    played: dict[int, int] = field(default_factory=dict)
    disliked: set[int] = field(default_factory=set)

    def add(self, key: int, kind: int, value: float, time: int) -> None:
        """Take in one event; they come oldest first."""
        if kind == _LISTENED:
            self.plays[key] = self.plays.get(key, 0) + 1
            self.played[key] = time
            return
        if kind == _LIKED:
            self.starred[key] = time
        if kind in (_RATED, _DISLIKED) and LOWEST <= value <= HIGHEST:  # never of NaN
            self.ratings[key] = math.floor(value + 0.5)
        if kind == _DISLIKED:
            self.disliked.add(key)
        else:
            self.disliked.discard(key)


def read_marks(catalogue: Catalogue, user: str) -> Marks:
    """Return what a listener did; nothing of one who is not known."""
    marks = Marks()
    try:
        key = catalogue.user_key(user)
    except NotFound:
        return marks
    history = catalogue.history(key)
    events = (history.items, history.kinds, history.values, history.times)
    for item, kind, value, time in zip(*(part.tolist() for part in events), strict=True):
        marks.add(item, kind, value, time)
    return marks
