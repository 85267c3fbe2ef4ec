"""Cutting the features of a song into windows of equal length."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from nearfield.sound.encoding import Features

_LEAST_SECONDS: Final = 2.0
"""Shorter sounds are repeated until they are this long."""


def window_frames(seconds: float, frames_a_second: float) -> int:
    """Return the length of a window in frames."""
    return max(1, round(seconds * frames_a_second))


def window_starts(frames: int, size: int, step: int, most: int) -> NDArray[np.int64]:
    """Return where windows begin, so that they cover all frames and none reaches beyond the end.

    Parameters
    ----------
    frames : int
        Of the song.
    size, step : int
        Length of a window, and the largest distance between two, in frames.
    most : int
        The number of windows that is not exceeded; rather they lie farther apart.

    Returns
    -------
    int64, shape (windows,)
        Rising, the first 0, as evenly spread as frames allow.
    """
    beyond = max(0, frames - size)
    count = min(most, 1 + -(-beyond // step))
    return np.linspace(0, beyond, count).round().astype(np.int64)


def cut(features: Features, starts: NDArray[np.int64], size: int) -> Features:
    """Return windows, shape (windows, size, features); one of all frames where they are fewer."""
    if len(features) <= size:
        return features[None]
    views = np.lib.stride_tricks.sliding_window_view(features, size, axis=0)
    return np.ascontiguousarray(views[starts].transpose(0, 2, 1))


def lengthen(features: Features, frames_a_second: float) -> Features:
    """Return features that are long enough to be described: short ones again and again."""
    least = window_frames(_LEAST_SECONDS, frames_a_second)
    return np.tile(features, (-(-least // len(features)), 1)) if len(features) < least else features
