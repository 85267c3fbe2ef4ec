"""Let interests take turns, so that one whose items are nearer does not fill the list alone."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from nearfield.types import Scores

_MOST: Final = 3.0
"""Places that an interest lacks at most: one with nothing good left shall not bring what is not."""


def in_turn(
    scores: Scores, interest: NDArray[np.int64], importance: Scores, balance: float, k: int
) -> NDArray[np.int64]:
    """Arrange items so that each interest has about its part of every beginning of the list.

    The next item is the one with the largest ``score + balance * lack``. At each place the `lack`
    of an interest grows by its importance over that of all, up to 3, and shrinks by 1 where an
    item that is nearest to it is taken.

    Parameters
    ----------
    scores : float32, shape (items,)
        Best first.
    interest : int64, shape (items,)
        Which interest each is nearest to.
    importance : float32, shape (interests,)
        Greater than 0.
    balance : float
        0 leaves the order alone.
    k : int
        How many to arrange; all where there are fewer.

    Returns
    -------
    int64, shape (min(k, items),)
        Positions, each at most once; of one interest always the best ones, best first.
    """
    waiting = [np.flatnonzero(interest == one).tolist()[::-1] for one in range(len(importance))]
    parts = (importance / importance.sum()).tolist()
    lack = [0.0] * len(parts)
    values = scores.tolist()
    arranged: list[int] = []
    while len(arranged) < min(k, len(scores)):
        lack = [min(_MOST, lacking + part) for lacking, part in zip(lack, parts, strict=True)]
        heads = [one for one, places in enumerate(waiting) if places]
        best = max(heads, key=lambda one: values[waiting[one][-1]] + balance * lack[one])
        arranged.append(waiting[best].pop())
        lack[best] -= 1
    return np.array(arranged, dtype=np.int64)
