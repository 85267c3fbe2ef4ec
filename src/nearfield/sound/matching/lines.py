"""Compiled loops over two fingerprints: how far they agree along a line, and which line is best.

A line lays a fingerprint b over a fingerprint a: word j of b over word ``start + pace * j`` of a
(rounded), with b's bits moved up by `shift` places. All these loops count bits that differ; what
constant sounds have in common is told apart afterwards, in `stretches.py`.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from nearfield.compiled import compiled
from nearfield.sound.band_fingerprint import BandFingerprint
from nearfield.sound.matching.bits import ALL, count_bits, moved, reach

BLOCK: Final = 32
"""Words of b compared at a time while lines are sought: four seconds."""

WINDOW: Final = 4
"""Blocks in a row that may agree less than one must."""

FASTEST: Final = 1.055
SLOWEST: Final = 0.945
"""Paces beyond these are not tried."""

_SAMPLES: Final = 192  # words that are compared for one line while it is refined, at most
_SURE: Final = 0.35
"""Words that two halves of a stretch must be apart before their pace is not that of the song."""
Line = tuple[float, int, float]
"""Start (word of a at word 0 of b), shift and pace."""

Columns = tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]
"""Song, start, shift and pace of each way."""


@compiled
def agreement(
    a: BandFingerprint, b: BandFingerprint, line: Line, first: int, last: int, step: int
) -> tuple[float, int]:
    """Return how far each `step`-th word from `first` until before `last` of b agrees with a.

    Returns
    -------
    agreement : float
        1 where all bits are equal, about 0 by chance, in [-1, 1]; 0 where nothing was compared.
    compared : int
        Words that were compared: silence is passed over.
    """
    start, shift, pace = line
    mask = moved(ALL, shift)
    low, high = reach(len(a), len(b), start, pace)
    if first < low:
        first += (low - first + step - 1) // step * step
    differing, compared = np.int64(0), 0
    for place in range(first, min(last, high), step):
        here = a[int(np.floor(start + pace * place + 0.5))]
        there = b[place]
        if here != 0 and there != 0:
            differing += count_bits((here ^ moved(there, shift)) & mask)
            compared += 1
    if compared == 0:
        return 0.0, 0
    return 1 - 2 * differing / (compared * (64 - abs(shift))), compared


@compiled
def screened(a: BandFingerprint, b: BandFingerprint, line: Line) -> tuple[float, float, int]:
    """Return what is quickly seen of a line, from every second word.

    Returns
    -------
    block, window : float
        The best agreement of `BLOCK` words, and of `WINDOW` blocks in a row.
    middle : int
        The word of b in the middle of the best window.
    """
    low, high = reach(len(a), len(b), line[0], line[2])
    best_block, best_window, middle = -1.0, -1.0, low
    sums = np.zeros(WINDOW)
    counts = np.zeros(WINDOW)
    for number in range(-(-(high - low) // BLOCK)):
        first = low + number * BLOCK
        agreed, compared = agreement(a, b, line, first, min(first + BLOCK, high), 2)
        sums[number % WINDOW], counts[number % WINDOW] = agreed * compared, compared
        if compared >= BLOCK // 4:
            best_block = max(best_block, agreed)
        agreeing, total = 0.0, 0.0
        for block in range(WINDOW):
            agreeing += sums[block]
            total += counts[block]
        # so few words agree by chance more often: lower what they say
        window = agreeing / max(total, 1.0) * min(1.0, np.sqrt(2 * total / (WINDOW * BLOCK)))
        if window > best_window:
            best_window = window
            blocks = min(number + 1, WINDOW)
            middle = min(first + BLOCK, high) - (blocks * BLOCK) // 2
    return best_block, best_window, max(low, middle)


@compiled
def screened_many(
    b: BandFingerprint,
    words: BandFingerprint,
    bounds: NDArray[np.int64],
    ways: Columns,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return `screened` of many songs, one after the other in `words`: see `compare_many`.

    Returns
    -------
    agreed : float64, shape (ways, 2)
    middles : int64, shape (ways,)
    """
    songs, starts, shifts, paces = ways
    agreed = np.zeros((len(songs), 2))
    middles = np.zeros(len(songs), dtype=np.int64)
    for way in range(len(songs)):
        a = words[bounds[songs[way]] : bounds[songs[way] + 1]]
        line = (starts[way], shifts[way], paces[way])
        agreed[way, 0], agreed[way, 1], middles[way] = screened(a, b, line)
    return agreed, middles


