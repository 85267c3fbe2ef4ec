"""The careful comparison of two recordings by their band fingerprints: which parts are the same."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from nearfield.sound.band_fingerprint import BandFingerprint
from nearfield.sound.fingerprint_code import Fingerprint
from nearfield.sound.matching.align import align
from nearfield.sound.matching.combine import STRETCH, Match, Stretches, combined
from nearfield.sound.matching.lines import Line, fitted, polished, screened_many
from nearfield.sound.matching.stretches import best_stretch

__all__ = ["STRETCH", "Match", "Stretches", "Ways", "combined", "compare", "compare_many"]

SCREEN_BLOCK: Final = 0.32
SCREEN_WINDOW: Final = 0.18
"""Lines that agree less, over four seconds and over sixteen, are not looked at more closely."""

_BESIDE: Final = 4.0  # words: a line as near to another's leads to the same stretch
_SHIFT_BESIDE: Final = 1.5  # places

_FARTHEST: Final = 0.05
"""What plays so much faster or slower is no copy: music of another tempo that has a like rhythm."""
_HIGHEST: Final = 2.7  # places, 1.35 semitones


@dataclass(frozen=True, slots=True)
class Ways:
    """Hypotheses: how recording b may lie over songs. All arrays have shape (ways,).

    Parameters
    ----------
    songs : int64
        Position of the song among those that are compared.
    starts : float64
        Word of the song at word 0 of b; below 0 where b starts sooner.
    shifts : int64
        Places by which b's bits are moved up to lie over the song's.
    paces : float64
        Words of the song for one of b.
    """

    songs: NDArray[np.int64]
    starts: NDArray[np.float64]
    shifts: NDArray[np.int64]
    paces: NDArray[np.float64]


def compare(
    a: BandFingerprint,
    b: BandFingerprint,
    ways: Ways | None = None,
    chromaprints: tuple[Fingerprint, Fingerprint] | None = None,
) -> Match | None:
    """Return what two recordings have in common, None where nothing is.

    Parameters
    ----------
    a, b : uint64, shape (words,)
        Their fingerprints.
    ways : Ways, optional
        How b may lie over a (song 0), as an index told; where there are none, all places of the
        two are tried.
    chromaprints : two of uint32, shape (values,), optional
        The other fingerprints of a and of b. They are asked where the bands say a may lie over b,
        and the better answer counts: loud noise and strange bands do less to them.
    """
    if ways is None:
        starts, shifts = align(a, b)
        ways = Ways(np.zeros(len(starts), np.int64), starts, shifts, np.ones(len(starts)))
    bounds = np.array([0, len(a)], dtype=np.int64)
    return combined(a, b, compare_many(b, a, bounds, ways), chromaprints)


def compare_many(
    b: BandFingerprint, words: BandFingerprint, bounds: NDArray[np.int64], ways: Ways
) -> Stretches:
    """Return the stretches in which a recording matches songs, one row at most for each way.

    Parameters
    ----------
    b : uint64, shape (words,)
        Fingerprint of the recording.
    words : uint64, shape (words of all songs,)
        Their fingerprints, one after the other.
    bounds : int64, shape (songs + 1,)
        Where each begins; the last is the end of all.
    ways : Ways
        How the recording may lie over them.

    Returns
    -------
    STRETCH, shape (stretches,)
    """
    columns = (ways.songs, ways.starts, ways.shifts, ways.paces)
    agreed, middles = screened_many(b, words, bounds, columns)
    passed = np.flatnonzero((agreed[:, 0] >= SCREEN_BLOCK) | (agreed[:, 1] >= SCREEN_WINDOW))
    found: list[np.void] = []
    for way in passed[np.argsort(-agreed[passed, 1], kind="stable")]:
        song, middle = ways.songs[way], int(middles[way])
        a = words[bounds[song] : bounds[song + 1]]
        line = (float(ways.starts[way]), int(ways.shifts[way]), float(ways.paces[way]))
        if any(row["song"] == song and _beside(row, line, middle) for row in found):
            continue
        stretch = _stretch_near(a, b, line, middle)
        if stretch is not None:
            stretch["song"] = song
            found.append(stretch)
    return np.array(found, dtype=STRETCH)


def _beside(stretch: np.void, line: Line, middle: int) -> bool:
    """Say whether a line is, at a word of b, that of a stretch that was found before."""
    start, shift, pace = line
    there = stretch["start"] + stretch["pace"] * middle
    return bool(
        stretch["first"] <= middle < stretch["last"]
        and abs(there - start - pace * middle) <= _BESIDE
        and abs(stretch["shift"] - shift) <= _SHIFT_BESIDE
    )


def _stretch_near(
    a: BandFingerprint, b: BandFingerprint, line: Line, middle: int
) -> np.void | None:
    """Return the best stretch near a line that agrees around a word of b, None where none does."""
    line = fitted(a, b, line, middle)
    first, last, similarity, changed = best_stretch(a, b, line)
    if first == last or similarity <= 0:
        return None
    start, shift, pace = polished(a, b, line, first, last)
    if abs(pace - 1) > _FARTHEST + 1 / (last - first) or abs(shift) > _HIGHEST:
        return None
    row = (0, similarity, start, shift, pace, first, last, changed)
    stretch: np.void = np.array([row], dtype=STRETCH)[0]
    return stretch
