"""Compares the harmony of two songs with care: whether, where, in what key and pace one is both."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nearfield.sound.versions.alignment import STACK, align
from nearfield.sound.versions.frames import told_frames
from nearfield.sound.versions.harmony import HARMONY_RATE, Harmony

__all__ = ["NO_MATCH", "VersionMatch", "compare_versions", "compare_versions_many"]

_TURNS: Final = (np.arange(12)[:, None] + np.arange(12)) % 12
_DOUBT: Final = 0.15
"""The second best transposition is tried too where the notes of both songs together correlate so
nearly as well as at the best."""

_CHANCE: Final = 30.0
"""Added to the frames of the shorter song: of short ones a larger share agrees by chance."""

_FLAT: Final = 0.05
"""Added to how much a frame differs from the song's mean: a drone is like nothing."""


@dataclass(frozen=True, slots=True)
class VersionMatch:
    """The longest stretch of harmony that two songs, a and b, have in common.

    A moment of the stretch is `start_a + speed * (t - start_b)` in a where it is t in b.

    Parameters
    ----------
    similarity : float
        Frames of the stretch, less half of those that break it, beside the frames of the shorter
        song and 30 more: in [0, 1), 0.9 for two copies of a song of two minutes, 0.5 for two of
        18 seconds. 0 where there is nothing to compare.
    semitones : int
        How much higher b sounds than a, from -6 to 5.
    speed : float
        How much faster b plays than a.
    start_a, end_a, start_b, end_b : float
        Seconds.
    """

    similarity: float
    semitones: int = 0
    speed: float = 1.0
    start_a: float = 0.0
    end_a: float = 0.0
    start_b: float = 0.0
    end_b: float = 0.0

    @property
    def seconds(self) -> float:
        """Length of the stretch in a."""
        return self.end_a - self.start_a


NO_MATCH: Final = VersionMatch(0.0)


class _Song(NamedTuple):
    """What `align` reads of a song."""

    notes: NDArray[np.float32]  # (frames, 12), each without the song's mean
    by_note: NDArray[np.float32]  # (12, frames), the same
    scale: NDArray[np.float32]  # (frames - STACK + 1,)
    profile: NDArray[np.float32]  # (12,), how much of each note there is, less the mean, as a unit


def compare_versions(a: Harmony, b: Harmony) -> VersionMatch:
    """Compare two songs, each of shape (frames, 12)."""
    return compare_versions_many(a, [b])[0]


def compare_versions_many(a: Harmony, others: Sequence[Harmony]) -> list[VersionMatch]:
    """Compare one song with several; a `VersionMatch` for each, in their order."""
    one = _song(a)
    return [_compared(one, _song(other)) for other in others]


def _song(harmony: Harmony) -> _Song | None:
    """Prepare a song; None for what is too short, too long or too still to be told."""
    told = told_frames(harmony)
    if told is None:
        return None
    notes, sounding, share = told
    notes -= (share / np.count_nonzero(sounding)).astype(np.float32)
    if not sounding.all():
        notes[~sounding] = 0
    running = np.zeros(len(notes) + 1)
    running[1:] = np.cumsum(np.einsum("fn,fn->f", notes, notes))
    scale = 1 / np.sqrt(running[STACK:] - running[:-STACK] + _FLAT * STACK)
    profile = share - share.mean()
    profile /= np.maximum(np.linalg.norm(profile), 1e-9)
    by_note = np.ascontiguousarray(notes.T)
    return _Song(notes, by_note, scale.astype(np.float32), profile)


def _compared(a: _Song | None, b: _Song | None) -> VersionMatch:
    if a is None or b is None:
        return NO_MATCH
    agree = b.profile[_TURNS] @ a.profile  # of each transposition
    first, second = np.argsort(agree)[::-1][:2].tolist()
    tried = [first, second] if agree[first] - agree[second] < _DOUBT else [first]
    found = [
        (align(a.notes, b.by_note.take(_TURNS[up], axis=0), a.scale, b.scale), up) for up in tried
    ]
    (best, first_a, first_b, last_a, last_b, _), up = max(found, key=lambda one: one[0][0])
    shorter = min(len(a.scale), len(b.scale))
    whole_a, whole_b = int(last_a) - int(first_a), int(last_b) - int(first_b)
    return VersionMatch(
        similarity=float(best) / 2 / (shorter + _CHANCE),
        semitones=(up + 6) % 12 - 6,
        speed=whole_a / whole_b if whole_a and whole_b else 1.0,
        start_a=float(first_a) / HARMONY_RATE,
        end_a=float(last_a + STACK) / HARMONY_RATE,
        start_b=float(first_b) / HARMONY_RATE,
        end_b=float(last_b + STACK) / HARMONY_RATE,
    )
