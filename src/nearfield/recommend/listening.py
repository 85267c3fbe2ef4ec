"""Add up what was done with each song: every play counts, newer ones more, a dislike ends it."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from nearfield.types import Ids, Scores

DISLIKE: Final = -1.0
"""The weight of an event from which on it is a dislike; a skip weighs less."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What a history says of each of its items.

    Parameters
    ----------
    items : int64, shape (items,)
        Each item of the history once, in the order of its first event.
    liking : float32, shape (items,)
        Above 0 for what counts for an item, below 0 for what counts against it: at least -1, or
        the weight of the last dislike.
    of_event : int64, shape (events,)
        Position in `items` of the item of each event.
    part : float32, shape (events,)
        Which part of its item's liking an event is; those of an item that counts for something
        sum to 1, all others are 0.
    """

    items: Ids
    liking: Scores
    of_event: NDArray[np.int64]
    part: Scores


@dataclass(slots=True)
class _Song:
    """The events of one item that still count."""

    place: int
    disliked: float = 0.0
    events: list[int] = field(default_factory=list)


def tally(items: Ids, weights: Scores, half_life: float, plays: float) -> Tally:
    """Add up the events of each item.

    An event that is `half_life` events older than the newest counts half. A dislike ends what
    was before it and does not fade; a play or like after it ends the dislike. Where an item was
    skipped more than played, it counts against.

    Parameters
    ----------
    items : int64, shape (events,)
        Oldest first.
    weights : float32, shape (events,)
        As of `UserQuery`.
    half_life : float
        In events, greater than 0.
    plays : float
        Power to which the sum of an item's events is raised: at 1 a song played four times
        counts four times as much, at 0.5 twice as much, at 0 no more than one played once.
    """
    songs: dict[int, _Song] = {}
    for event, (item, weight) in enumerate(zip(items.tolist(), weights.tolist(), strict=True)):
        song = songs.setdefault(item, _Song(len(songs)))
        if weight <= DISLIKE:
            song.disliked, song.events = weight, [event]
        elif weight > 0 and song.disliked:
            song.disliked, song.events = 0.0, [event]
        elif not song.disliked:
            song.events.append(event)
    age = np.arange(len(items))[::-1]
    faded = (weights * np.exp2(-age / half_life)).tolist()
    liking, part = [0.0] * len(songs), [0.0] * len(items)
    for song in songs.values():
        total = song.disliked or sum(faded[event] for event in song.events)
        if total <= 0:
            liking[song.place] = song.disliked or max(total, DISLIKE)
            continue
        liking[song.place] = total**plays
        given = sum(max(faded[event], 0.0) for event in song.events)
        for event in song.events:
            part[event] = max(faded[event], 0.0) / given
    of_event = np.array([songs[item].place for item in items.tolist()], dtype=np.int64)
    return Tally(
        np.fromiter(songs, np.int64, len(songs)),
        np.array(liking, dtype=np.float32),
        of_event,
        np.array(part, dtype=np.float32),
    )
