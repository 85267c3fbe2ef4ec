"""Chromaprint's fingerprint of a sound: what stays the same whatever the file's codec and level.

The algorithm "TEST2", the default of `fpcalc` 1.5.1, over the whole sound: chroma of overlapping
frames, and sixteen differences of areas of that picture, each told in two bits [1]_ [2]_.

References
----------
.. [1] L. Lalinsky, "How does Chromaprint work?", 2011.
   https://oxygene.sk/2011/01/how-does-chromaprint-work/
.. [2] Ke, Hoiem, Sukthankar, "Computer Vision for Music Identification", CVPR 2005.
   https://doi.org/10.1109/CVPR.2005.105
"""

from typing import Final, NamedTuple

import numpy as np
import soxr
from numpy.typing import NDArray

from nearfield.sound.fingerprint_code import (
    Fingerprint,
    compress,
    decompress,
    from_text,
    to_text,
)
from nearfield.sound.spectrum import (
    FINGERPRINT_RATE,
    HERTZ,
    HOP,
    SpectrumListener,
    power_spectra,
    quantised,
)
from nearfield.sound.waveform import RATE, Waveform

__all__ = [
    "FINGERPRINT_RATE",
    "Fingerprint",
    "FingerprintStream",
    "compress",
    "decompress",
    "fingerprint",
    "from_text",
    "to_text",
]

_WIDEST: Final = 16  # of the areas below, in frames
_QUIETEST: Final = 0.01
"""Chroma shorter than this, as a vector, counts as silence: all zeros."""

_SMOOTHING: Final = np.array([0.25, 0.75, 1.0, 0.75, 0.25])
_GRAY: Final = np.array([0, 1, 3, 2], dtype=np.uint32)


class _Classifier(NamedTuple):
    """Areas to compare, `width` frames by `height` notes from note `low`; where answers change."""

    kind: int
    low: int
    height: int
    width: int
    steps: tuple[float, float, float]


_CLASSIFIERS: Final = (
    _Classifier(0, 4, 3, 15, (1.98215, 2.35817, 2.63523)),
    _Classifier(4, 4, 6, 15, (-1.03809, -0.651211, -0.282167)),
    _Classifier(1, 0, 4, 16, (-0.298702, 0.119262, 0.558497)),
    _Classifier(3, 8, 2, 12, (-0.105439, 0.0153946, 0.135898)),
    _Classifier(3, 4, 4, 8, (-0.142891, 0.0258736, 0.200632)),
    _Classifier(4, 0, 3, 5, (-0.826319, -0.590612, -0.368214)),
    _Classifier(1, 2, 2, 9, (-0.557409, -0.233035, 0.0534525)),
    _Classifier(2, 7, 3, 4, (-0.0646826, 0.00620476, 0.0784847)),
    _Classifier(2, 6, 2, 16, (-0.192387, -0.029699, 0.215855)),
    _Classifier(2, 1, 3, 2, (-0.0397818, -0.00568076, 0.0292026)),
    _Classifier(5, 10, 1, 15, (-0.53823, -0.369934, -0.190235)),
    _Classifier(3, 6, 2, 10, (-0.124877, 0.0296483, 0.139239)),
    _Classifier(2, 1, 1, 14, (-0.101475, 0.0225617, 0.231971)),
    _Classifier(3, 5, 6, 4, (-0.0799915, -0.00729616, 0.063262)),
    _Classifier(1, 9, 2, 12, (-0.272556, 0.019424, 0.302559)),
    _Classifier(3, 4, 2, 14, (-0.164292, -0.0321188, 0.0846339)),
)
"""From Chromaprint (MIT licence), src/fingerprinter_configuration.cpp; two bits each."""


