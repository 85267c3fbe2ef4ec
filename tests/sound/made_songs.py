"""Made-up songs whose parts sound alike: notes of one instrument, over and over."""

import numpy as np
from numpy.typing import NDArray

from nearfield.sound.cepstrum import CepstrumConfig, mfcc
from nearfield.sound.encoder_config import EncoderConfig
from nearfield.sound.waveform import RATE, Waveform

SMALL = EncoderConfig(
    cepstrum=CepstrumConfig(window=512, hop=512, rate=8_000, bands=24, coefficients=12),
    seconds=2.0,
    step=1.0,
    channels=16,
    dilations=(1, 2),
    hidden=16,
    learned=8,
    described=6,
    dim=16,
)
"""An encoder that trains in a second."""


def tune(seed: int, seconds: float, rate: int = RATE) -> Waveform:
    """Return notes of one timbre and tempo, which the seed decides, shape (samples,)."""
    rng = np.random.default_rng(seed)
    beat, partials = rng.uniform(0.15, 0.5), rng.uniform(0.05, 1.0, 8)
    scale = rng.uniform(80, 300) * 2 ** (rng.choice(12, 5, replace=False) / 12)
    time = np.arange(int(seconds * rate)) / rate
    pitch = rng.choice(scale, int(seconds / beat) + 1)[(time / beat).astype(int)]
    phase = 2 * np.pi * np.cumsum(pitch) / rate
    voices = sum(size * np.sin((n + 1) * phase) for n, size in enumerate(partials))
    sound = voices * np.exp(-(time % beat) * rng.uniform(1, 8)) * 0.1
    return np.asarray(sound + rng.normal(0, 1e-3, len(time)), dtype=np.float32)


def songs(count: int, seconds: float = 10.0, first: int = 0) -> list[NDArray[np.float32]]:
    """Return the cepstra of made-up songs, as the small encoder reads them."""
    config = SMALL.cepstrum
    return [mfcc(tune(first + n, seconds, config.rate), config) for n in range(count)]
