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

    def are_alone(self) -> bool:
        """Tell whether every item is its own group now."""

    def best(self, keys: Ids) -> Ids:
        """Return for each item the best copy of the same thing, int64, shape of `keys`.

        That is itself where it has no copy. A group may hold several that are no copies of each
        other, each with its own: performances of a song.
        """


class Alone:
    """Satisfies `Groups` where nothing is known of duplicates: every item stands alone."""

    def of(self, keys: Ids) -> Ids:
        """Return the keys themselves."""
        return keys

    def are_alone(self) -> bool:
        """Return True."""
        return True

    def best(self, keys: Ids) -> Ids:
        """Return the keys themselves."""
        return keys


def one_of_each(pool: Ranked, groups: Groups, taken: Ids | None = None) -> Ranked:
    """Keep one item of each group, in the same order: a better copy rather than a nearer one.

    Parameters
    ----------
    pool : Ranked
        Best first.
    groups : Groups
        Of its items.
    taken : int64, shape (any,), optional
        Groups of which none is wanted: that of the song that asks, or of what was just played.
    """
    better = groups.best(pool.ids)
    pool = pool.only((better == pool.ids) | np.isin(better, pool.ids, invert=True))
    of = groups.of(pool.ids)
    first = np.zeros(len(of), dtype=bool)
    first[np.unique(of, return_index=True)[1]] = True
    if taken is not None:
        first &= np.isin(of, taken, invert=True)
    return pool.only(first)
