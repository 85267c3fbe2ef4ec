"""Keep a list within limits: one of each group of duplicates, so many of each artist or album."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from nearfield.catalogue.catalogue import Catalogue
from nearfield.recommend.duplicates import Groups, one_of_each
from nearfield.recommend.retrieve import Ranked
from nearfield.rising import rising
from nearfield.types import Ids, no_ids

_SPARE: Final = 20
"""Candidates fetched beyond twice the places."""

_GROWTH: Final = 4
"""How many times more candidates are fetched where too few keep to the limits."""

Fetch = Callable[[int], Ranked]
"""Returns so many of the best items, or all there are, best first."""


def folded(value: str) -> str:
    """Return a value as it is compared: without regard to case and to how spaces are set."""
    return " ".join(value.casefold().split())


class Limits:
    """What a list must keep to. Made for one answer: it remembers the facts it looked up.

    Parameters
    ----------
    catalogue : Catalogue
        Knows the attributes of items.
    at_most : mapping of attribute to number
        How many items may share a value of it; items without one are not limited.
    groups : Groups
        Of duplicates; one of each is kept.
    out : int64, shape (any,)
        Items whose groups are not wanted at all.
    held : int64, shape (any,), optional
        Items that are in the list already: `at_most` counts them too.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        at_most: Mapping[str, int],
        groups: Groups,
        out: Ids,
        held: Ids | None = None,
    ) -> None:
        self._catalogue = catalogue
        self._at_most = dict(at_most)
        self._groups = groups
        self._taken = rising(groups.of(out))
        self._held = no_ids() if held is None else held
        self._values: dict[int, tuple[tuple[str, str], ...]] = {}

    @property
    def are_none(self) -> bool:
        """Whether every list keeps to them."""
        return not self._at_most and self._groups.are_alone()

    def keep(self, pool: Ranked) -> Ranked:
        """Return what of a pool keeps to the limits, the best first."""
        pool = one_of_each(pool, self._groups, self._taken)
        if not self._at_most:
            return pool
        self._look_up(np.concatenate([self._held, pool.ids]))
        seen: Counter[tuple[str, str]] = Counter()
        for key in self._held.tolist():
            seen.update(self._values[key])
        kept = np.zeros(len(pool.ids), dtype=bool)
        for place, key in enumerate(pool.ids.tolist()):
            values = self._values[key]
            if all(seen[value] < self._at_most[value[0]] for value in values):
                kept[place] = True
                seen.update(values)
        return pool.only(kept)

    def fill(self, fetch: Fetch, need: int) -> Ranked:
        """Fetch ever more candidates until `need` keep to the limits, or there are no more.

        The answer is what going through all items from the best on would give.
        """
        if self.are_none:
            return fetch(need)
        size = 2 * need + _SPARE
        while True:
            pool = fetch(size)
            kept = self.keep(pool)
            if len(kept.ids) >= need or len(pool.ids) < size:
                return Ranked(kept.ids[:need], kept.scores[:need])
            size *= _GROWTH

    def _look_up(self, ids: Ids) -> None:
        new = np.array([key for key in ids.tolist() if key not in self._values], dtype=np.int64)
        if not len(new):
            return
        for item in self._catalogue.items(new):
            self._values[item.key] = tuple(
                (name, folded(item.attributes[name]))
                for name in self._at_most
                if item.attributes.get(name, "").strip()
            )
