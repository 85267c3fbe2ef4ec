"""The harmony of a sound: how strong each of the twelve notes is, twice a second.

What covers of a song share is the course of their harmony and melody. It is read from the peaks of
a spectrum, whose frequencies are finer than its bins [1]_, and moved to where the song is in tune.

References
----------
.. [1] E. Gomez, "Tonal Description of Polyphonic Audio for Music Content Processing", INFORMS
   Journal on Computing 18(3), 2006. https://doi.org/10.1287/ijoc.1040.0126
"""

import struct
import zlib
from typing import Final, TypeAlias

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy.fft import rfft
from scipy.signal.windows import hann

from nearfield.errors import InvalidInput
from nearfield.sound.waveform import RATE, Waveform

__all__ = ["HARMONY_RATE", "Harmony", "HarmonyStream", "pack_harmony", "unpack_harmony"]

Harmony: TypeAlias = NDArray[np.uint8]
"""Strength of the notes from A up, shape (frames, 12), in [0, 15]: the square root of how strong
a note is beside the strongest of its frame, which has 15. A silent frame is all zeros."""

_LOW_RATE: Final = RATE / 4
_FRAME: Final = 4096
"""Samples at `_LOW_RATE`: 0.74 s, so that the notes of a guitar's lowest octave are apart."""
_HOP: Final = 1378
_HOPS: Final = 2  # that one frame of harmony is the mean of
HARMONY_RATE: Final = _LOW_RATE / (_HOP * _HOPS)
"""Frames a second: 2.0."""

_LOWEST, _HIGHEST = 110.0, 2200.0  # Hz
_BINS: Final = 3  # that a semitone has before it is known how the song is tuned
_OCTAVE: Final = 12 * _BINS
_BATCH: Final = 64  # frames transformed at a time
_QUIETEST: Final = 1e-3
"""Sum of a frame's peaks below which it is silent: that of a sine of -60 decibels."""

_WINDOW: Final = hann(_FRAME, sym=False).astype(np.float32) * np.float32(4 / _FRAME)
"""So that a sine has a peak as high as its amplitude."""

_TOP: Final = 15
_HEAD: Final = struct.Struct("<4sII")  # magic, frames, checksum of the rest
_MAGIC: Final = b"nfh1"


