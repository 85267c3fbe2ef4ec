"""Tempo, key, energy and loudness of a sound: what a list of songs can show and sort by.

All are measured by librosa over the whole sound, block by block; only small curves are kept.
"""

from dataclasses import dataclass
from typing import Final

import librosa
import numpy as np
from numpy.typing import NDArray

from nearfield.sound.waveform import RATE, Waveform

QUIETEST: Final = -100.0
"""Decibels that are given for silence."""

_ONSET_FRAME, _ONSET_HOP = 2_048, 512  # samples: 43 values a second
_CHROMA_FRAME: Final = 8_192  # 2.7 Hz a bin, so that notes of the bass are apart
_LEVEL_FRAME: Final = round(0.4 * RATE)  # as EBU R 128 measures

_ONSETS_A_SECOND: Final = RATE / _ONSET_HOP
_TEMPO_SECONDS: Final = 60.0
"""Length of the part in the middle of which the tempo is taken: memory grows with it."""

_CLEAR_ONSET: Final = 1.0
"""Decibels a band by which an onset must be above what is around it; white noise reaches 0.7."""

_LEAST_BEAT: Final = 0.25
"""Onsets a second below which no tempo is given."""

_LEAST_LIKENESS: Final = 0.4
"""Correlation with the profile of a key; white noise and clicks reach 0.38."""

_SOUNDING: Final = 1e-3
"""The loudest sample of a stretch that is asked for its notes."""

_NAMES: Final = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_MAJOR: Final = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR: Final = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)


@dataclass(frozen=True, slots=True)
class Traits:
    """What a sound is like, in four figures.

    Parameters
    ----------
    tempo : float
        Beats a minute; 0 where there is no beat. Half or twice of what one would tap may come.
    key : str
        "A minor", "F# major"; "" where no note stands out. Raised notes are written with #.
    energy : float
        In [0, 1]: three parts how loud, two parts how many onsets there are; see `energy_of`.
    loudness : float
        Decibels of full scale, at most 0, `QUIETEST` for silence: the mean power of the
        stretches of 0.4 s that are not much quieter than the others. A full sine has -3.
    """

    tempo: float
    key: str
    energy: float
    loudness: float


class TraitsStream:
    """Measures a sound that comes in blocks; what is kept grows by 180 bytes a second."""

    def __init__(self) -> None:
        self._for_onsets = _Frames(_ONSET_FRAME, _ONSET_HOP)
        self._for_notes = _Frames(_CHROMA_FRAME, _CHROMA_FRAME)
        self._for_level = _Frames(_LEVEL_FRAME, _LEVEL_FRAME)
        self._last_bands: NDArray[np.float32] | None = None
        self._onsets: list[NDArray[np.float32]] = []
        self._levels: list[NDArray[np.float32]] = []
        self._notes = np.zeros(12)
        self._samples = 0

    def feed(self, block: Waveform) -> None:
        """Take the next block, at `RATE`, shape (samples,)."""
        self._samples += len(block)
        if len(samples := self._for_onsets.push(block)):
            self._add_onsets(samples)
        if len(samples := self._for_notes.push(block)):
            self._notes += note_strengths(samples)
        if len(samples := self._for_level.push(block)):
            self._levels.append(_power(samples))

    def finish(self) -> Traits:
        """Return the traits of all that came; of less than half a second, only the loudness."""
        none = np.zeros(0, dtype=np.float32)
        onsets = np.concatenate([none, *self._onsets])
        rest = self._for_level.rest
        powers = (
            [*self._levels] if self._levels or not len(rest) else [np.mean(rest**2, keepdims=True)]
        )
        loudness = loudness_of(np.concatenate([none, *powers]))
        seconds = self._samples / RATE
        return Traits(
            tempo=tempo_of(onsets),
            key=key_of(self._notes),
            energy=energy_of(loudness, count_onsets(onsets) / seconds if seconds else 0.0),
            loudness=loudness,
        )

    def _add_onsets(self, samples: Waveform) -> None:
        """Add how much the spectrum rises in each frame, in decibels a band."""
        power = librosa.feature.melspectrogram(
            y=samples, sr=RATE, n_fft=_ONSET_FRAME, hop_length=_ONSET_HOP, center=False
        )
        # not relative to the loudest, as is usual: blocks must be measured alike
        bands = librosa.power_to_db(power, ref=1.0, amin=1e-6, top_db=None)
        first = bands[:, :1] if self._last_bands is None else self._last_bands
        joined = np.concatenate([first, bands], axis=1)
        self._last_bands = bands[:, -1:]
        self._onsets.append(librosa.onset.onset_strength(S=joined, sr=RATE, center=False)[1:])


