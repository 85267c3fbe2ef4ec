"""Turns recorded speech into singing: WORLD takes a voice apart, notes give it pitch and length.

Speech holds the timbres, the vowels and the consonants of a voice, and a score says when which
pitch is sung. Between the two lies only what a singer adds: notes that are reached by a glide,
vibrato on the long ones, vowels held, several syllables or one on a phrase, breath.
"""

from dataclasses import dataclass

import numpy as np
import pyworld
from numpy.typing import NDArray

Wave = NDArray[np.float32]
Note = tuple[float, float, float]
"""Start and end in seconds, pitch as a MIDI number."""

RATE = 16_000
"""Samples a second of the speech, and of the singing before it is resampled."""

FRAME = 0.005
"""Seconds of a frame of WORLD."""


@dataclass(frozen=True)
class Voice:
    """Speech taken apart.

    Parameters
    ----------
    spectra : float, shape (frames, bins)
        Power of the spectral envelope.
    noise : float, shape (frames, bins)
        Share of it that is noise, in [0, 1].
    syllables : list of (int, int, int)
        First frame of a consonant, first and last frame of the vowel after it.
    """

    spectra: NDArray[np.float64]
    noise: NDArray[np.float64]
    syllables: list[tuple[int, int, int]]


def listen(speech: list[Wave], formants: float) -> Voice:
    """Take recordings of one speaker apart.

    Parameters
    ----------
    speech : list of float, shape (samples,)
        At `RATE`.
    formants : float
        Factor for the frequencies of the formants: 0.85 makes a larger person, 1.2 a child.
    """
    spectra, noise, syllables, base = [], [], [], 0
    for wave in speech:
        x = wave.astype(np.float64)
        pitch, times = pyworld.dio(x, RATE, f0_floor=70, f0_ceil=500, frame_period=FRAME * 1000)
        pitch = pyworld.stonemask(x, pitch, times, RATE)
        power = pyworld.cheaptrick(x, pitch, times, RATE)
        spectra.append(_warp(power, formants))
        noise.append(_warp(pyworld.d4c(x, pitch, times, RATE), formants))
        loud = np.log(power.sum(axis=1) + 1e-12)
        syllables += [(base + a, base + b, base + c) for a, b, c in _syllables(pitch, loud)]
        base += len(pitch)
    return Voice(np.concatenate(spectra), np.concatenate(noise), syllables)


def _warp(frames: NDArray[np.float64], formants: float) -> NDArray[np.float64]:
    bins = frames.shape[1]
    at = np.minimum(np.arange(bins) / formants, bins - 1)
    low = at.astype(int)
    high = np.minimum(low + 1, bins - 1)
    return frames[:, low] + (at - low) * (frames[:, high] - frames[:, low])


def _syllables(pitch: NDArray[np.float64], loud: NDArray[np.float64]) -> list[tuple[int, int, int]]:
    """Cut voiced runs at their quiet places, and give each the unvoiced frames before it."""
    edges = np.flatnonzero(np.diff(np.r_[0, (pitch > 0).astype(int), 0]))
    found, last = [], 0
    loudest = loud.max()
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        cuts = [start]
        while stop - cuts[-1] > 70:  # 350 ms: more than one syllable
            span = slice(cuts[-1] + 25, min(cuts[-1] + 70, stop - 10))
            cuts.append(span.start + int(np.argmin(loud[span])))
        for begin, end in zip(cuts, [*cuts[1:], stop], strict=True):
            if end - begin >= 14 and loud[begin:end].max() > loudest - 5:
                consonant = max(last, begin - 26) if begin == start else begin
                while consonant < begin and loud[consonant] < loudest - 9:
                    consonant += 1
                found.append((consonant, begin, end))
            last = end
    return found


