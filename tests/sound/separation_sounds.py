"""A band and a singer made of sines: what the tests of separation listen to."""

import numpy as np
from numpy.typing import NDArray

from nearfield.sound.waveform import RATE, Waveform

VOWELS = ((730, 1090, 2440), (270, 2290, 3010), (570, 840, 2410), (660, 1720, 2410))


def chords(seconds: float, seed: int = 0) -> Waveform:
    """Plucked chords with a bass, shape (samples,)."""
    rng = np.random.default_rng(seed)
    sound = np.zeros(int(seconds * RATE))
    for start in np.arange(0, seconds, 0.5):
        at = int(start * RATE)
        time = np.arange(len(sound) - at) / RATE
        root = 110 * 2 ** (rng.choice([0, 3, 5, 7, 10]) / 12)
        for factor in (0.5, 1, 2 ** (4 / 12), 2 ** (7 / 12), 2):
            for partial in range(1, 7):
                tone = np.sin(2 * np.pi * root * factor * partial * time)
                sound[at:] += tone * np.exp(-time * (2 + partial)) / partial
    return _at_level(sound)


def singer(seconds: float, seed: int = 1) -> Waveform:
    """Harmonics with vibrato through the formants of vowels, shape (samples,)."""
    rng = np.random.default_rng(seed)
    notes = int(seconds / 0.5)
    steps = np.repeat(rng.choice([0, 2, 4, 5, 7, 9], notes), int(0.5 * RATE))
    vowel = np.repeat(rng.integers(0, len(VOWELS), notes), int(0.5 * RATE))
    time = np.arange(len(steps)) / RATE
    vibrato = 0.4 * np.sin(2 * np.pi * 5.5 * time)
    smooth = np.convolve(steps, np.hanning(1200) / np.hanning(1200).sum(), mode="same")
    pitch = 220 * 2 ** ((smooth + vibrato) / 12)
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    sound = np.zeros(len(time))
    for harmonic in range(1, 24):
        sound += np.sin(harmonic * phase) * _formants(vowel, harmonic * pitch) / harmonic**0.5
    sound *= np.minimum(1, 12 * np.abs(np.sin(np.pi * time / 0.5)))
    return _at_level(np.pad(sound, (0, int(seconds * RATE) - len(sound))))


def _at_level(sound: NDArray[np.float64]) -> Waveform:
    level = float(np.sqrt(np.mean(sound**2)))
    return np.asarray(0.15 / level * sound, dtype=np.float32)


def _formants(vowel: NDArray[np.int64], hertz: NDArray[np.float64]) -> NDArray[np.float64]:
    peaks = np.array(VOWELS)[vowel]
    gains = [np.exp(-(((hertz - peaks[:, each]) / 150) ** 2)) for each in range(3)]
    result: NDArray[np.float64] = 0.05 + gains[0] + 0.5 * gains[1] + 0.3 * gains[2]
    return result
