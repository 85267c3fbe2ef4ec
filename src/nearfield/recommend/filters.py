"""Which items an answer may hold: seen, excluded and disallowed ones stay out, exactly."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nearfield.types import Ids


@dataclass(frozen=True, slots=True)
class Scope:
    """The items that may be answered. At most one of the two is set.

    Parameters
    ----------
    exclude : int64, shape (rows,), optional
        Everything but these.
    only : int64, shape (rows,), optional
        Nothing but these; empty means nothing at all.
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
            return np.isin(ids, self.only)
        if self.exclude is not None:
            return np.isin(ids, self.exclude, invert=True)
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
    exclude = np.unique(np.concatenate(out)) if out else np.empty(0, dtype=np.int64)
    restrictions = [ids for ids in within if ids is not None]
    if not restrictions:
        return Scope(exclude=exclude if len(exclude) else None)
    only = np.unique(restrictions[0])
    for ids in restrictions[1:]:
        only = np.intersect1d(only, ids)
    return Scope(only=np.setdiff1d(only, exclude))
