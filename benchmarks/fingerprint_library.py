"""Make libraries of band fingerprints of any size from a few real ones, and copies of songs."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np
import soxr
from numpy.typing import NDArray

from nearfield.errors import NearfieldError
from nearfield.sound.band_fingerprint import (
    FRAMES_A_SECOND,
    BandFingerprint,
    band_fingerprint,
)
from nearfield.sound.decode import read_sound
from nearfield.sound.spectrum import FINGERPRINT_RATE
from nearfield.sound.waveform import RATE
from real_tracks import choose

ALL: Final = np.uint64(2**64 - 1)
QUARTERS: Final = tuple(np.uint64(0xFFFF << low) for low in range(0, 64, 16))
SECONDS: Final = 180
CHANGING: Final = 0.14
"""Share of a real fingerprint's bits that change from one word to the next."""

Copy = Callable[[BandFingerprint, np.random.Generator], BandFingerprint]


def read_fingerprints(music: Path, tracks: int) -> list[BandFingerprint]:
    """Return the fingerprints of the first tracks that `choose` gives."""
    found: list[BandFingerprint] = []
    for track in choose(music):
        if len(found) == tracks:
            break
        try:
            waveform = read_sound(track.path)
        except NearfieldError:
            continue
        slow = soxr.resample(waveform, RATE, FINGERPRINT_RATE)
        found.append(band_fingerprint(slow)[:5000])
    return [words for words in found if len(words) > 300]


def made_fingerprints(songs: int, seed: int) -> list[BandFingerprint]:
    """Return words of which as many bits change as of real ones, independently."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(songs):
        turned = rng.random((1450, 64)) < CHANGING
        turned[0] = rng.random(64) < 0.5
        made.append(as_words(np.cumsum(turned, axis=0) % 2 == 1))
    return made


def as_words(bits: NDArray[np.bool_]) -> BandFingerprint:
    """Return words of bits, shape (words, 64), the lowest first."""
    rows = np.packbits(bits, axis=1, bitorder="little")
    words: BandFingerprint = np.ascontiguousarray(rows).view("<u8")[:, 0].astype(np.uint64)
    return words


def turned_round(words: BandFingerprint) -> BandFingerprint:
    """Return words with their highest bits lowest."""
    bits = np.unpackbits(words.view(np.uint8).reshape(-1, 8), axis=1, bitorder="little")
    return as_words(bits[:, ::-1] == 1)


def library(real: list[BandFingerprint], songs: int, seed: int) -> Iterator[BandFingerprint]:
    """Yield songs that are different, and as hard to tell apart as real ones.

    Each quarter of a song's bits is taken from real songs, from a new place of another one every 8
    to 30 seconds, and by chance played backwards, upside down and negated. So words are
    distributed, and change in time, as real ones do, but no two songs share more than a quarter of
    the bits of a short while. Lengths are spread around three minutes, from 45 s to 10 minutes.
    """
    rng = np.random.default_rng(seed)

    def piece(length: int) -> BandFingerprint:
        words = real[rng.integers(len(real))]
        words = np.take(words, np.arange(length) + rng.integers(len(words)), mode="wrap")
        if rng.random() < 0.5:
            words = words[::-1].copy()
        if rng.random() < 0.5:
            words = turned_round(words)
        return np.where(words == 0, words, words ^ ALL) if rng.random() < 0.5 else words

    def whole(length: int) -> BandFingerprint:
        parts, missing = [], length
        while missing > 0:
            parts.append(piece(int(rng.integers(64, 240))))
            missing -= len(parts[-1])
        return np.concatenate(parts)[:length]

    for _ in range(songs):
        seconds = float(np.clip(rng.lognormal(np.log(SECONDS), 0.4), 45, 600))
        length = round(seconds * FRAMES_A_SECOND)
        words = np.zeros(length, dtype=np.uint64)
        for quarter in QUARTERS:
            words |= whole(length) & quarter
        yield words


def with_errors(words: BandFingerprint, share: float, rng: np.random.Generator) -> BandFingerprint:
    """Return words of which a share of the bits is wrong."""
    return words ^ as_words(rng.random((len(words), 64)) < share)


def clip(words: BandFingerprint, share: float, rng: np.random.Generator) -> BandFingerprint:
    """Return 15 seconds from anywhere, a share of the bits wrong."""
    length = round(15 * FRAMES_A_SECOND) - 14  # what the filters hear is longer than a word
    start = int(rng.integers(len(words) - length))
    return with_errors(words[start : start + length], share, rng)


def at_pace(words: BandFingerprint, pace: float, rng: np.random.Generator) -> BandFingerprint:
    """Return words read at another pace, from a place between two of them, 6 % wrong."""
    places = np.arange(rng.random(), len(words) - 1, pace).astype(np.int64)
    return with_errors(words[places], 0.06, rng)


COPIES: Final[Mapping[str, Copy]] = MappingProxyType(
    {
        "clean": lambda words, rng: with_errors(words, 0.04, rng),
        "20 % wrong": lambda words, rng: with_errors(words, 0.2, rng),
        "30 % wrong": lambda words, rng: with_errors(words, 0.3, rng),
        "clip 15 s": lambda words, rng: clip(words, 0.08, rng),
        "clip 15 s, 20 % wrong": lambda words, rng: clip(words, 0.2, rng),
        "a semitone up": lambda words, rng: with_errors(words << np.uint64(2), 0.06, rng),
        "a semitone down": lambda words, rng: with_errors(words >> np.uint64(2), 0.06, rng),
        "3 % faster": lambda words, rng: at_pace(words, 1.03, rng),
        "3 % slower": lambda words, rng: at_pace(words, 0.97, rng),
    }
)
"""What is done to a song, by name."""
