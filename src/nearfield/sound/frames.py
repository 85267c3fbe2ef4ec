"""Cutting sound into overlapping frames, and measuring each in mel bands."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import numpy as np
import scipy.fft
import scipy.signal
from numpy.typing import NDArray

from nearfield.errors import InvalidInput
from nearfield.sound.waveform import Waveform

_AT_ONCE: Final = 512
"""Frames that are measured together: they fit the processor's cache."""

_KNEE: Final = 1000.0
"""Hertz; below, Slaney's scale is linear, above, logarithmic."""

_LINEAR: Final = 200.0 / 3.0
"""Hertz a mel below the knee."""

_STEP: Final = float(np.log(6.4) / 27.0)
"""Natural log of the ratio of frequencies a mel above the knee."""


class FrameStream:
    """Frames centred on multiples of the hop, of a sound that comes in blocks of any size.

    Silence is assumed around the sound; there are 1 + samples // hop frames.

    Parameters
    ----------
    window : int
        Samples of a frame.
    hop : int
        Samples from a frame to the next; not more than the window.
    """

    def __init__(self, window: int, hop: int) -> None:
        self._window, self._hop = window, hop
        self._rest = np.zeros(window // 2, dtype=np.float32)  # the first frame's left half
        self._samples = self._given = 0

    def feed(self, block: Waveform) -> Iterator[Waveform]:
        """Take samples; yield the frames that are whole now, some at a time."""
        self._samples += len(block)
        yield from self._cut(np.concatenate([self._rest, np.asarray(block, dtype=np.float32)]))

    def finish(self) -> Iterator[Waveform]:
        """Yield the frames that reach beyond the end.

        Raises
        ------
        InvalidInput
            If nothing came.
        """
        if self._samples == 0:
            raise InvalidInput("the sound has no samples; features need at least one.")
        silence = np.zeros(self._window, dtype=np.float32)
        missing = 1 + self._samples // self._hop - self._given
        size = max(0, missing - 1) * self._hop + self._window if missing else 0
        yield from self._cut(np.concatenate([self._rest, silence])[:size])

    def _cut(self, samples: Waveform) -> Iterator[Waveform]:
        count = max(0, 1 + (len(samples) - self._window) // self._hop)
        self._rest = samples[count * self._hop :]
        self._given += count
        if count:
            frames = np.lib.stride_tricks.sliding_window_view(samples, self._window)
            for start in range(0, count, _AT_ONCE):
                stop = min(start + _AT_ONCE, count)
                yield frames[start * self._hop : stop * self._hop : self._hop]


def mel_power(frames: Waveform, rate: int, bands: int) -> NDArray[np.float32]:
    """Return the power in mel bands of frames under a Hann window.

    Parameters
    ----------
    frames : float32, shape (frames, window)
        Samples at `rate`.
    rate : int
        Samples a second.
    bands : int
        Between 0 Hz and half the rate.

    Returns
    -------
    float32, shape (frames, bands)
        At least 0.
    """
    window = frames.shape[1]
    spectrum = scipy.fft.rfft(frames * _hann(window), axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    measured: NDArray[np.float32] = power @ mel_bank(rate, window, bands).T
    return measured


@lru_cache(maxsize=8)
def mel_bank(rate: int, window: int, bands: int) -> NDArray[np.float32]:
    """Return triangular bands on Slaney's mel scale [1]_, each of area 1.

    Parameters
    ----------
    rate : int
        Samples a second.
    window : int
        Samples of a frame.
    bands : int
        Between 0 Hz and half the rate.

    Returns
    -------
    float32, shape (bands, window // 2 + 1)
        Weights of the spectrum's lines.

    References
    ----------
    .. [1] Slaney, "Auditory Toolbox", version 2, Interval Research 1998-010.
    """
    lines = np.fft.rfftfreq(window, 1 / rate)
    edges = _from_mel(np.linspace(0.0, _to_mel(rate / 2), bands + 2))
    widths = np.diff(edges)
    rising = (lines - edges[:-2, None]) / widths[:-1, None]
    falling = (edges[2:, None] - lines) / widths[1:, None]
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    area = 2.0 / (edges[2:] - edges[:-2])
    bank: NDArray[np.float32] = (triangles * area[:, None]).astype(np.float32)
    bank.setflags(write=False)  # shared by all callers
    return bank


@lru_cache(maxsize=8)
def _hann(size: int) -> NDArray[np.float32]:
    """Return a periodic Hann window."""
    window: NDArray[np.float32] = scipy.signal.get_window("hann", size).astype(np.float32)
    window.setflags(write=False)
    return window


def _to_mel(hertz: float) -> float:
    """Return a frequency on Slaney's scale."""
    if hertz < _KNEE:
        return hertz / _LINEAR
    return _KNEE / _LINEAR + float(np.log(hertz / _KNEE)) / _STEP


def _from_mel(mels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the frequencies, in Hz, of points on Slaney's scale."""
    knee = _KNEE / _LINEAR
    above = _KNEE * np.exp(_STEP * (np.maximum(mels, knee) - knee))
    frequencies: NDArray[np.float64] = np.where(mels < knee, mels * _LINEAR, above)
    return frequencies