class HarmonyStream:
    """Reads the harmony of a sound that comes in blocks; keeps 580 bytes of each second."""

    def __init__(self) -> None:
        self._resampler = soxr.ResampleStream(RATE, _LOW_RATE, 1, dtype="float32", quality="LQ")
        # the first frame has its middle at the beginning
        self._samples: Waveform = np.zeros(_FRAME // 2, dtype=np.float32)
        self._parts: list[NDArray[np.float32]] = []

    def feed(self, block: Waveform) -> None:
        """Take the next block, at `RATE`, shape (samples,)."""
        self._push(self._resampler.resample_chunk(block))

    def finish(self) -> Harmony:
        """Return the harmony of all that came, shape (frames, 12)."""
        self._push(self._resampler.resample_chunk(np.zeros(0, dtype=np.float32), last=True))
        self._push(np.zeros(_FRAME // 2, dtype=np.float32))
        strengths = np.concatenate([np.zeros((0, _OCTAVE), dtype=np.float32), *self._parts])
        count = len(strengths) // _HOPS
        means = strengths[: count * _HOPS].reshape(count, _HOPS, _OCTAVE).mean(axis=1)
        return _levels(_in_tune(means))

    def _push(self, samples: Waveform) -> None:
        self._samples = np.concatenate([self._samples, samples])
        count = max(0, (len(self._samples) - _FRAME) // _HOP + 1)
        if count:
            frames = np.lib.stride_tricks.sliding_window_view(self._samples, _FRAME)[::_HOP]
            for start in range(0, count, _BATCH):
                self._parts.append(_strengths(frames[start : start + _BATCH]))
            self._samples = self._samples[count * _HOP :]


def _strengths(frames: NDArray[np.float32]) -> NDArray[np.float32]:
    """Add up the peaks of each spectrum, folded into one octave from A: shape (frames, 36)."""
    first, last = round(_LOWEST * _FRAME / _LOW_RATE), round(_HIGHEST * _FRAME / _LOW_RATE)
    magnitude = np.abs(rfft(frames * _WINDOW, axis=1)[:, first - 1 : last + 2])
    here = magnitude[:, 1:-1]
    row, place = np.nonzero((here > magnitude[:, :-2]) & (here >= magnitude[:, 2:]))
    before, peak, after = np.log(
        np.stack([magnitude[row, place], here[row, place], magnitude[row, place + 2]]) + 1e-9
    )
    # the vertex of a parabola through three points of the logarithm
    aside = 0.5 * (before - after) / np.minimum(before - 2 * peak + after, -1e-6)
    octaves = np.log2((first + place + np.clip(aside, -0.5, 0.5)) * (_LOW_RATE / _FRAME / 440))
    bins = octaves * _OCTAVE % _OCTAVE
    lower = bins.astype(np.int64)
    part, strength = bins - lower, here[row, place]
    size, start = len(frames) * _OCTAVE, row * _OCTAVE
    folded = np.bincount(start + lower % _OCTAVE, (1 - part) * strength, size)
    folded += np.bincount(start + (lower + 1) % _OCTAVE, part * strength, size)
    folded = folded.reshape(-1, _OCTAVE)
    folded[folded.sum(axis=1) < _QUIETEST] = 0
    return folded.astype(np.float32)


def _in_tune(strengths: NDArray[np.float32]) -> NDArray[np.float64]:
    """Fold thirds of semitones into semitones, wherever between them the song is tuned."""
    thirds = strengths.sum(axis=0).reshape(12, _BINS).sum(axis=0)
    turns = np.exp(2j * np.pi * np.arange(_BINS) / _BINS)
    offset = float(np.angle(thirds @ turns)) / (2 * np.pi) * _BINS  # thirds, from -1.5 to 1.5
    places = np.arange(_OCTAVE) + offset
    lower = np.floor(places).astype(np.int64)
    part = places - lower
    moved = strengths[:, lower % _OCTAVE] * (1 - part) + strengths[:, (lower + 1) % _OCTAVE] * part
    beside = moved[:, 1::_BINS] + np.roll(moved[:, _BINS - 1 :: _BINS], 1, axis=1)
    notes: NDArray[np.float64] = moved[:, ::_BINS] + 0.5 * beside
    return notes


def _levels(notes: NDArray[np.float64]) -> Harmony:
    strongest = notes.max(axis=1, keepdims=True, initial=1e-9)
    levels: Harmony = np.rint(_TOP * np.sqrt(notes / strongest)).astype(np.uint8)
    return levels


def pack_harmony(harmony: Harmony) -> bytes:
    """Return what `unpack_harmony` reads: twelve bytes, and six for each frame."""
    flat = harmony.astype(np.uint8)
    body = (flat[:, ::2] << 4 | flat[:, 1::2]).tobytes()
    return _HEAD.pack(_MAGIC, len(flat), zlib.crc32(body)) + body


def unpack_harmony(packed: bytes) -> Harmony:
    """Return the harmony that was packed, shape (frames, 12).

    Raises
    ------
    InvalidInput
        If the bytes are no harmony of this kind, or not all of it, or changed.
    """
    if len(packed) < _HEAD.size or packed[:4] != _MAGIC:
        raise InvalidInput(
            f"{len(packed)} bytes that begin with {packed[:4]!r} are no harmony: wanted "
            f"{_MAGIC!r}. Read the song again."
        )
    _, frames, checksum = _HEAD.unpack_from(packed)
    body = packed[_HEAD.size :]
    if len(body) != 6 * frames or zlib.crc32(body) != checksum:
        raise InvalidInput(
            f"the harmony of {frames} frames is damaged: {len(body)} bytes, wanted {6 * frames} "
            f"of checksum {checksum}. Read the song again."
        )
    pairs = np.frombuffer(body, dtype=np.uint8).reshape(frames, 6)
    return np.stack([pairs >> 4, pairs & 15], axis=2).reshape(frames, 12)
