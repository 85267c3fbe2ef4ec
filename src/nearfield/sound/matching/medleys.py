"""Tell which long files hold several songs: medleys, albums in one file, recorded broadcasts."""

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from typing import Final

import numpy as np
from numpy.typing import NDArray

from nearfield.sound.matching.group_facts import Pair, Quality

_LEAST_SECONDS: Final = 60.0
"""Shorter parts do not make a medley: they may be clips of one song."""

_TOUCH: Final = 0.2
"""Share of the shorter up to which two parts may lie over each other, as in a crossfade."""


def shorter_is_low(pair: Pair, quality: Mapping[int, Quality]) -> bool:
    """Tell which of two songs is a part of the other: the one that matches more of itself."""
    if pair.share_low != pair.share_high:
        return pair.share_low > pair.share_high
    return quality[pair.low].duration < quality[pair.high].duration


def find_medleys(
    pairs: Sequence[Pair], quality: Mapping[int, Quality], linked: Mapping[int, Set[int]]
) -> dict[int, set[int]]:
    """Find the songs that hold two others, in different places, that have nothing in common.

    Parameters
    ----------
    pairs : sequence of Pair
        Of relation "same" or "excerpt".
    quality : mapping
        Of every song.
    linked : mapping
        Songs that are the same as a song, or a part of it, or hold it.

    Returns
    -------
    dict
        Key of each medley to the songs that make it one, each longer than a minute.
    """
    contents: dict[int, list[Pair]] = defaultdict(list)
    for pair in pairs:
        whole = pair.high if shorter_is_low(pair, quality) else pair.low
        contents[whole].append(pair)
    found = {
        whole: _strangers(whole, inside, quality, linked)
        for whole, inside in contents.items()
        if len(inside) > 1
    }
    return {whole: songs for whole, songs in found.items() if songs}


def _strangers(
    whole: int,
    inside: list[Pair],
    quality: Mapping[int, Quality],
    linked: Mapping[int, Set[int]],
) -> set[int]:
    """Return the songs of a whole for which another lies elsewhere and has nothing of them."""
    keys = [pair.high if pair.low == whole else pair.low for pair in inside]
    places = np.array([_place(whole, pair, quality) for pair in inside])  # (songs, 2)
    if _all_meet(places):
        return set()
    begin, end = places.T
    meet = np.minimum.outer(end, end) - np.maximum.outer(begin, begin)  # (songs, songs)
    shorter = np.minimum.outer(end - begin, end - begin)
    elsewhere = (shorter > _LEAST_SECONDS) & (meet <= _TOUCH * shorter)
    row = {key: at for at, key in enumerate(keys)}
    found: set[int] = set()
    for key, others in zip(keys, elsewhere, strict=True):
        known = [row[other] for other in linked[key] if other in row]
        if others.sum() > others[known].sum():
            found.add(key)
    return found


def _all_meet(places: NDArray[np.float64]) -> bool:
    """Tell quickly that each two lie over each other: many copies of one song do."""
    begin, end = places.T
    return bool(begin.max() < (end - _TOUCH * (end - begin)).min())


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