class FingerprintStream:
    """Makes the fingerprint of a sound that comes in blocks; an hour needs no more than a minute.

    What is kept is the end of the last block, and the fingerprint itself: 32 bytes a second.

    Parameters
    ----------
    listeners : SpectrumListener
        Others that want the spectrum of the same frames: they are told of each as it comes.
    """

    def __init__(self, *listeners: SpectrumListener) -> None:
        self._listeners = listeners
        self._resampler = soxr.ResampleStream(
            RATE, FINGERPRINT_RATE, 1, dtype="float32", quality="HQ"
        )
        self._samples: Waveform = np.zeros(0, dtype=np.float32)
        self._chroma = np.zeros((0, 12))
        self._image = np.zeros((0, 12))
        self._parts: list[Fingerprint] = []

    def feed(self, block: Waveform) -> None:
        """Take the next block, at `RATE`, shape (samples,)."""
        self._feed(self._resampler.resample_chunk(block))

    def finish(self) -> Fingerprint:
        """Return the fingerprint, shape (values,); empty for less than 2.73 seconds."""
        self._feed(self._resampler.resample_chunk(np.zeros(0, dtype=np.float32), last=True))
        return self._all()

    def _feed(self, samples: Waveform) -> None:
        """Take samples at `FINGERPRINT_RATE`; each stage leaves what its next turn needs."""
        self._samples = np.concatenate([self._samples, quantised(samples)])
        fresh = self._heard()
        self._samples = self._samples[len(fresh) * HOP :]
        self._chroma = np.concatenate([self._chroma, fresh])
        rows = _normalised(self._chroma)
        self._chroma = self._chroma[len(rows) :]
        self._image = np.concatenate([self._image, rows])
        values = _classified(self._image)
        self._image = self._image[len(values) :]
        self._parts.append(values)

    def _heard(self) -> NDArray[np.float64]:
        """Return the chroma of the frames that are whole, shape (frames, 12)."""
        energies = [np.zeros((0, 12))]
        for power in power_spectra(self._samples):
            for listener in self._listeners:
                listener.take(power)
            energies.append(_chroma(power))
        return np.concatenate(energies)

    def _all(self) -> Fingerprint:
        return np.concatenate([np.zeros(0, dtype=np.uint32), *self._parts])


def fingerprint(waveform: Waveform) -> Fingerprint:
    """Return the fingerprint of a whole sound at `FINGERPRINT_RATE`, shape (values,)."""
    stream = FingerprintStream()
    stream._feed(waveform)
    return stream._all()


def _notes() -> NDArray[np.float32]:
    """Return which note each bin of a spectrum is: shape (bins, 12)."""
    octaves = np.log2(HERTZ / (440 / 16))
    notes = (12 * (octaves - np.floor(octaves))).astype(int)
    each: NDArray[np.float32] = np.eye(12, dtype=np.float32)[notes]
    return each


_NOTE_OF_BIN: Final = _notes()


def _chroma(power: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the energy of each of twelve notes in each frame, shape (frames, 12)."""
    return (power @ _NOTE_OF_BIN).astype(np.float64)


def _normalised(energies: NDArray[np.float64]) -> NDArray[np.float64]:
    """Smooth over five frames, and give each the length 1, or 0 where it is silent."""
    count = len(energies) - len(_SMOOTHING) + 1
    if count < 1:
        return np.zeros((0, 12))
    rows = np.zeros((count, 12))
    for shift, weight in enumerate(_SMOOTHING):
        rows += weight * energies[shift : shift + count]
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.where(lengths < _QUIETEST, 0.0, rows / np.maximum(lengths, _QUIETEST))


def _classified(image: NDArray[np.float64]) -> Fingerprint:
    """Return a value for each place in a picture, shape (frames, 12), at which all areas fit."""
    count = len(image) - _WIDEST + 1
    if count < 1:
        return np.zeros(0, dtype=np.uint32)
    total = np.zeros((len(image) + 1, 13))  # the sum of all above and left of a place
    total[1:, 1:] = image.cumsum(axis=0).cumsum(axis=1)
    values = np.zeros(count, dtype=np.uint32)
    for classifier in _CLASSIFIERS:
        here, there = _compared(total, classifier, count)
        level = np.log((1 + here) / (1 + there))
        answer = np.searchsorted(classifier.steps, level, side="right")
        values = values << np.uint32(2) | _GRAY[answer]
    return values


def _compared(
    total: NDArray[np.float64], classifier: _Classifier, count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the two sums that a classifier compares, at each place, shape (count,) each."""
    kind, low, height, width, _ = classifier
    high = low + height

    def area(start: int, bottom: int, end: int, top: int) -> NDArray[np.float64]:
        after, before = total[end : end + count], total[start : start + count]
        return after[:, top] - before[:, top] - after[:, bottom] + before[:, bottom]

    whole = area(0, low, width, high)
    if kind == 0:
        return whole, np.zeros(count)
    if kind == 1:  # the upper notes and the lower ones
        here = area(0, low + height // 2, width, high)
    elif kind == 2:  # later and sooner
        here = area(width // 2, low, width, high)
    elif kind == 3:  # across
        middle, half = low + height // 2, width // 2
        here = area(0, middle, half, high) + area(half, low, width, middle)
    elif kind == 4:  # the middle third of the notes
        here = area(0, low + height // 3, width, low + 2 * (height // 3))
    else:  # the middle third of the time
        here = area(width // 3, low, 2 * (width // 3), high)
    return here, whole - here
