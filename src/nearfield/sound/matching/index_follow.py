"""Compiled loops that follow found frames of a song to both sides, and judge how it lies there."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from nearfield.compiled import compiled
from nearfield.sound.matching.bits import count_bits
from nearfield.sound.matching.index_layout import STRIDE
from nearfield.sound.matching.index_look import LEAST_AROUND, Asked, Held, Near

Array = NDArray[Any]

PACES: Final = 5
"""Paces that are tried: so many percent more and less than 1."""

REACH: Final = 32
"""Kept frames on either side of a found one by which a way is judged: twelve seconds."""

TRIES: Final = 8
"""Ways of one song that are followed."""

WIDE, DRIFT = 3.0, 0.006
"""Frames by which a found frame may be off a way, and how much more for each frame between."""

SPREAD: Final = 40.0
"""Standard deviation of the frames, below which a pace is not fitted."""


@compiled
def differing(
    held: Held, asked: Asked, at: tuple[int, int, int], line: tuple[float, float], span: Array
) -> float:
    """Return the share of differing bits near a found frame, where a line ties the two together.

    `at` is the row of `moved`, the number of the index's frame, and the song's first one; `line`
    the offset and the pace; `span`, int64, shape (2,), the song's frames compared, from and up to.
    """
    shift, _, first = at
    moved, mask = asked.moved[shift], asked.masks[shift]
    wrong, compared = 0, 0
    for there in range(span[0], span[1]):
        here = int(np.floor((STRIDE * (there - first) - line[0]) / line[1] + 0.5))
        if 0 <= here < len(moved) and moved[here] != 0 and held.words[there] != 0:
            wrong += int(count_bits((held.words[there] ^ moved[here]) & mask))
            compared += 1
    if compared < LEAST_AROUND:
        return 1.0
    return wrong / (compared * count_bits(mask))


@compiled
def agreement(
    held: Held, asked: Asked, at: tuple[int, int, int], line: tuple[float, float], span: Array
) -> float:
    """Return how far two stretches agree beyond what the share of ones at each place explains.

    Cohen's kappa of the bits, times the root of the frames compared: what chance gives is about
    as large for short stretches as for long ones.
    """
    shift, _, first = at
    moved, mask = asked.moved[shift], asked.masks[shift]
    set_here, set_there = np.zeros(64), np.zeros(64)
    wrong, compared = 0.0, 0
    for there in range(span[0], span[1]):
        here = int(np.floor((STRIDE * (there - first) - line[0]) / line[1] + 0.5))
        if 0 <= here < len(moved) and moved[here] != 0 and held.words[there] != 0:
            wrong += int(count_bits((held.words[there] ^ moved[here]) & mask))
            compared += 1
            for place in range(64):
                set_here[place] += (moved[here] >> np.uint64(place)) & np.uint64(1)
                set_there[place] += (held.words[there] >> np.uint64(place)) & np.uint64(1)
    if compared < LEAST_AROUND:
        return 0.0
    expected = 0.0
    for place in range(64):
        if (mask >> np.uint64(place)) & np.uint64(1):
            ours, theirs = set_here[place] / compared, set_there[place] / compared
            expected += ours * (1 - theirs) + theirs * (1 - ours)
    return float((1 - wrong / max(expected * compared, 1.0)) * compared**0.5)


@compiled
def straighten(
    held: Held, asked: Asked, at: tuple[int, int, int], frame: int, span: Array
) -> tuple[float, float]:
    """Return the offset and pace at which the surroundings of a found frame agree best."""
    best, found = 2.0, (0.0, 1.0)
    position = STRIDE * (at[1] - at[2])
    for percent in range(-PACES, PACES + 1):
        pace = 1 + percent / 100
        for slip in range(-1, 2):
            line = (position - pace * (frame + slip), pace)
            # A pace of 1 wins where others are no better.
            wrong = differing(held, asked, at, line, span) + 1e-4 * abs(percent)
            if wrong < best:
                best, found = wrong, line
    return found


@compiled
def off_line(way: Array, near: Near, row: int, first: int) -> bool:
    """Tell whether a found frame disagrees with a way: offset, pace, row of `moved`, and frame."""
    frame = near.frame[row]
    position = STRIDE * (near.entry[row] - first)
    off = abs(position - way[0] - way[1] * frame)
    return bool(near.shift[row] != way[2] or off > WIDE + DRIFT * abs(frame - way[3]))


@compiled
def fit(way: Array, near: Near, rows: tuple[int, int], first: int) -> int:
    """Lay a way through all found frames that agree with it, by least squares; count them.

    Found frames are at whole frames, and each was followed to one percent of pace: many of them,
    far from each other, tell both more finely.
    """
    count, sums = 0, np.zeros(4)
    for row in range(rows[0], rows[1]):
        if not off_line(way, near, row, first):
            here = near.frame[row] - way[3]
            off = STRIDE * (near.entry[row] - first) - way[0] - way[1] * near.frame[row]
            count += 1
            sums += np.array([here, off, here * here, here * off])
    if count > 2:
        sums /= count
        spread = sums[2] - sums[0] * sums[0]
        if spread > SPREAD * SPREAD:
            slope = (sums[3] - sums[0] * sums[1]) / spread
            level = sums[1] - slope * sums[0]
            way[1] += slope
            way[0] += level - slope * way[3]
    return count


@compiled
def follow(held: Held, asked: Asked, near: Near, songs: Array, ways: Array) -> int:
    """Follow what was found of each song to both sides: how well it lies under the query.

    Parameters
    ----------
    near : Near
        Sorted by song, the best of each song first.
    songs : int64, shape (songs, 3)
        Of each song its row, and its rows of `near`: from, and up to.
    ways : float64, shape (TRIES * songs, 7)
        Filled: offset, pace, row of `moved`, frame of the query, row of the song, score, votes.

    Returns
    -------
    int
        Rows of `ways` filled.
    """
    count = 0
    for song, low, high in songs:
        first, begin = held.starts[song], count
        for row in range(low, high):
            new = count - begin < TRIES
            for way in range(begin, count):
                new = new and off_line(ways[way], near, row, first)
            if not new:
                continue
            at = (near.shift[row], near.entry[row], first)
            span = np.array([max(first, at[1] - REACH), min(held.starts[song + 1], at[1] + REACH)])
            line = straighten(held, asked, at, near.frame[row], span)
            score = agreement(held, asked, at, line, span)
            ways[count, :3] = np.array([line[0], line[1], float(at[0])])
            ways[count, 3:6] = np.array([float(near.frame[row]), float(song), score])
            ways[count, 6] = fit(ways[count], near, (low, high), first)
            count += 1
    return count
