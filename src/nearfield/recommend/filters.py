"""Which items an answer may hold: seen, excluded and disallowed ones stay out, exactly."""

from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from nearfield.rising import common, find, rising, without
from nearfield.types import Ids, no_ids


@dataclass(frozen=True, slots=True)
class Scope:
    """The items that may be answered. At most one of the two is set.

    Parameters
    ----------
    exclude : int64, shape (rows,), optional
        Everything but these; rising.
    only : int64, shape (rows,), optional
        Nothing but these; rising, empty means nothing at all.
    """

    exclude: Ids | None = None
    only: Ids | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it is known that nothing can be answered."""
        return self.only is not None and not len(self.only)

    def admits(self, ids: Ids) -> NDArray[np.bool_]:
        """Return which of `ids` may be answered, shape of `ids`."""
        if self.only is not None:
            return find(self.only, ids) >= 0
        if self.exclude is not None:
            return find(self.exclude, ids) < 0
        return np.ones(ids.shape, dtype=bool)


def combine(out: list[Ids], within: list[Ids | None]) -> Scope:
    """Join lists of keys into one scope.

    Parameters
    ----------
    out : list of int64 arrays
        Items that stay out, whoever else allows them.
    within : list of int64 arrays or None
        An answer must be in each of them; None is no restriction.

    Returns
    -------
    Scope
        `exclude` where nothing restricts the answer, else `only`; sorted, each key once.
    """
    exclude = rising(np.concatenate(out)) if out else no_ids()
    restrictions = [ids for ids in within if ids is not None]
    if not restrictions:
        return Scope(exclude=exclude if len(exclude) else None)
    only = reduce(common, map(rising, restrictions))
    return Scope(only=without(only, exclude))
