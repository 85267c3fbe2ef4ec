"""A fingerprint in which a change of pitch is a shift of bits, and a change of tempo another pace.

In the spirit of Haitsma and Kalker [1]_: each bit says whether the difference of energy between
neighbouring bands grows or shrinks with time. What differs here is that the *same* filter stands at
64 places of a logarithmic frequency axis, two a semitone, so that music played a semitone higher
has the same bits two places further up, and that the filters are long (1.5 seconds), so that it
does not matter how a copy's frames lie. Level and equalisers drop out, being constant in time; the
bands, 220 to 1480 Hz, are where music is louder than noise and a telephone still hears.

References
----------
.. [1] Haitsma, Kalker, "A Highly Robust Audio Fingerprinting System", ISMIR 2002.
   https://ismir2002.ircam.fr/proceedings/02-FP04-2.pdf
"""

import zlib
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from nearfield.errors import InvalidInput
from nearfield.sound.spectrum import (
    FINGERPRINT_RATE,
    FRAME,
    HERTZ,
    HOP,
    power_spectra,
    quantised,
)
from nearfield.sound.waveform import Waveform

BandFingerprint: TypeAlias = NDArray[np.uint64]
"""One word for each eighth of a second, shape (words,). Bit 0 is the lowest; word 0 is silence."""

VERSION: Final = 1
"""Of the filters below; words of two versions cannot be compared."""

FRAMES_A_SECOND: Final = FINGERPRINT_RATE / HOP
"""Words a second: 8.08."""

STEPS_A_SEMITONE: Final = 2
"""Places that the bits move when the same music is played a semitone higher."""

PLACES: Final = 64

_LOWEST: Final = 220.0  # Hz
_ACROSS_BANDS: Final = np.array([-1, -1, 1, 1], dtype=np.float32)
_BANDS: Final = PLACES + len(_ACROSS_BANDS) - 1  # the highest is at 1480 Hz
_LENGTH: Final = 12  # frames that a word hears
_DEVIATION: Final = 2.4
"""Width of the bell in time whose slope is the filter, in frames: 0.3 s."""
_FILLED: Final = 0.5
"""Share of a frame's mean power that is added to each band: what noise fills should not count."""
_QUIETEST: Final = np.float32(FRAME * 0.3974 * 2**2 / 32_767**2)
"""Power of a bin in white noise two steps of 16 bits strong (-84 dB): all below is silence."""

SECONDS_OF_A_WORD: Final = ((_LENGTH - 1) * HOP + FRAME) / FINGERPRINT_RATE
"""Of sound that one word hears: 1.73."""


def _bank() -> tuple[slice, NDArray[np.float32]]:
    """Return the bins that the bands hear, and bells of their weights: shape (bins, bands)."""
    steps = 12 * STEPS_A_SEMITONE * np.log2(HERTZ / _LOWEST)
    distance = steps[:, None] - np.arange(_BANDS)
    weights = np.where(np.abs(distance) < 3, np.exp(-0.5 * distance**2), 0)
    heard = np.flatnonzero(weights.any(axis=1))
    bins = slice(int(heard[0]), int(heard[-1]) + 1)
    return bins, (weights / weights.sum(axis=0))[bins].astype(np.float32)


def _slope() -> NDArray[np.float32]:
    """Return the derivative of a bell in time, rising, shape (frames,)."""
    time = np.arange(_LENGTH) - (_LENGTH - 1) / 2
    slope: NDArray[np.float64] = time * np.exp(-0.5 * (time / _DEVIATION) ** 2)
    return slope.astype(np.float32)


_BINS, _WEIGHTS = _bank()
_IN_TIME: Final = _slope()
_BIT: Final = np.uint64(1) << np.arange(PLACES, dtype=np.uint64)


class BandFingerprintStream:
    """Makes the fingerprint from spectra as they come: a `SpectrumListener`."""

    def __init__(self) -> None:
        self._edges = np.zeros((0, PLACES), dtype=np.float32)
        self._sounding = np.zeros(0, dtype=np.bool_)
        self._parts: list[BandFingerprint] = [np.zeros(0, dtype=np.uint64)]

    def take(self, power: NDArray[np.float32]) -> None:
        """Take the next frames, shape (frames, bins)."""
        edges, sounding = _edges(power)
        self._edges = np.concatenate([self._edges, edges])
        self._sounding = np.concatenate([self._sounding, sounding])
        words = _words(self._edges, self._sounding)
        self._edges = self._edges[len(words) :]
        self._sounding = self._sounding[len(words) :]
        self._parts.append(words)

    def finish(self) -> BandFingerprint:
        """Return the fingerprint, shape (words,); empty for less than 1.74 seconds."""
        return np.concatenate(self._parts)


