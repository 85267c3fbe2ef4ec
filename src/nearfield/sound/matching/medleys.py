"""Tell which long files hold several songs: medleys, albums in one file, recorded broadcasts."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from typing import Final, NamedTuple

import numpy as np

from nearfield.sound.matching.group_facts import Pair, Quality

_LEAST_SECONDS: Final = 60.0
"""Shorter parts do not make a medley: they may be clips of one song."""

_TOUCH: Final = 0.2
"""Share of the shorter up to which two parts may lie over each other, as in a crossfade."""


class Tie(NamedTuple):  # quicker to make than a dataclass, and there are very many
    """A pair of which it is known which song is a part of the other.

    Parameters
    ----------
    pair : Pair
        Of relation "same" or "excerpt".
    part, whole : int
        Keys of the song that matches more of itself, and of the other.
    """

    pair: Pair
    part: int
    whole: int


def tie(pair: Pair, quality: Mapping[int, Quality]) -> Tie:
    """Tell which song of a pair is a part of the other; the longer one holds the shorter."""
    low, high = pair.low, pair.high
    if pair.share_low != pair.share_high:
        low_is_part = pair.share_low > pair.share_high
    else:
        low_is_part = quality[low].duration < quality[high].duration
    return Tie(pair, low, high) if low_is_part else Tie(pair, high, low)


def find_medleys(
    ties: Iterable[Tie], quality: Mapping[int, Quality], linked: Callable[[int], Set[int]]
) -> dict[int, set[int]]:
    """Find the songs that hold two others, in different places, that have nothing in common.

    Parameters
    ----------
    ties : iterable of Tie
        Of all songs.
    quality : mapping
        Of every song.
    linked : callable
        Returns the songs that are the same as a song, or a part of it, or hold it.

    Returns
    -------
    dict
        Key of each medley to the songs that make it one, each longer than a minute.
    """
    contents: dict[int, list[Tie]] = defaultdict(list)
    for one in ties:
        contents[one.whole].append(one)
    found = {
        whole: _strangers(whole, inside, quality, linked)
        for whole, inside in contents.items()
        if len(inside) > 1 and quality[whole].duration > _LEAST_SECONDS
    }
    return {whole: songs for whole, songs in found.items() if songs}


def _strangers(
    whole: int,
    inside: list[Tie],
    quality: Mapping[int, Quality],
    linked: Callable[[int], Set[int]],
) -> set[int]:
    """Return the songs of a whole for which another lies elsewhere and has nothing of them."""
    keys = [one.part for one in inside]
    places = [_place(whole, one.pair, quality) for one in inside]
    if _all_meet(places):
        return set()
    begin, end = np.array(places).T
    meet = np.minimum.outer(end, end) - np.maximum.outer(begin, begin)  # (songs, songs)
    shorter = np.minimum.outer(end - begin, end - begin)
    elsewhere = (shorter > _LEAST_SECONDS) & (meet <= _TOUCH * shorter)
    row = {key: at for at, key in enumerate(keys)}
    found: set[int] = set()
    for key, others in zip(keys, elsewhere, strict=True):
        known = [row[other] for other in linked(key) if other in row]
        if others.sum() > others[known].sum():
            found.add(key)
    return found


def _all_meet(places: Sequence[tuple[float, float]]) -> bool:
    """Tell quickly that each two lie over each other: many copies of one song do."""
    last = max(begin for begin, _ in places)
    return all(last < end - _TOUCH * (end - begin) for begin, end in places)


def _place(whole: int, pair: Pair, quality: Mapping[int, Quality]) -> tuple[float, float]:
    """Return from where to where a song lies in the whole, in seconds."""
    if pair.low == whole:
        begin = pair.offset
        end = begin + pair.speed * quality[pair.high].duration
    else:
        begin = -pair.offset / pair.speed
        end = begin + quality[pair.low].duration / pair.speed
    last = quality[whole].duration
    return min(max(begin, 0.0), last), min(max(end, 0.0), last)