def sing(voice: Voice, notes: list[Note], seconds: float, rng: np.random.Generator) -> Wave:
    """Sing a melody.

    Parameters
    ----------
    voice : Voice
        Who sings.
    notes : list of Note
        In order of time, not overlapping.
    seconds : float
        Length of the result.
    rng : Generator
        Every choice of syllable, glide and vibrato.

    Returns
    -------
    float, shape (samples,)
        At `RATE`; silent between phrases.
    """
    count = round(seconds / FRAME)
    source = np.full(count, -1)
    cents = np.zeros(count)
    voiced = np.zeros(count, dtype=bool)
    gain = np.zeros(count)
    order = int(rng.integers(len(voice.syllables)))
    for start, end, pitch in notes:
        first, last = round(start / FRAME), min(round(end / FRAME), count)
        if last - first < 12:
            continue
        if rng.random() < 0.85:  # else the vowel goes on with the next note
            order += 1 if rng.random() < 0.8 else int(rng.integers(len(voice.syllables)))
        consonant, begin, stop = voice.syllables[order % len(voice.syllables)]
        spoken = min(begin - consonant, (last - first) // 3)
        frames = np.r_[begin - spoken : begin, _held(begin, stop, last - first - spoken, rng)]
        source[first:last] = frames
        voiced[first + spoken : last] = True
        level = np.sqrt(voice.spectra[begin:stop].sum(axis=1).mean()) + 1e-9
        gain[first:last] = rng.uniform(0.6, 1.2) / level
        cents[first:last] = pitch * 100
    gain = np.where(source >= 0, gain, 0)
    curve = _pitch_curve(cents, voiced, rng)
    soft = _smooth(gain, 4)
    spectra = voice.spectra[np.maximum(source, 0)] * (soft**2)[:, None] + 1e-12
    noise = voice.noise[np.maximum(source, 0)].copy()
    breath = rng.uniform(0, 0.15)
    noise = np.clip(noise + breath * (1 - noise), 0, 1)
    wave = pyworld.synthesize(
        np.where(voiced, curve, 0.0), _tilted(spectra, rng), noise, RATE, FRAME * 1000
    )
    return np.asarray(wave[: round(seconds * RATE)], dtype=np.float32)


def _held(begin: int, stop: int, frames: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return which frames of a vowel are sung: its ends as spoken, its middle to and fro."""
    length = stop - begin
    if frames <= length:
        return begin + np.linspace(0, length - 1, frames).astype(int)
    attack, release = int(length * 0.3), int(length * 0.25)
    middle = length - attack - release
    steps = np.cumsum(rng.uniform(0.2, 0.9) * np.ones(frames - attack - release))
    folded = np.abs((steps + middle) % (2 * middle) - middle)  # a triangle wave
    held = attack + np.minimum(folded, middle - 1)
    ends = np.arange(attack), np.arange(length - release, length)
    return begin + np.concatenate([ends[0], held, ends[1]]).astype(int)


def _pitch_curve(
    cents: NDArray[np.float64], voiced: NDArray[np.bool_], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return the frequency of each frame (Hz): glides, scoops, vibrato, and what is not exact."""
    count = len(cents)
    sung = np.flatnonzero(cents > 0)
    if not len(sung):
        return np.zeros(count)
    filled = np.interp(np.arange(count), sung, cents[sung])
    changes = np.r_[True, np.diff(cents) != 0]
    age = np.arange(count) - np.maximum.accumulate(np.where(changes, np.arange(count), 0))
    smooth = _smooth(filled, int(rng.integers(4, 14)))
    scoop = rng.uniform(0, 120) * np.exp(-age / rng.uniform(6, 16))
    depth = rng.uniform(0, 70) * np.clip((age - 40) / 60, 0, 1)
    phase = (
        2 * np.pi * np.cumsum(rng.uniform(4.5, 6.5) * FRAME * (1 + 0.1 * rng.normal(size=count)))
    )
    drift = _smooth(rng.normal(size=count), 40) * rng.uniform(20, 150)
    jitter = _smooth(rng.normal(size=count), 2) * rng.uniform(2, 12)
    total = smooth - scoop + depth * np.sin(phase) + drift + jitter + rng.normal() * 8
    return np.clip(440 * 2 ** ((total - 6900) / 1200), 60, 1200)


def _smooth(values: NDArray[np.float64], frames: int) -> NDArray[np.float64]:
    window = np.hanning(2 * frames + 3)
    padded = np.pad(values, frames + 1, mode="edge")
    return np.convolve(padded, window / window.sum(), mode="valid")


def _tilted(spectra: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Make the voice brighter or darker as a whole, as effort and microphones do."""
    hertz = np.linspace(0, RATE / 2, spectra.shape[1])
    octaves = np.log2(np.maximum(hertz, 150) / 1000)
    decibels = rng.uniform(-2, 4) * octaves
    decibels += rng.uniform(0, 8) * np.exp(-(((hertz - rng.uniform(2400, 3300)) / 500) ** 2))
    return spectra * 10 ** (decibels / 10)