def band_fingerprint(waveform: Waveform) -> BandFingerprint:
    """Return the fingerprint of a whole sound at `FINGERPRINT_RATE`, shape (words,)."""
    stream = BandFingerprintStream()
    for power in power_spectra(quantised(waveform)):
        stream.take(power)
    return stream.finish()


def _edges(power: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return how much louder, in logarithms, the bands above each place are than those below.

    Returns
    -------
    edges : float32, shape (frames, PLACES)
    sounding : bool, shape (frames,)
        Where there is more than silence.
    """
    bands = power[:, _BINS] @ _WEIGHTS
    mean = bands.mean(axis=1, keepdims=True)
    level = np.log(bands + _FILLED * mean + _QUIETEST)
    edges = np.zeros((len(bands), PLACES), dtype=np.float32)
    for place, sign in enumerate(_ACROSS_BANDS):
        edges += sign * level[:, place : place + PLACES]
    return edges, mean[:, 0] > _QUIETEST


def _words(edges: NDArray[np.float32], sounding: NDArray[np.bool_]) -> BandFingerprint:
    """Return a word for each frame after which the filter fits, shape (words,).

    A word is 0 where at least half of what it hears is silence, and nowhere else.
    """
    count = len(edges) - _LENGTH + 1
    if count < 1:
        return np.zeros(0, dtype=np.uint64)
    rising = np.zeros((count, PLACES), dtype=np.float32)
    heard = np.zeros(count, dtype=np.int64)
    for frame, weight in enumerate(_IN_TIME):
        rising += weight * edges[frame : frame + count]
        heard += sounding[frame : frame + count]
    words: BandFingerprint = ((rising > 0) * _BIT).sum(axis=1, dtype=np.uint64)
    words = np.maximum(words, np.uint64(1))  # 0 is kept for silence
    return np.where(heard > _LENGTH // 2, words, np.uint64(0))


_HEADER: Final = 9  # bytes: the version, how many words, a checksum of them


def pack(words: BandFingerprint) -> bytes:
    """Return a fingerprint in few bytes: what changes from word to word, deflated.

    Raises
    ------
    InvalidInput
        If there are more than 2^32 - 1 words.
    """
    if len(words) >= 1 << 32:
        raise InvalidInput(f"{len(words):,} words; at most 2^32 - 1 can be packed. Cut it.")
    plain = np.ascontiguousarray(words, dtype="<u8")
    changes = plain.copy()
    changes[1:] ^= plain[:-1]
    bits = np.unpackbits(changes.view(np.uint8).reshape(-1, 8), axis=1, bitorder="little")
    planes = np.packbits(bits.T, axis=1)  # a place changes seldom: 4.6 bytes a word once deflated
    count, checksum = (
        len(plain).to_bytes(4, "little"),
        zlib.crc32(plain.tobytes()).to_bytes(4, "little"),
    )
    return bytes([VERSION]) + count + checksum + zlib.compress(planes.tobytes())


def unpack(data: bytes) -> BandFingerprint:
    """Return the words that `pack` wrote, shape (words,).

    Raises
    ------
    InvalidInput
        If the bytes are of another version, or are damaged.
    """
    if len(data) < _HEADER or data[0] != VERSION:
        raise InvalidInput(
            f"{len(data)} bytes that begin with {data[:1]!r} are no band fingerprint of version "
            f"{VERSION}. Listen to the song again to make one."
        )
    count = int.from_bytes(data[1:5], "little")
    size = PLACES * -(-count // 8)
    planes = np.frombuffer(_inflate(data[_HEADER:], size), dtype=np.uint8)
    if len(planes) == size:
        bits = np.unpackbits(planes.reshape(PLACES, -1), axis=1, count=count)
        rows = np.ascontiguousarray(np.packbits(bits.T, axis=1, bitorder="little"))
        changes = rows.view("<u8").reshape(-1)
        words: BandFingerprint = np.bitwise_xor.accumulate(changes).astype(np.uint64)
        if zlib.crc32(words.astype("<u8").tobytes()) == int.from_bytes(data[5:_HEADER], "little"):
            return words
    raise _damaged(data)


def _inflate(data: bytes, size: int) -> bytes:
    """Return at most one byte more than `size`: damaged bytes must not fill the memory."""
    inflater = zlib.decompressobj()
    try:
        inflated = inflater.decompress(data, size + 1)
    except zlib.error as error:
        raise _damaged(data) from error
    if not inflater.eof:
        raise _damaged(data)
    return inflated


def _damaged(data: bytes) -> InvalidInput:
    return InvalidInput(
        f"{len(data)} bytes of a band fingerprint are damaged or cut off. Listen to the song again "
        "to make one."
    )
