"""How an index over band fingerprints is laid out: what is kept of a song, and under which keys."""

import hashlib
from typing import Final

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]
"""A band fingerprint, shape (frames,): 64 bits a frame, one for each place on the axis of pitch."""

VERSION: Final = 1
"""Of everything below and of the files; another one's index is not read but made again."""

STRIDE: Final = 3
"""Every third frame is kept: neighbours differ in some tenth of their bits."""

TABLES: Final = 3
"""Ways of making a key of a word. More tables cost more look-ups for each frame of a query, but a
smaller stride does not, at the same size; so there are few."""

EDGE: Final = 4
"""Places at either end that are in no key: where a query is moved in pitch they are not known."""

LONGEST_KEY: Final = 28
_PLACES: Final = 32
"""Places of a key and of the tail after it."""

_SHORTEST_KEY: Final = 4
_BUCKET_BITS: Final = 4
"""Log 2 of how many frames share a key on average."""

_STEPS: Final = (17, 9, 27)
"""Odd and not multiples of 7: from each place of the 56 the walk by such a step meets all of them,
and its first ones lie far from each other, so that they tell different things."""


def key_places() -> NDArray[np.int64]:
    """Return the places that each table's keys and tails are made of, shape (TABLES, 32).

    A key is the bits at the first so many of them: the more frames an index holds the more it
    takes, and the number of frames under one key stays about the same.
    """
    inner = 64 - 2 * EDGE
    walk = np.arange(_PLACES)
    first = np.arange(TABLES) * (inner // TABLES)
    steps = np.array(_STEPS, dtype=np.int64)
    places: NDArray[np.int64] = EDGE + (first[:, None] + steps[:, None] * walk) % inner
    return places


def key_bits(frames: int) -> int:
    """Return how many bits make a key in an index of so many frames."""
    return int(np.clip(max(frames, 1).bit_length() - _BUCKET_BITS, _SHORTEST_KEY, LONGEST_KEY))


def tail_bits(frames: int, bits: int) -> int:
    """Return how many bits after the key fit beside a frame's number in 32 bits."""
    return min(32 - max(frames - 1, 1).bit_length(), _PLACES - bits)


def sampled(words: Words) -> Words:
    """Return the frames that are kept."""
    return np.ascontiguousarray(words[::STRIDE], dtype=np.uint64)


def digest(words: Words) -> int:
    """Return a number that tells fingerprints apart: 64 bits, with a sign, of their BLAKE2b."""
    content = np.ascontiguousarray(words, dtype="<u8").tobytes()
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "little", signed=True)
