"""Band fingerprints made of nothing but random numbers, and what copying does to them."""

import numpy as np
from numpy.typing import NDArray

from nearfield.sound.band_fingerprint import BandFingerprint

_BIT = np.uint64(1) << np.arange(64, dtype=np.uint64)


def words_of(bits: NDArray[np.bool_], others: BandFingerprint | None = None) -> BandFingerprint:
    """Return the words of bits, shape (words, 64); none is 0, as none of real sound is.

    With other words, the bits say which of theirs are turned.
    """
    words: BandFingerprint = (bits * _BIT).sum(axis=1, dtype=np.uint64)
    if others is not None:
        words = words ^ others
    return np.maximum(words, np.uint64(1))


def made_print(words: int, seed: int, speed: float = 1.0, places: int = 0) -> BandFingerprint:
    """Return a fingerprint of a song drawn from `seed`, whose bits change as seldom as real ones.

    With a speed it is played so much faster, with places so much higher: the same song.
    """
    random = np.random.default_rng(seed)
    knots = random.standard_normal((words // 3 + 40, 64 + 16))
    smooth = (knots[:, 1:-1] + 0.5 * knots[:, :-2] + 0.5 * knots[:, 2:])[
        :, 7 - places : 71 - places
    ]
    time = np.arange(int(words / speed)) * speed / 3
    whole = time.astype(int)
    part = (time - whole)[:, None]
    return words_of(smooth[whole] * (1 - part) + smooth[whole + 1] * part > 0)


def noisy(words: BandFingerprint, share: float, seed: int = 0) -> BandFingerprint:
    """Return words of which that share of the bits is turned."""
    random = np.random.default_rng(seed)
    turned = random.random((len(words), 64)) < share
    return words_of(turned, words)


def monotonous(words: int, seed: int, share: float = 0.02) -> BandFingerprint:
    """Return the fingerprint of a drone: all bits stay as they are, but for a few."""
    random = np.random.default_rng(seed)
    row = random.random(64) < 0.5
    return words_of(row ^ (random.random((words, 64)) < share))
