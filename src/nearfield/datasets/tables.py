"""The tables that every source is turned into, and the dense arrays that every trainer reads."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from nearfield.types import Ids, Scores

if TYPE_CHECKING:
    import polars as pl
    from scipy import sparse

EVENT_KINDS: Final = ("rated", "watched", "listened", "liked", "skipped", "disliked")
"""What a user can have done with an item; the position is the code stored in SQL and arrays."""

AGAINST: Final = ("skipped", "disliked")
"""Kinds of event that count against an item."""


class Columns:
    """Names of the columns of `Tables`; any further column of items or users is an attribute."""

    ITEM: Final = "item"
    USER: Final = "user"
    TITLE: Final = "title"
    YEAR: Final = "year"
    GENRES: Final = "genres"
    KIND: Final = "kind"
    VALUE: Final = "value"
    TIME: Final = "time"
    KEY: Final = "key"


@dataclass(frozen=True)
class Tables:
    """Checked tables of one collection, with the owner's ids as text.

    Parameters
    ----------
    items : polars.DataFrame
        `item` (str, unique), `title` (str), `year` (Int64, null where unknown), `genres`
        (List[str]), and one str column for each further attribute.
    users : polars.DataFrame
        `user` (str, unique) and one str column for each attribute (`gender`, `age` in years,
        `occupation`, ...), null where unknown.
    events : polars.DataFrame
        `user`, `item` (str), `kind` (str, one of `EVENT_KINDS`), `value` (Float32, null where
        there is none), `time` (Int64, seconds since 1970, 0 where unknown), in file order.
    """

    items: "pl.DataFrame"
    users: "pl.DataFrame"
    events: "pl.DataFrame"


@dataclass(frozen=True)
class Interactions:
    """Events as dense arrays, sorted by user, then time, then file order.

    Parameters
    ----------
    user, item : int32, shape (events,)
        Row of the user and of the item in the collection's tables.
    kind : int8, shape (events,)
        Position in `EVENT_KINDS`.
    value : float32, shape (events,)
        NaN where the event has none.
    time : int64, shape (events,)
        Seconds since 1970.
    users, items : int
        Number of users and items of the collection, also those without events.
    """

    user: NDArray[np.int32]
    item: NDArray[np.int32]
    kind: NDArray[np.int8]
    value: Scores
    time: NDArray[np.int64]
    users: int
    items: int

    def __len__(self) -> int:
        return len(self.user)

    @cached_property
    def indptr(self) -> NDArray[np.int64]:
        """Where each user's events start, shape (users + 1,): user u has indptr[u]:indptr[u+1]."""
        return np.searchsorted(self.user, np.arange(self.users + 1))

    def take(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> "Interactions":
        """Keep some events: a mask, or positions in rising order."""
        return Interactions(
            user=self.user[rows],
            item=self.item[rows],
            kind=self.kind[rows],
            value=self.value[rows],
            time=self.time[rows],
            users=self.users,
            items=self.items,
        )

    def matrix(self, weights: NDArray[np.float32] | None = None) -> "sparse.csr_matrix":
        """Return users x items with `weights` (1 where not given); repeated events are summed."""
        from scipy import sparse  # takes 0.1 s, which those that only ask SQL need not wait

        data = np.ones(len(self), dtype=np.float32) if weights is None else weights
        return sparse.csr_matrix((data, (self.user, self.item)), shape=(self.users, self.items))


@dataclass(frozen=True)
class Collection:
    """What a trainer reads: one catalogue's items, users and events, by row number.

    Parameters
    ----------
    name : str
        The catalogue's name.
    uid : str
        Identity of the catalogue, so that a model is not used with another one's keys.
    items : polars.DataFrame
        As in `Tables`, with `key` (Int64) in front; row order is rising key.
    users : polars.DataFrame
        As in `Tables`, with `key` (Int64) in front; row order is rising key.
    interactions : Interactions
        Events by row number in `items` and `users`.
    """

    name: str
    uid: str
    items: "pl.DataFrame"
    users: "pl.DataFrame"
    interactions: Interactions

    @cached_property
    def item_keys(self) -> Ids:
        """Catalogue key of each row of `items`, rising."""
        return self.items[Columns.KEY].to_numpy().astype(np.int64)

    @cached_property
    def user_keys(self) -> Ids:
        """Catalogue key of each row of `users`, rising."""
        return self.users[Columns.KEY].to_numpy().astype(np.int64)

    @classmethod
    def from_tables(cls, name: str, tables: Tables) -> "Collection":
        """Give each row a key, from 1, for work that needs no catalogue in SQL."""
        import polars as pl  # takes 0.1 s, which those that only ask SQL need not wait

        items = tables.items.with_row_index(Columns.KEY, offset=1).cast({Columns.KEY: pl.Int64})
        users = tables.users.with_row_index(Columns.KEY, offset=1).cast({Columns.KEY: pl.Int64})
        rows = tables.events.join(
            users.select(Columns.USER, user_key=Columns.KEY),
            on=Columns.USER,
            how="inner",
            maintain_order="left",
        ).join(
            items.select(Columns.ITEM, item_key=Columns.KEY),
            on=Columns.ITEM,
            how="inner",
            maintain_order="left",
        )
        return cls.from_keyed(name, name, items, users, rows)

    @classmethod
    def from_keyed(
        cls,
        name: str,
        uid: str,
        items: "pl.DataFrame",
        users: "pl.DataFrame",
        events: "pl.DataFrame",
    ) -> "Collection":
        """Build from frames that carry keys.

        Parameters
        ----------
        name, uid : str
            The catalogue's name and identity.
        items, users : polars.DataFrame
            With `key` (Int64), rising.
        events : polars.DataFrame
            `user_key`, `item_key` (Int64), `kind` (str, or Int8 code), `value`, `time`, in the
            order in which they came; ties in time keep that order.
        """
        import polars as pl  # see `from_tables`

        kinds = events[Columns.KIND]
        if kinds.dtype != pl.Int8:
            kinds = kinds.cast(pl.Enum(EVENT_KINDS)).to_physical().cast(pl.Int8)
        user = np.searchsorted(users[Columns.KEY].to_numpy(), events["user_key"].to_numpy())
        item = np.searchsorted(items[Columns.KEY].to_numpy(), events["item_key"].to_numpy())
        time = events[Columns.TIME].to_numpy()
        order = np.lexsort((time, user))  # stable: file order breaks ties
        value = events[Columns.VALUE].cast(pl.Float32).fill_null(float("nan")).to_numpy()
        interactions = Interactions(
            user=user[order].astype(np.int32),
            item=item[order].astype(np.int32),
            kind=kinds.to_numpy()[order].astype(np.int8),
            value=value[order].astype(np.float32),
            time=time[order].astype(np.int64),
            users=users.height,
            items=items.height,
        )
        return cls(name, uid, items, users, interactions)