@compiled
def _around(a: BandFingerprint, b: BandFingerprint, line: Line, middle: int, half: int) -> float:
    step = max(1, 2 * half // _SAMPLES)
    agreed, compared = agreement(a, b, line, max(0, middle - half), middle + half + 1, step)
    return float(agreed * np.sqrt(compared * step))  # the longer of two that agree as well


@compiled
def _found_near(a: BandFingerprint, b: BandFingerprint, line: Line, middle: int) -> Line:
    """Return the line that agrees best around a word of b, near one that agrees a little."""
    start, shift, pace = line
    place = start + pace * middle
    best, found = -1e9, line
    for move in range(shift - 1, shift + 2):
        for hundredth in range(-5, 6):
            slope = 1 + 0.01 * hundredth
            for frames in range(-3, 4):
                tried = (place + frames - slope * middle, move, slope)
                value = _around(a, b, tried, middle, 48)
                if value > best:
                    best, found = value, tried
    return found


@compiled
def _improved(a: BandFingerprint, b: BandFingerprint, line: Line, middle: int, half: int) -> Line:
    """Return the best of the lines a little beside one, judged by words around the middle."""
    start, shift, pace = line
    place = start + pace * middle
    best, found = _around(a, b, line, middle, half) + 1e-9, line  # stay where nothing is gained
    for turn in range(-1, 2):
        slope = min(FASTEST, max(SLOWEST, pace + turn * 0.4 / half))
        for slide in range(-1, 2):
            tried = (place + 0.4 * slide - slope * middle, shift, slope)
            value = _around(a, b, tried, middle, half)
            if value > best:
                best, found = value, tried
    return found


@compiled
def _refined(a: BandFingerprint, b: BandFingerprint, line: Line, middle: int) -> Line:
    """Return a line that fits all that it can reach, beginning with what lies around `middle`."""
    half, whole = 24, max(middle, len(b) - middle)
    while half < whole:
        half *= 2
        for _ in range(3):
            line = _improved(a, b, line, middle, half)
    return line


@compiled
def fitted(a: BandFingerprint, b: BandFingerprint, line: Line, middle: int) -> Line:
    """Return the line that fits best, near one that agrees a little around a word of b."""
    return _refined(a, b, _found_near(a, b, line, middle), middle)


@compiled
def _vertex(before: float, here: float, after: float) -> float:
    """Return where between -1 and 1 three values are greatest, were they of a triangle.

    Bits of two frames differ in proportion to what lies between the frames: a roof, no parabola.
    """
    height = here - min(before, after)
    if height <= 0:
        return 0.0
    return float(min(0.5, max(-0.5, (after - before) / (2 * height))))


@compiled
def _slid_by(a: BandFingerprint, b: BandFingerprint, line: Line, first: int, last: int) -> float:
    """Return the start, in parts of a word, at which a stretch of b agrees best."""
    start, shift, pace = line
    total = 0.0  # of what rounding to words does
    for word in range(first, last):
        total += np.floor(start + pace * word + 0.5) - pace * word
    slid = _vertex(
        agreement(a, b, (start - 1, shift, pace), first, last, 1)[0],
        agreement(a, b, line, first, last, 1)[0],
        agreement(a, b, (start + 1, shift, pace), first, last, 1)[0],
    )
    return total / (last - first) + slid


@compiled
def polished(
    a: BandFingerprint, b: BandFingerprint, line: Line, first: int, last: int
) -> tuple[float, float, float]:
    """Return start, shift and pace of a stretch of b, finer than words and places.

    The two halves say where they lie best, and both together the pace; it is 1 where it cannot be
    told from 1.
    """
    start, shift, pace = line
    middle = (first + last) // 2
    before = _slid_by(a, b, line, first, middle)
    after = _slid_by(a, b, line, middle, last)
    length = (last - first) / 2
    place = (before + after) / 2 + pace * (first + last - 1) / 2
    pace += (after - before) / length
    if abs(pace - 1) * length < _SURE:
        pace = 1.0
    moved_by = _vertex(
        agreement(a, b, (start, shift - 1, line[2]), first, last, 1)[0],
        agreement(a, b, line, first, last, 1)[0],
        agreement(a, b, (start, shift + 1, line[2]), first, last, 1)[0],
    )
    return place - pace * (first + last - 1) / 2, shift + moved_by, pace
