"""What of a harmony is compared: unit frames, of songs that can be told by their harmony at all."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from nearfield.sound.versions.harmony import HARMONY_RATE, Harmony

__all__ = ["can_be_told", "unit_frames"]

SHORTEST: Final = 10.0
"""Seconds of sound below which a song cannot be told by its harmony."""

LONGEST: Final = 1200.0
"""Seconds above which a file counts as many songs, and is a version of none."""

_STILL: Final = 0.03
"""How much the frames of a sound differ, at least: drones, clicks and noise have 0.005, songs
from 0.11 to 0.5. It is 1 less the squared length of the mean of the unit frames."""


def can_be_told(harmony: Harmony) -> bool:
    """Tell whether there is enough of a song, not too much, and not always the same."""
    sounding = int(harmony.any(axis=1).sum())
    if sounding < SHORTEST * HARMONY_RATE or len(harmony) > LONGEST * HARMONY_RATE:
        return False
    mean = unit_frames(harmony).sum(axis=0) / sounding
    return bool(1 - mean @ mean > _STILL)


def unit_frames(harmony: Harmony) -> NDArray[np.float32]:
    """Return each frame at unit length, shape (frames, 12); silent ones are zeros."""
    # between amplitude (the square of a level) and its root
    notes = harmony.astype(np.float32) ** np.float32(1.5)
    length = np.linalg.norm(notes, axis=1, keepdims=True)
    unit: NDArray[np.float32] = notes / np.maximum(length, np.float32(1e-9))
    return unit
