"""The mel-frequency cepstrum: 23 milliseconds of sound in, the shape of its spectrum out."""

from collections.abc import Iterable
from typing import Annotated, Final, Self

import numpy as np
import scipy.fft
import scipy.signal
from pydantic import BaseModel, ConfigDict, Field, model_validator

from nearfield.errors import InvalidInput
from nearfield.sound.encoding import Features
from nearfield.sound.frames import FrameStream, mel_power
from nearfield.sound.waveform import RATE, Waveform

_LEAST_POWER: Final = 1e-10
"""Under which all power is silence: -100 dB."""


class CepstrumConfig(BaseModel):
    """How sound becomes a cepstrum; part of the settings of every encoder that reads one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rate: Annotated[int, Field(gt=0, description="samples a second")] = RATE
    window: Annotated[int, Field(ge=16, description="samples of a frame")] = 2048
    hop: Annotated[int, Field(ge=1, description="samples from a frame to the next")] = 1024
    bands: Annotated[int, Field(ge=4, description="mel bands between 0 Hz and half the rate")] = 80
    coefficients: Annotated[int, Field(ge=1, description="kept of the cosine transform")] = 40
    depth: Annotated[float, Field(gt=0, description="dB under the loudest band, not kept")] = 80.0

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.hop > self.window:
            raise ValueError(
                f"the hop of {self.hop} samples is longer than the window of {self.window}: what "
                "lies between would not be heard. Make the hop shorter."
            )
        if self.coefficients > self.bands:
            raise ValueError(
                f"{self.bands} bands have no {self.coefficients} coefficients; keep {self.bands}, "
                "or measure more bands."
            )
        return self

    @property
    def frames_a_second(self) -> float:
        """Frames in a second of sound."""
        return self.rate / self.hop


def mfcc(waveform: Waveform, config: CepstrumConfig | None = None) -> Features:
    """Return the mel-frequency cepstral coefficients of a whole sound [1]_.

    Frames of a Hann window, centred on multiples of the hop (silence is assumed around the
    sound); power spectrum; triangular bands on Slaney's mel scale, each of area 1; decibels; the
    orthonormal cosine transform (type II) over the bands, of which the first are kept. These are
    the figures of `librosa.feature.mfcc` with the same settings.

    Parameters
    ----------
    waveform : float32, shape (samples,)
        In [-1, 1], at `config.rate`.
    config : CepstrumConfig, optional
        By default the one that the shipped encoder reads.

    Returns
    -------
    float32, shape (1 + samples // hop, coefficients)
        Coefficient 0 is the level: the sum of the bands' decibels over the root of their number.

    References
    ----------
    .. [1] Davis & Mermelstein, "Comparison of Parametric Representations for Monosyllabic Word
       Recognition in Continuously Spoken Sentences", IEEE TASSP 28(4), 1980.
    """
    stream = CepstrumStream(config or CepstrumConfig())
    stream.feed(waveform)
    return stream.finish()


def deltas(features: Features, width: int = 9) -> Features:
    """Return how fast features change: the slope of a line fitted around each frame.

    At both ends the slope is that of the first and the last whole neighbourhood, as
    `librosa.feature.delta` does with its mode "interp".

    Parameters
    ----------
    features : float32, shape (frames, features)
        Of frames at equal distances.
    width : int
        Frames of a neighbourhood: odd, 3 at least. Sounds of fewer frames repeat their last one.

    Returns
    -------
    float32, shape (frames, features)
        Change in each frame.
    """
    if width < 3 or width % 2 == 0:
        raise InvalidInput(f"width is {width}; give an odd number of frames, 3 or more.")
    changes: Features = deltas_of_windows(features[None], width)[0]
    return changes


def deltas_of_windows(windows: Features, width: int = 9) -> Features:
    """Return `deltas` of several windows at once, shape (windows, frames, features)."""
    frames = windows.shape[1]
    if frames == 0:
        return windows
    padded = np.pad(windows, ((0, 0), (0, max(0, width - frames)), (0, 0)), mode="edge")
    slope = scipy.signal.savgol_filter(padded, width, polyorder=1, deriv=1, axis=1)
    changes: Features = slope[:, :frames].astype(np.float32)
    return changes


class CepstrumStream:
    """`mfcc` of a sound that comes in blocks of any size; the result is the same.

    Memory: 4 bytes x bands a frame until the end (25 MB an hour), since the loudest band of the
    whole sound decides what is silence.

    Parameters
    ----------
    config : CepstrumConfig
        How sound becomes a cepstrum.
    """

    def __init__(self, config: CepstrumConfig) -> None:
        self._config = config
        self._frames = FrameStream(config.window, config.hop)
        self._levels: list[Features] = []

    def feed(self, block: Waveform) -> None:
        """Take the next samples, shape (samples,)."""
        self._levels.extend(map(self._measure, self._frames.feed(block)))

    def finish(self) -> Features:
        """Return the cepstrum of all that came, shape (frames, coefficients).

        Raises
        ------
        InvalidInput
            If nothing came.
        """
        self._levels.extend(map(self._measure, self._frames.finish()))
        levels = np.concatenate(self._levels)
        self._levels = []
        np.maximum(levels, levels.max() - self._config.depth, out=levels)
        kept = scipy.fft.dct(levels, axis=1, norm="ortho")[:, : self._config.coefficients]
        return np.ascontiguousarray(kept, dtype=np.float32)

    def _measure(self, frames: Waveform) -> Features:
        """Return the level of each band in each frame, in dB, shape (frames, bands)."""
        power = mel_power(frames, self._config.rate, self._config.bands)
        decibels: Features = np.log10(np.maximum(power, np.float32(_LEAST_POWER)))
        decibels *= 10.0
        return decibels


def cepstra(blocks: Iterable[Waveform], config: CepstrumConfig | None = None) -> Features:
    """Return `mfcc` of a sound given in blocks."""
    stream = CepstrumStream(config or CepstrumConfig())
    for block in blocks:
        stream.feed(block)
    return stream.finish()


def to_levels(cepstrum: Features, bands: int) -> Features:
    """Return the decibels of mel bands that a cepstrum stands for, shape (frames, bands).

    Where coefficients were left out, the levels are smoothed over the bands.
    """
    levels: Features = scipy.fft.idct(cepstrum, n=bands, axis=1, norm="ortho")
    return levels
