"""What of a harmony is compared: unit frames, of songs that can be told by their harmony at all."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nearfield.sound.versions.harmony import HARMONY_RATE, Harmony

__all__ = ["Told", "can_be_told", "told_frames", "unit_frames"]

SHORTEST: Final = 10.0
"""Seconds of sound below which a song cannot be told by its harmony."""

LONGEST: Final = 1200.0
"""Seconds above which a file counts as many songs, and is a version of none."""

_STILL: Final = 0.03
"""How much the frames of a sound differ, at least: drones, clicks and noise have 0.005, songs
from 0.11 to 0.5. It is 1 less the squared length of the mean of the unit frames."""

_STRENGTHS: Final = (np.arange(256) ** 1.5).astype(np.float32)
"""Of each level: between amplitude, which is the level squared, and its root."""


class Told(NamedTuple):
    """The frames of a song that can be told by its harmony."""

    frames: NDArray[np.float32]  # (frames, 12), at unit length; silent ones are zeros
    sounding: NDArray[np.bool_]  # (frames,)
    total: NDArray[np.float32]  # (12,), the sum of the frames


def can_be_told(harmony: Harmony) -> bool:
    """Tell whether there is enough of a song, not too much, and not always the same."""
    return told_frames(harmony) is not None


def told_frames(harmony: Harmony) -> Told | None:
    """Return the unit frames of a song, or None where it cannot be told by them."""
    if not SHORTEST * HARMONY_RATE <= len(harmony) <= LONGEST * HARMONY_RATE:
        return None
    frames, length = _units(harmony)
    total = np.einsum("fn->n", frames)
    sounding = length > 0
    count = np.count_nonzero(sounding)
    if count < SHORTEST * HARMONY_RATE or 1 - total @ total / count**2 <= _STILL:
        return None
    return Told(frames, sounding, total)


def unit_frames(harmony: Harmony) -> NDArray[np.float32]:
    """Return each frame at unit length, shape (frames, 12); silent ones are zeros."""
    return _units(harmony)[0]


def _units(harmony: Harmony) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return each frame at unit length, and the length that it had."""
    notes = _STRENGTHS.take(harmony)
    length = np.sqrt(np.einsum("fn,fn->f", notes, notes))
    notes /= np.maximum(length, np.float32(1e-9))[:, None]
    return notes, length
