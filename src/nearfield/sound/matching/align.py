"""How two recordings may lie over one another, found without an index: all places are tried.

For pairs that other ways (vectors, a person) say may be the same. Some stretches of the shorter
recording, eight seconds each, are laid over every place of the other, at every shift.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from nearfield.compiled import compiled
from nearfield.sound.band_fingerprint import BandFingerprint
from nearfield.sound.matching.bits import ALL, count_bits, moved

SHIFTS: Final = (-2, -1, 0, 1, 2)
"""Places that a recording is moved by: a semitone to both sides."""

PROBE: Final = 64
"""Words of a probe; every second is compared, at every second place."""

SHORTEST: Final = 24
"""Words of a recording (4.6 seconds) that is a probe as a whole; less is not tried."""

PROBES: Final = 12
"""Probes of one recording, at most: where most bits change."""

_STEP: Final = 2
_ALIKE: Final = 0.12
"""Agreement under which a place is not told."""
_APART: Final = 8
"""Words that two places which are told of one probe are apart, at least."""
_PLACES: Final = 3
"""Places that are told of a probe."""


@compiled
def _variety(words: BandFingerprint, first: int, length: int) -> int:
    """Return how many bits change in a probe; 0 where more than half of it is silent."""
    total, sounding = np.int64(0), 0
    for place in range(first + 1, first + length):
        if words[place] != 0 and words[place - 1] != 0:
            total += count_bits(words[place] ^ words[place - 1])
            sounding += 1
    return int(total) if 2 * sounding > length else 0


@compiled
def probes(words: BandFingerprint, length: int) -> NDArray[np.int64]:
    """Return where probes begin, shape (probes,): the liveliest in each of `PROBES` parts."""
    places = len(words) - length + 1
    parts = min(PROBES, max(1, places // (length // 2)))
    found = np.full(parts, -1, dtype=np.int64)
    for part in range(parts):
        most = 0
        for first in range(part * places // parts, (part + 1) * places // parts, length // 4):
            variety = _variety(words, first, length)
            if variety > most:
                most, found[part] = variety, first
    return found[found >= 0]


@compiled
def _slid(
    a: BandFingerprint, b: BandFingerprint, probe: int, length: int, shift: int
) -> NDArray[np.float32]:
    """Return the agreement of a probe of b with each second place of a, shape (places,)."""
    mask = moved(ALL, shift)
    words = np.zeros(length // _STEP, dtype=np.uint64)
    for word in range(len(words)):
        words[word] = moved(b[probe + _STEP * word], shift)
    places = (len(a) - length) // _STEP + 1
    found = np.zeros(max(0, places), dtype=np.float32)
    for place in range(places):
        differing = np.int64(0)
        for word in range(len(words)):
            differing += count_bits((a[_STEP * (place + word)] ^ words[word]) & mask)
        found[place] = 1 - 2 * differing / (len(words) * (64 - abs(shift)))
    return found


@compiled
def _told(
    found: NDArray[np.float64], count: int, agreed: NDArray[np.float32], start: int, shift: int
) -> int:
    """Add the best places of one probe and shift to rows of `found`; return how many there are."""
    for _ in range(_PLACES):
        best = int(np.argmax(agreed))
        if agreed[best] < _ALIKE:
            break
        found[count, 0], found[count, 1] = agreed[best], _STEP * best - start
        found[count, 2] = shift
        count += 1
        agreed[max(0, best - _APART // _STEP) : best + _APART // _STEP + 1] = -1
    return count


@compiled
def _tried(a: BandFingerprint, b: BandFingerprint) -> NDArray[np.float64]:
    """Return agreement, start and shift of places where probes of b may lie, shape (places, 3)."""
    length = min(PROBE, len(b))
    places = probes(b, length)
    found = np.zeros((len(places) * len(SHIFTS) * _PLACES, 3))
    count = 0
    for probe in places:
        for shift in SHIFTS:
            agreed = _slid(a, b, probe, length, shift)
            if len(agreed) > 0:
                count = _told(found, count, agreed, probe, shift)
    return found[:count]


def align(
    a: BandFingerprint, b: BandFingerprint, most: int = 12
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return how b may lie over a: starts and shifts, shape (ways,) each, the best first.

    Words of a at word 0 of b, and places by which b's bits are moved up. The pace is not known;
    at 1 the way is right in the middle of the probe that found it. Recordings under 4.6 seconds
    give nothing.
    """
    swapped = len(b) > len(a)
    long, short = (b, a) if swapped else (a, b)
    if len(short) < SHORTEST:
        return np.zeros(0), np.zeros(0, dtype=np.int64)
    found = _tried(long, short)
    found = found[np.argsort(-found[:, 0], kind="stable")[:most]]
    sign = -1 if swapped else 1
    return sign * found[:, 1], (sign * found[:, 2]).astype(np.int64)
