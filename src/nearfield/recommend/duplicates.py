"""Show one item of each group of duplicates: copies, other encodings, other releases."""

from typing import Protocol

import numpy as np

from nearfield.recommend.retrieve import Ranked
from nearfield.types import Ids


class Groups(Protocol):
    """Knows which items are the same to those who read a list."""

    def of(self, keys: Ids) -> Ids:
        """Return the group of each item, int64, shape of `keys`.

        A group is named by the key of one of its members; an item that has no duplicate is its
        own group.
        """


class Alone:
    """Satisfies `Groups` where nothing is known of duplicates: every item stands alone."""

    def of(self, keys: Ids) -> Ids:
        """Return the keys themselves."""
        return keys


def one_of_each(pool: Ranked, groups: Ids, taken: Ids | None = None) -> Ranked:
    """Keep the best item of each group, in the same order.

    Parameters
    ----------
    pool : Ranked
        Best first.
    groups : int64, shape (items,)
        The group of each of its items.
    taken : int64, shape (any,), optional
        Groups of which none is wanted: that of the song that asks, or of what was just played.
    """
    first = np.zeros(len(groups), dtype=bool)
    first[np.unique(groups, return_index=True)[1]] = True
    if taken is not None:
        first &= np.isin(groups, taken, invert=True)
    return pool.only(first)
