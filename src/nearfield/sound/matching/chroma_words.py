"""Chromaprints as words of 64 bits, which index and comparison take as they do bands.

Chromaprint hears from 28 to 3,520 Hz, and each of its bits hears all of that. Where heavy noise has
drowned the bands, it still tells what a copy is of, if that is as fast and as high as it was.
"""

from dataclasses import replace
from typing import Final

import numpy as np

from nearfield.sound.band_fingerprint import BandFingerprint
from nearfield.sound.fingerprint_code import Fingerprint
from nearfield.sound.matching.align import align
from nearfield.sound.matching.combine import CHROMA_COUNTS, Match, combined
from nearfield.sound.matching.compare import Stretches, Ways, compare_many
from nearfield.sound.spectrum import FINGERPRINT_RATE, FRAME, HOP

APART: Final = 12
"""Words between the two values that make a word: they hear other moments, and differ."""

_LENGTH: Final = 20 + APART  # frames that a word hears; a value hears 20
SECONDS_OF_A_WORD: Final = ((_LENGTH - 1) * HOP + FRAME) / FINGERPRINT_RATE
"""Of sound that one word hears: 4.21."""

_HIGHEST: Final = 0.5  # places by which bits are moved: they are none of pitch


def chroma_words(chromaprint: Fingerprint, bands: BandFingerprint) -> BandFingerprint:
    """Return the words of a Chromaprint, shape (words,); 0 where the bands say there is silence.

    Parameters
    ----------
    chromaprint : uint32, shape (values,)
    bands : uint64, shape (words of the bands,)
        Of the same sound. Chromaprint's values look like sound where there is none.
    """
    count = max(0, min(len(chromaprint), len(bands)) - APART)
    values = chromaprint.astype(np.uint64)
    words = values[:count] | (values[APART : APART + count] << np.uint64(32))
    sounding = (bands[:count] != 0) & (bands[APART : APART + count] != 0)
    found: BandFingerprint = np.where(sounding, np.maximum(words, np.uint64(1)), np.uint64(0))
    return found


def chroma_match(a: BandFingerprint, b: BandFingerprint, stretches: Stretches) -> Match | None:
    """Return what the Chromaprints of two recordings have in common, None where nothing is.

    Parameters
    ----------
    a, b : uint64, shape (words,)
        Chroma words of each.
    stretches : STRETCH, shape (stretches,)
        In which they match, as `compare_many` tells.
    """
    level = stretches[np.abs(stretches["shift"]) <= _HIGHEST]
    match = combined(a, b, level, seconds_of_a_word=SECONDS_OF_A_WORD)
    if match is None:
        return None
    return replace(match, similarity=min(1.0, CHROMA_COUNTS * match.similarity), semitones=0.0)


def compare_chroma(a: BandFingerprint, b: BandFingerprint) -> Match | None:
    """Return what two recordings have in common by their chroma words; all places are tried."""
    starts, shifts = align(a, b)
    starts = starts[shifts == 0]
    nothing = np.zeros(len(starts), dtype=np.int64)
    ways = Ways(nothing, starts, nothing, np.ones(len(starts)))
    bounds = np.array([0, len(a)], dtype=np.int64)
    return chroma_match(a, b, compare_many(b, a, bounds, ways))
