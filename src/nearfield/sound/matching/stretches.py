"""Compiled loops over the words that two fingerprints lay over one another: where they match.

The score of a stretch is the correlation of bits with the mean of each bit removed: bits that never
change, as those of silence and drones, say nothing.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from nearfield.compiled import compiled
from nearfield.sound.band_fingerprint import BandFingerprint
from nearfield.sound.matching.bits import ALL, count_bits, moved, reach
from nearfield.sound.matching.lines import Line

PIECE: Final = 16
"""Words that are judged together: two seconds."""

_SHORTEST_LOOP: Final = 8
"""Words, a second: what repeats faster is a tone or a roll, of which the changes tell already."""
_LONGEST_LOOP: Final = 2048
"""Words, four minutes."""
_REPEATED: Final = 0.85
"""Agreement of what is the same but half a word off."""

_LEAST: Final = 0.10
_LEAST_SHARE: Final = 0.3
"""A piece counts for a stretch above this share of what the stretch has, and against it below."""

_SHORTEST: Final = 2 * PIECE
"""Words: what is shorter than four seconds is no stretch."""

_LEAST_VARIANCE: Final = 0.02
"""Mean variance of a bit (at most 1) under which there is nothing to compare."""

Values = NDArray[np.float64]
Signs = NDArray[np.float32]


@compiled
def _laid_over(
    a: BandFingerprint, b: BandFingerprint, line: Line
) -> tuple[BandFingerprint, BandFingerprint, int]:
    """Return the words of a and of b, shape (words,) each, that lie over one another; b's first.

    Both are 0 where one is silent. Bits that only one has, because of the shift, are 0 in both.
    """
    start, shift, pace = line
    mask = moved(ALL, shift)
    low, high = reach(len(a), len(b), start, pace)
    here = np.zeros(high - low, dtype=np.uint64)
    there = np.zeros(high - low, dtype=np.uint64)
    for place in range(low, high):
        word, other = a[int(np.floor(start + pace * place + 0.5))], b[place]
        if word != 0 and other != 0:
            here[place - low] = word & mask
            there[place - low] = moved(other, shift)
    return here, there, low


@compiled
def _ones(words: BandFingerprint, others: BandFingerprint, ones: Values) -> int:
    """Add to `ones`, shape (64,), how often each bit is set where both sound; return how often."""
    sounding = 0
    for place in range(len(words)):
        if words[place] != 0 or others[place] != 0:
            sounding += 1
            word = words[place]
            for bit in range(64):
                ones[bit] += np.float64((word >> np.uint64(bit)) & np.uint64(1))
    return sounding


@compiled
def _means(words: BandFingerprint, others: BandFingerprint) -> Values:
    """Return the mean of each bit, as -1 and 1, over words where both sound, shape (64,)."""
    ones = np.zeros(64)
    sounding = _ones(words, others, ones)
    return 2 * ones / max(1, sounding) - 1


@compiled
def _correlation(here: BandFingerprint, there: BandFingerprint, shift: int) -> float:
    """Return the mean-removed correlation of two runs of words, in [-1, 1]."""
    count, differing = 0, np.int64(0)
    for place in range(len(here)):
        if here[place] != 0 or there[place] != 0:
            count += 1
            differing += count_bits(here[place] ^ there[place])
    bits = 64 - abs(shift)
    if count < 2:
        return 0.0
    mean_a, mean_b = _means(here, there), _means(there, here)
    product, left, right = 0.0, 0.0, 0.0
    for bit in range(max(0, shift), min(64, 64 + shift)):
        product += mean_a[bit] * mean_b[bit]
        left += 1 - mean_a[bit] ** 2
        right += 1 - mean_b[bit] ** 2
    if min(left, right) < _LEAST_VARIANCE * bits:
        return 0.0
    return float((bits - 2 * differing / count - product) / np.sqrt(left * right))


@compiled
def _piecewise(here: BandFingerprint, there: BandFingerprint, shift: int) -> Values:
    """Return the part of each `PIECE` words in the correlation of all, shape (pieces,).

    NaN where less than half of a piece sounds in both.
    """
    mean_a, mean_b = _means(here, there), _means(there, here)
    first, last = max(0, shift), min(64, 64 + shift)
    left, right, product = 0.0, 0.0, 0.0
    for bit in range(first, last):
        left += 1 - mean_a[bit] ** 2
        right += 1 - mean_b[bit] ** 2
        product += mean_a[bit] * mean_b[bit]
    scale = np.sqrt(left * right)
    pieces = np.full(-(-len(here) // PIECE), np.nan)
    if min(left, right) < _LEAST_VARIANCE * (last - first):
        return pieces
    for piece in range(len(pieces)):
        total, count = 0.0, 0
        begin, end = piece * PIECE, min(len(here), (piece + 1) * PIECE)
        for place in range(begin, end):
            word, other = here[place], there[place]
            if word == 0 and other == 0:
                continue
            count += 1
            total += (last - first) - 2 * count_bits(word ^ other) + product
            for bit in range(first, last):
                sign_a = 2.0 * np.float64((word >> np.uint64(bit)) & np.uint64(1)) - 1
                sign_b = 2.0 * np.float64((other >> np.uint64(bit)) & np.uint64(1)) - 1
                total -= mean_b[bit] * sign_a + mean_a[bit] * sign_b
        if 2 * count >= end - begin:
            pieces[piece] = total / count / scale
    return pieces


@compiled
def _best_run(values: Values, least: float) -> tuple[int, int]:
    """Return the first piece, and the one after the last, of the run that exceeds `least` most.

    The greatest sum of what each piece has above `least` (Kadane's rule): a run goes on over a
    weak place where enough follows. Pieces that are NaN count as exactly `least`.
    """
    best, first, last, total, begin = 0.0, 0, 0, 0.0, 0
    for place in range(len(values)):
        if not np.isnan(values[place]):
            total += values[place] - least
        if total <= 0:
            total, begin = 0.0, place + 1
        elif total > best:
            best, first, last = total, begin, place + 1
    return first, last


@compiled
def _changes(words: BandFingerprint) -> int:
    """Return how many bits change from one word to the next where both sound."""
    total = np.int64(0)
    for place in range(1, len(words)):
        if words[place] != 0 and words[place - 1] != 0:
            total += count_bits(words[place] ^ words[place - 1])
    return int(total)


@compiled
def _novelty(words: BandFingerprint, shift: int) -> float:
    """Return the share of words that do not repeat what came before, at most 1.

    The share that a loop of the best length leaves over: its own words, and of all others how far
    they are from equal to those one loop before.
    """
    most, bits = 1.0, 64 - abs(shift)
    for lag in range(_SHORTEST_LOOP, min(_LONGEST_LOOP, len(words) // 2 + 1)):
        differing, compared = np.int64(0), 0
        for place in range(lag, len(words), 2):
            if words[place] != 0 and words[place - lag] != 0:
                differing += count_bits(words[place] ^ words[place - lag])
                compared += 1
        if compared > 0:
            agreed = 1 - 2 * differing / (bits * compared)
            other = min(1.0, max(0.0, 1 - agreed / _REPEATED))
            most = min(most, (lag + (len(words) - lag) * other) / len(words))
    return most


@compiled
def best_stretch(a: BandFingerprint, b: BandFingerprint, line: Line) -> tuple[int, int, float, int]:
    """Return the run of words that matches best along a line.

    Returns
    -------
    first, last : int
        The first word of b, and the one after the last; equal where nothing matches.
    similarity : float
        Mean-removed correlation, in [-1, 1].
    changed : int
        Bits that change inside the run, in the recording in which fewer do; of what both repeat
        over and over, those of one turn.
    """
    here, there, low = _laid_over(a, b, line)
    values = _piecewise(here, there, line[1])
    least, similarity = _LEAST, 0.0
    first, last = 0, 0
    for _ in range(2):
        first, last = _best_run(values, least)
        first, last = first * PIECE, min(last * PIECE, len(here))
        if last - first < _SHORTEST:
            return low, low, 0.0, 0
        similarity = _correlation(here[first:last], there[first:last], line[1])
        least = max(_LEAST, _LEAST_SHARE * similarity)
    here, there = here[first:last], there[first:last]
    # a loop against a loop is no more than one turn of both; against anything else it is all new
    new = max(_novelty(here, line[1]), _novelty(there, line[1]))
    changed = int(new * min(_changes(here), _changes(there)))
    return low + first, low + last, similarity, changed
