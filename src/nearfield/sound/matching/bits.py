"""Compiled steps that loops over words are made of.

The machine code that numba keeps of a loop is renewed when the loop's own file changes, not when
this one does: remove the `__pycache__` folders after a change here.
"""

from typing import Final

import numpy as np

from nearfield.compiled import compiled

ALL: Final = np.uint64(0xFFFF_FFFF_FFFF_FFFF)


@compiled
def count_bits(word: np.uint64) -> np.int64:
    """Return how many bits of a word are 1; the compiler knows the one instruction for this."""
    word = word - ((word >> np.uint64(1)) & np.uint64(0x5555555555555555))
    word = (word & np.uint64(0x3333333333333333)) + (
        (word >> np.uint64(2)) & np.uint64(0x3333333333333333)
    )
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((word * np.uint64(0x0101010101010101)) >> np.uint64(56))


@compiled
def moved(word: np.uint64, shift: int) -> np.uint64:
    """Return a word with its bits `shift` places further up, or down where it is negative."""
    if shift >= 0:
        return word << np.uint64(shift)
    return word >> np.uint64(-shift)


@compiled
def reach(words_a: int, words_b: int, start: float, pace: float) -> tuple[int, int]:
    """Return the first word of b that lies over a word of a, and the one after the last."""
    first = max(0, int(np.ceil((-0.499 - start) / pace)))
    last = min(words_b, int(np.floor((words_a - 0.501 - start) / pace)) + 1)
    return first, max(first, last)
