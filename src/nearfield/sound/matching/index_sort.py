"""Compiled loops that sort an index's frames under keys.

The machine code that numba keeps of a loop is renewed when the loop's own file changes, not when
what it calls in another one does: remove the `__pycache__` folders after a change to `key_of`.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearfield.compiled import compiled
from nearfield.sound.matching.index_layout import Words

Array = NDArray[Any]


@compiled
def key_of(word: np.uint64, places: Array) -> int:
    """Return the bits at places, the first of them highest."""
    key = 0
    for place in places:
        key = (key << 1) | int((word >> np.uint64(place)) & np.uint64(1))
    return key


@compiled
def count_keys(words: Words, places: Array, counts: Array) -> None:
    """Add to ``counts[key]``, shape (2 ** bits,), each frame that is not silent."""
    for word in words:
        if word != 0:
            counts[key_of(word, places)] += 1


@compiled
def place_frames(
    words: Words, places: Array, bits: int, ends: Array, out: Array, span: Array
) -> None:
    """Write an entry for each frame to the place that is free for its key.

    Parameters
    ----------
    words : uint64, shape (frames,)
        Part of all.
    places : int64, shape (bits + tail,)
        Of one table: those of the key, and those of the tail.
    bits : int
        How many of them make the key.
    ends : uint32, shape (2 ** bits,)
        Where the next frame of each key goes; moved on.
    out : uint32, shape (entries,)
        Entries `span[1]` and after of the whole table: number of the frame, and its tail in the
        highest bits.
    span : int64, shape (4,)
        The number of the first of `words`, that of the first of `out`, and the keys wanted: from,
        and up to.
    """
    tail = len(places) - bits
    for row in range(len(words)):
        if words[row] != 0:
            key = key_of(words[row], places[:bits])
            if span[2] <= key < span[3]:
                rest = key_of(words[row], places[bits:])
                out[int(ends[key]) - span[1]] = (rest << (32 - tail)) | (span[0] + row)
                ends[key] += 1