class _Frames:
    """Holds back the samples that do not fill a frame yet, or are needed by the next."""

    def __init__(self, size: int, hop: int) -> None:
        self._size, self._hop = size, hop
        self.rest: Waveform = np.zeros(0, dtype=np.float32)

    def push(self, block: Waveform) -> Waveform:
        """Take samples; return those of all frames that are whole now, from their beginning."""
        samples = np.concatenate([self.rest, block])
        count = max(0, 1 + (len(samples) - self._size) // self._hop)
        self.rest = samples[count * self._hop :]
        return samples[: (count - 1) * self._hop + self._size] if count else samples[:0]


def note_strengths(samples: Waveform) -> NDArray[np.float64]:
    """Return how strong C, C#, ... B are, shape (12,), summed over the frames of a stretch.

    Each frame counts alike, however loud; the tuning of the stretch is estimated and followed.
    """
    if np.abs(samples).max() < _SOUNDING:
        return np.zeros(12)
    magnitude = np.abs(
        librosa.stft(samples, n_fft=_CHROMA_FRAME, hop_length=_CHROMA_FRAME, center=False)
    )
    pitches, strengths = librosa.piptrack(S=magnitude, sr=RATE, n_fft=_CHROMA_FRAME)
    found = pitches > 0
    if not found.any():
        return np.zeros(12)
    strong = found & (strengths >= np.median(strengths[found]))
    tuning = librosa.pitch_tuning(pitches[strong])
    chroma = librosa.feature.chroma_stft(
        S=magnitude**2, sr=RATE, n_fft=_CHROMA_FRAME, tuning=tuning
    )
    total: NDArray[np.float64] = chroma.sum(axis=1, dtype=np.float64)
    return total


def key_of(notes: NDArray[np.float64]) -> str:
    """Return the key whose profile is most like the strengths of twelve notes from C, or "".

    The profiles are Krumhansl and Kessler's ratings of how well a note fits a key [1]_.

    References
    ----------
    .. [1] C. L. Krumhansl, "Cognitive Foundations of Musical Pitch", Oxford 1990, pages 30 and 77.
    """
    if np.ptp(notes) == 0:
        return ""
    likeness = {
        f"{name} {mode}": float(np.corrcoef(np.roll(profile, steps), notes)[0, 1])
        for mode, profile in (("major", _MAJOR), ("minor", _MINOR))
        for steps, name in enumerate(_NAMES)
    }
    best = max(likeness, key=likeness.__getitem__)
    return best if likeness[best] >= _LEAST_LIKENESS else ""


def tempo_of(onsets: NDArray[np.float32]) -> float:
    """Return the beats a minute of a curve of onsets, 0 where it has none.

    librosa finds the tempo as a whole number of frames from beat to beat [1]_; how far 2, 4
    and 8 beats are apart makes it finer.

    References
    ----------
    .. [1] D. Ellis, "Beat Tracking by Dynamic Programming", Journal of New Music Research 2007.
       https://doi.org/10.1080/09298210701653344
    """
    kept = round(_TEMPO_SECONDS * _ONSETS_A_SECOND)
    start = max(0, len(onsets) - kept) // 2
    middle = onsets[start : start + kept]
    if count_onsets(middle) <= _LEAST_BEAT * len(middle) / _ONSETS_A_SECOND:
        return 0.0
    found = librosa.feature.tempo(onset_envelope=middle, sr=RATE, hop_length=_ONSET_HOP)
    lag = 60 * _ONSETS_A_SECOND / float(found[0])
    likeness = librosa.autocorrelate(middle - middle.mean(), max_size=round(9 * lag))
    for beats in (1, 2, 4, 8):
        lag = _peak_near(likeness, beats * lag) / beats
    return 60 * _ONSETS_A_SECOND / lag


def _peak_near(curve: NDArray[np.float32], place: float) -> float:
    """Return where a curve has its top within 1.5 of a place, between points by a parabola."""
    points = np.arange(max(1, round(place) - 1), min(len(curve) - 1, round(place) + 2))
    if not len(points):
        return place
    top = int(points[np.argmax(curve[points])])
    below, at, above = (float(value) for value in curve[top - 1 : top + 2])
    bend = below - 2 * at + above
    if bend >= 0 or at < max(below, above):  # no top here
        return place
    return top + 0.5 * (below - above) / bend


def count_onsets(onsets: NDArray[np.float32]) -> int:
    """Return how many clear onsets a curve has; steady noise and drones have none."""
    if len(onsets) < 2:
        return 0
    found = librosa.onset.onset_detect(
        onset_envelope=onsets, sr=RATE, hop_length=_ONSET_HOP, normalize=False, delta=_CLEAR_ONSET
    )
    return len(found)


def loudness_of(powers: NDArray[np.float32]) -> float:
    """Return the loudness in decibels of stretches of the given mean power, shape (stretches,).

    Quiet ones are left out by the two gates of EBU R 128 [1]_: those under -70 dB, then those
    10 dB under the mean of the others. Unlike there, all frequencies count alike.

    References
    ----------
    .. [1] Recommendation ITU-R BS.1770-5, annex 1, section "Gating".
    """
    heard = powers[powers > 1e-7].astype(np.float64)
    if not len(heard):
        return QUIETEST
    heard = heard[heard >= 0.1 * heard.mean()]
    return min(0.0, float(10 * np.log10(heard.mean())))


def energy_of(loudness: float, onsets_a_second: float) -> float:
    """Return 0.6 of how loud, and 0.4 of how busy a sound is.

    -40 dB and less is not loud at all, -8 dB and more fully; five onsets a second are fully busy.

    >>> energy_of(-8.0, 5.0), energy_of(-24.0, 2.5), energy_of(-60.0, 0.0)
    (1.0, 0.5, 0.0)
    """
    loud = min(1.0, max(0.0, (loudness + 40) / 32))
    busy = min(1.0, onsets_a_second / 5)
    return round(0.6 * loud + 0.4 * busy, 6)


def _power(samples: Waveform) -> NDArray[np.float32]:
    """Return the mean power of stretches of 0.4 s, shape (stretches,)."""
    roots = librosa.feature.rms(
        y=samples, frame_length=_LEVEL_FRAME, hop_length=_LEVEL_FRAME, center=False
    )
    powers: NDArray[np.float32] = roots[0] ** 2
    return powers
