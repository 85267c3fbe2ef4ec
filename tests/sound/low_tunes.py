"""Tunes of low notes and what noise makes of them: the bands lose them, Chromaprint does not."""

import numpy as np
import soxr

from nearfield.pipelines.song_prints import Fingerprints
from nearfield.sound.band_fingerprint import band_fingerprint
from nearfield.sound.fingerprint import fingerprint
from nearfield.sound.spectrum import FINGERPRINT_RATE
from sound.made_sounds import Sound, noise, tone

RATE = 22_050


def low(seed: int, seconds: float = 40.0) -> Sound:
    """Return a tune of low notes with no overtones, almost all below the bands."""
    random = np.random.default_rng(seed)
    notes = [tone(65.4 * 2 ** (random.integers(0, 14) / 12), 0.5) for _ in range(int(2 * seconds))]
    return np.concatenate(notes)


def drowned(sound: Sound, level: float = 0.3) -> Sound:
    """Return a sound under white noise."""
    return sound + noise(60, level=level, seed=9)[: len(sound)]


def heard(sound: Sound) -> Fingerprints:
    """Return both fingerprints."""
    slow = soxr.resample(sound, RATE, FINGERPRINT_RATE).astype(np.float32)
    return Fingerprints(band_fingerprint(slow), fingerprint(slow))
