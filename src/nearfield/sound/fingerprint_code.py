"""Chromaprint's own short form of a fingerprint, as bytes and as text: what AcoustID takes.

A fingerprint changes slowly, so that only the bits that differ from the value before are kept: how
far each is from the last, in three bits, or in five more where that is not enough.
"""

import base64
import binascii
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from nearfield.errors import InvalidInput

Fingerprint: TypeAlias = NDArray[np.uint32]
"""One value for each eighth of a second (1365 samples of 11,025), shape (values,)."""

ALGORITHM: Final = 1
"""Chromaprint's number of its algorithm "TEST2", the default of `fpcalc`."""

_MOST_VALUES: Final = (1 << 24) - 1
_NORMAL_BITS: Final = 3
_FURTHER_BITS: Final = 5
_LARGEST: Final = (1 << _NORMAL_BITS) - 1
"""The largest step in three bits; it says that five more follow."""


def compress(fingerprint: Fingerprint) -> bytes:
    """Return the bytes of a fingerprint: its algorithm, its length, steps, and longer steps.

    Raises
    ------
    InvalidInput
        If it has more than 2^24 - 1 values, which is 24 days of sound.
    """
    count = len(fingerprint)
    if count > _MOST_VALUES:
        raise InvalidInput(f"{count:,} values; at most {_MOST_VALUES:,} can be written. Cut it.")
    values = np.asarray(fingerprint, dtype=np.uint32)
    changed = values ^ np.concatenate([np.zeros(1, np.uint32), values[:-1]])[:count]
    rows, bits = np.nonzero((changed[:, None] >> np.arange(32, dtype=np.uint32)) & 1)
    first = np.concatenate([[True], rows[1:] != rows[:-1]])[: len(rows)]
    steps = np.where(first, bits + 1, np.diff(bits, prepend=0))
    normal = np.zeros(len(steps) + count, dtype=np.uint8)  # a zero ends each value
    normal[np.arange(len(steps)) + rows] = np.minimum(steps, _LARGEST)
    further = (steps[steps >= _LARGEST] - _LARGEST).astype(np.uint8)
    header = bytes([ALGORITHM]) + count.to_bytes(3, "big")
    return header + _pack(normal, _NORMAL_BITS) + _pack(further, _FURTHER_BITS)


def decompress(data: bytes) -> Fingerprint:
    """Return the fingerprint that `compress`, or Chromaprint, wrote.

    Raises
    ------
    InvalidInput
        If the bytes are no fingerprint of this algorithm, or are cut off.
    """
    if len(data) < 4 or data[0] != ALGORITHM:
        raise InvalidInput(
            f"{len(data)} bytes that begin with {data[:4]!r} are no fingerprint of Chromaprint's "
            f"algorithm {ALGORITHM}. Make it with fpcalc's default algorithm."
        )
    count = int.from_bytes(data[1:4], "big")
    body = np.frombuffer(data, dtype=np.uint8)[4:]
    steps = _unpack(body, _NORMAL_BITS)
    ends = np.flatnonzero(steps == 0)[:count]
    used = int(ends[-1]) + 1 if count and len(ends) == count else 0
    steps = steps[:used]
    longer = np.flatnonzero(steps == _LARGEST)
    further = _unpack(body[_packed_size(used, _NORMAL_BITS) :], _FURTHER_BITS)
    if len(ends) < count or len(further) < len(longer):
        raise InvalidInput(
            f"{len(data)} bytes are too few for a fingerprint of {count:,} values: cut off."
        )
    steps[longer] += further[: len(longer)]
    return _accumulate(steps.astype(np.int64), count)


def to_text(fingerprint: Fingerprint) -> str:
    """Return a fingerprint as `fpcalc` prints it: base 64 in the letters for addresses."""
    return base64.urlsafe_b64encode(compress(fingerprint)).rstrip(b"=").decode("ascii")


def from_text(text: str) -> Fingerprint:
    """Return the fingerprint that `fpcalc` printed.

    Raises
    ------
    InvalidInput
        If the text is no fingerprint.
    """
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidInput(
            f"{text[:20]!r}, {len(text)} letters, is no base 64 ({error}). Give what fpcalc "
            "prints behind FINGERPRINT=."
        ) from error
    return decompress(data)


def _accumulate(steps: NDArray[np.int64], count: int) -> Fingerprint:
    """Turn steps, with a zero after each value, into values."""
    is_end = steps == 0
    rows = np.cumsum(is_end) - is_end
    reached = np.cumsum(steps)
    before = np.concatenate([[0], reached[is_end]])[rows]  # where the value's steps begin
    bits = (reached - before)[~is_end] - 1
    if len(bits) and bits.max() > 31:
        raise InvalidInput(f"bit {bits.max()} of 32 is set: no fingerprint, or damaged.")
    changed = np.zeros(count, dtype=np.uint32)
    np.bitwise_or.at(changed, rows[~is_end], np.uint32(1) << bits.astype(np.uint32))
    return np.bitwise_xor.accumulate(changed)


def _packed_size(values: int, width: int) -> int:
    return (values * width + 7) // 8


def _pack(values: NDArray[np.uint8], width: int) -> bytes:
    """Write values of `width` bits one after another, the lowest bit first."""
    bits = (values[:, None] >> np.arange(width, dtype=np.uint8)) & 1
    return np.packbits(bits.ravel(), bitorder="little").tobytes()


def _unpack(packed: NDArray[np.uint8], width: int) -> NDArray[np.uint8]:
    """Read as many values of `width` bits as there are."""
    bits = np.unpackbits(packed, bitorder="little")
    whole = bits[: len(bits) // width * width].reshape(-1, width)
    return np.packbits(whole, axis=1, bitorder="little")[:, 0] if len(whole) else whole[:, 0]
