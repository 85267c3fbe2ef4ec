"""Let interests take turns, so that one whose items are nearer does not fill the list alone."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from nearfield.types import Scores, Vectors

_MOST: Final = 3.0
"""Places that an interest lacks at most."""

_NEAR: Final = 0.5
"""An item that is not so much as half as near to its interest as the nearest is, is for none."""


def stand_for(apart: Vectors, importance: Scores) -> NDArray[np.int64]:
    """Return which interest each item stands for, shape (items,); -1 where it is near to none.

    Parameters
    ----------
    apart : float32, shape (interests, items)
        Cosines with each interest; at least one item.
    importance : float32, shape (interests,)
        Greater than 0.
    """
    interest = (importance[:, None] * apart).argmax(axis=0)
    near = np.take_along_axis(apart, interest[None], axis=0)[0]
    return np.where(near >= _NEAR * near.max(), interest, -1)


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
        Which interest each stands for; -1 for those that stand for none, and go by their score.
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
    groups = [*range(len(importance)), -1]
    waiting = [np.flatnonzero(interest == one).tolist()[::-1] for one in groups]
    parts = [*(importance / importance.sum()).tolist(), 0.0]
    lack = [0.0] * len(parts)
    values = scores.tolist()
    arranged: list[int] = []
    while len(arranged) < min(k, len(scores)):
        lack = [min(_MOST, lacking + part) for lacking, part in zip(lack, parts, strict=True)]
        heads = [one for one, places in enumerate(waiting) if places]
        best = max(heads, key=lambda one: values[waiting[one][-1]] + balance * lack[one])
        arranged.append(waiting[best].pop())
        lack[best] -= 1 if parts[best] else 0
    return np.array(arranged, dtype=np.int64)
