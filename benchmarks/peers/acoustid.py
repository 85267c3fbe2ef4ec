"""Compare Chromaprint's fingerprints as the service AcoustID does: a peer of our own comparison.

Written after `acoustid_compare2` of pg_acoustid [1]_ (MIT licence, Lukas Lalinsky) and behaving
like it: both fingerprints are aligned where most of their rare words agree, and the score is one
less twice the share of bits that differ there, times the share of the shorter one that overlaps.
The limits are AcoustID's [2]_. Two things are left out, both in the peer's favour: the index that
chooses which fingerprints are compared at all (here: every one), and that only tracks whose
lengths differ by at most seven seconds are compared.

References
----------
.. [1] https://github.com/acoustid/pg_acoustid, acoustid_compare.c
.. [2] https://github.com/acoustid/acoustid-server, acoustid/const.py
"""

from collections.abc import Sequence
from typing import Final

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["ANY_OFFSET", "FOUND", "MERGED", "MOST_OFFSET", "Words", "scores"]

Words = NDArray[np.uint32]
"""A fingerprint, shape (values,)."""

FOUND: Final = 0.4
"""AcoustID tells of tracks with a greater score than this (TRACK_GROUP_MERGE_THRESHOLD)."""

MERGED: Final = 0.75
"""It takes a new fingerprint for the same track above this (TRACK_MERGE_THRESHOLD)."""

MOST_OFFSET: Final = 80
"""It aligns within so many values, ten seconds, to either side (TRACK_MAX_OFFSET)."""

ANY_OFFSET: Final = 0

_KEYS: Final = 1 << 14  # a word's upper 14 bits
_SHIFT: Final = 32 - 14


def scores(
    query: Words, references: Sequence[Words], most_offset: int = MOST_OFFSET
) -> NDArray[np.float32]:
    """Return the score of a fingerprint with each of others, in [0, 1], shape (references,).

    `most_offset` is `ANY_OFFSET` for no limit. Fingerprints may be empty: the score is 0.
    """
    found = np.zeros(len(references), dtype=np.float32)
    for number, reference in enumerate(references):
        if len(query) and len(reference):
            found[number] = _compare(reference, query, most_offset)
    return found


@numba.njit(cache=True)
def _compare(a: Words, b: Words, most_offset: int) -> float:
    """Return the score of two fingerprints, neither of them empty."""
    offset, votes = _align(a, b, most_offset)
    shorter = min(len(a), len(b)) // 2 * 2
    if offset < 0:
        b = b[-offset:]
    else:
        a = a[offset:]
    overlap = min(len(a), len(b)) // 2 * 2
    if overlap == 0 or shorter == 0:
        return 0.0
    different_a, different_b = _different(a), _different(b)
    if votes < max(different_a, different_b) * 0.02:
        return 0.0
    wrong = 0
    for place in range(overlap):
        word = a[place] ^ b[place]
        while word:
            word &= word - np.uint32(1)
            wrong += 1
    score = max(0.0, overlap / shorter * (1.0 - 2.0 * wrong / (32 * overlap)))
    diversity = min(
        1.0, (different_a + 10) / len(a) + 0.5, (different_b + 10) / len(b) + 0.5
    )  # of monotonous sounds, which agree with much
    return float(score ** (8.0 - 7.0 * diversity))


@numba.njit(cache=True)
def _align(a: Words, b: Words, most_offset: int) -> tuple[int, int]:
    """Return the place in `a` less that in `b` on which most words agree, and how many do.

    As in the original, the last place of a word counts, and none does if that is the first of
    all; of offsets with equal votes the one that comes to it first is taken.
    """
    last_a = np.zeros(_KEYS, dtype=np.int32)
    last_b = np.zeros(_KEYS, dtype=np.int32)
    for place in range(len(a)):
        last_a[a[place] >> _SHIFT] = place
    for place in range(len(b)):
        last_b[b[place] >> _SHIFT] = place
    votes = np.zeros(len(a) + len(b) + 1, dtype=np.int32)
    best, most = 0, 0
    for key in range(_KEYS - 1):
        if last_a[key] and last_b[key]:
            offset = last_a[key] - last_b[key]
            if most_offset == 0 or abs(offset) <= most_offset:
                votes[offset + len(b)] += 1
                if votes[offset + len(b)] > most:
                    best, most = offset, votes[offset + len(b)]
    return best, most


@numba.njit(cache=True)
def _different(words: Words) -> int:
    """Count words whose upper bits differ."""
    seen = np.zeros(_KEYS, dtype=np.bool_)
    for word in words:
        seen[word >> _SHIFT] = True
    return int(seen.sum())
