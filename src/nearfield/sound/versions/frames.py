"""What of a harmony is compared: unit frames, of songs that can be told by their harmony at all."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from nearfield.sound.versions.harmony import HARMONY_RATE, Harmony

__all__ = ["can_be_told", "told_frames", "unit_frames"]

SHORTEST: Final = 10.0
"""Seconds of sound below which a song cannot be told by its harmony."""

LONGEST: Final = 1200.0
"""Seconds above which a file counts as many songs, and is a version of none."""

_STILL: Final = 0.03
"""How much the frames of a sound differ, at least: drones, clicks and noise have 0.005, songs
from 0.11 to 0.5. It is 1 less the squared length of the mean of the unit frames."""


_STRENGTHS: Final = (np.arange(256) ** 1.5).astype(np.float32)
"""Of each level: between amplitude, which is the level squared, and its root."""


def can_be_told(harmony: Harmony) -> bool:
    """Tell whether there is enough of a song, not too much, and not always the same."""
    return told_frames(harmony) is not None


def told_frames(harmony: Harmony) -> NDArray[np.float32] | None:
    """Return unit frames, shape (frames, 12), or None where a song cannot be told by them."""
    if not SHORTEST * HARMONY_RATE <= len(harmony) <= LONGEST * HARMONY_RATE:
        return None
    frames = unit_frames(harmony)
    total = frames.sum(axis=0)
    sounding = int(harmony.any(axis=1).sum())
    if sounding < SHORTEST * HARMONY_RATE or 1 - total @ total / sounding**2 <= _STILL:
        return None
    return frames


def unit_frames(harmony: Harmony) -> NDArray[np.float32]:
    """Return each frame at unit length, shape (frames, 12); silent ones are zeros."""
    notes = _STRENGTHS[harmony]
    length = np.sqrt(np.einsum("fn,fn->f", notes, notes))
    notes /= np.maximum(length, np.float32(1e-9))[:, None]
    return notes
