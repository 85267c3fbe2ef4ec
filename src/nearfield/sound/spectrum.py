"""The spectrum that both fingerprints are made of: transformed once, it serves both."""

from collections.abc import Iterator
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from nearfield.sound.waveform import Waveform

FINGERPRINT_RATE: Final = 11_025
"""Samples a second of what is fingerprinted."""

FRAME: Final = 4096
HOP: Final = FRAME // 3

_LOWEST, _HIGHEST = 28, 3520  # Hz
FIRST_BIN: Final = round(FRAME * _LOWEST / FINGERPRINT_RATE)
LAST_BIN: Final = round(FRAME * _HIGHEST / FINGERPRINT_RATE)
"""Bins of the transform that are used: from `FIRST_BIN` until before `LAST_BIN`."""

HERTZ: Final = np.arange(FIRST_BIN, LAST_BIN) * FINGERPRINT_RATE / FRAME
"""Frequency of each bin that is used, shape (bins,)."""

_WINDOW: Final = (np.hamming(FRAME) / 32_767).astype(np.float32)
_BATCH: Final = 128  # frames transformed at a time


class SpectrumListener(Protocol):
    """Takes the spectrum of a sound as it comes."""

    def take(self, power: NDArray[np.float32]) -> None:
        """Take the next frames, shape (frames, bins)."""


def quantised(samples: Waveform) -> Waveform:
    """Round samples to 16 bits, as Chromaprint takes them."""
    return np.clip(np.rint(samples * 32_768), -32_768, 32_767).astype(np.float32)


def power_spectra(samples: Waveform) -> Iterator[NDArray[np.float32]]:
    """Yield the power of each whole frame, some frames at a time, shape (frames, bins) each.

    `samples` are 16-bit numbers, at `FINGERPRINT_RATE`; frames begin every `HOP` samples.
    """
    if len(samples) < FRAME:
        return
    frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME)[::HOP]
    for start in range(0, len(frames), _BATCH):
        # scipy's takes 0.03 s less a song, and 0.1 s to load, which clips need not wait
        spectrum = np.fft.rfft(frames[start : start + _BATCH] * _WINDOW, axis=1)
        spectrum = spectrum[:, FIRST_BIN:LAST_BIN]
        yield (spectrum.real**2 + spectrum.imag**2).astype(np.float32, copy=False)
