"""What a sound is here: one array of samples at one rate."""

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Waveform: TypeAlias = NDArray[np.float32]
"""One channel of sound, shape (samples,), in [-1, 1] (a little beyond where it clips)."""

RATE: Final = 22_050
"""Samples a second of everything behind the decoder, unless a function says otherwise."""
