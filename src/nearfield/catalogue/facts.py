"""What a catalogue answers with: items, histories, summaries, and how far an import is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nearfield.types import Ids, PublicId, Scores


@dataclass(frozen=True, slots=True)
class Item:
    """One item as its owner described it.

    Parameters
    ----------
    key : int
        The catalogue's own number for it: positive, never changed, never given out again.
    id : int or str
        The owner's id.
    title : str
        As imported.
    year : int or None
        None where unknown.
    genres : tuple of str
        In the owner's order.
    attributes : dict
        Name to value of everything else that is known.
    """

    key: int
    id: PublicId
    title: str
    year: int | None = None
    genres: tuple[str, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class History:
    """The newest events of one user, oldest first.

    Parameters
    ----------
    items : int64, shape (events,)
        Keys.
    kinds : int8, shape (events,)
        Positions in `EVENT_KINDS`.
    values : float32, shape (events,)
        On the owner's scale; NaN where an event has none.
    times : int64, shape (events,)
        Seconds since 1970, rising; ties in the order in which they were imported.
    """

    items: Ids
    kinds: NDArray[np.int8]
    values: Scores
    times: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.items)


class Counts(NamedTuple):
    """How many rows of each a catalogue holds."""

    items: int
    users: int
    events: int


@dataclass(frozen=True, slots=True)
class CatalogueSummary:
    """One line of `nearfield catalogues`.

    Parameters
    ----------
    name, uid : str
        What people call it, and its identity (a removed and remade catalogue has another).
    items, users, events : int
        Rows of each.
    created : str
        ISO 8601, UTC, to the second.
    """

    name: str
    uid: str
    items: int
    users: int
    events: int
    created: str


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """How far the import of one table is; all numbers count rows since it began.

    Parameters
    ----------
    table : str
        "items", "users" or "events".
    done, total : int
        Rows that are safely in the database, and rows to import.
    added, changed, unchanged : int
        What became of the rows done; they sum to `done`.
    left_out : int
        Further rows, which name users who were erased.
    """

    table: str
    done: int
    total: int
    added: int
    changed: int
    unchanged: int
    left_out: int = 0
