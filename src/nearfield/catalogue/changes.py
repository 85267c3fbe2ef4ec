"""The part of a catalogue that a running service changes: items, users, events, one by one."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection

from nearfield.catalogue import queries
from nearfield.catalogue.database import Database
from nearfield.catalogue.delete_items import delete_items
from nearfield.catalogue.erased import allow_again
from nearfield.catalogue.live_rows import (
    EventRow,
    ItemRow,
    read_attributes,
    read_events,
    read_id,
    read_ids,
    read_items,
)
from nearfield.catalogue.lookups import find_item_keys
from nearfield.catalogue.post_events import post_events
from nearfield.catalogue.unknown import in_order
from nearfield.catalogue.withdraw_events import withdraw_events
from nearfield.catalogue.write_items import write_items
from nearfield.catalogue.write_users import write_users
from nearfield.catalogue.writing import Outcome, lock
from nearfield.datasets.tables import EVENT_KINDS, Columns
from nearfield.errors import InvalidInput
from nearfield.types import PublicId

if TYPE_CHECKING:
    import polars as pl

_RATED: Final = EVENT_KINDS.index("rated")
_ENOUGH: Final = 1000
"""Ratings from which on the lowest and the highest of them are taken for the ends of the scale."""


class Changes:
    """Changes as they come, each in one transaction: all of a batch is written, or none.

    Parameters
    ----------
    database : Database
        To write to.
    number : int
        Primary key of the catalogue.
    name, uid : str
        Of the catalogue.
    """

    def __init__(self, database: Database, number: int, name: str, uid: str) -> None:
        self.number = number
        self.name = name
        self.uid = uid
        self._database = database
        self._scale: tuple[float, float] | None = None

    def put_items(self, rows: Sequence[Mapping[str, Any]]) -> Outcome:
        """Bring items to what the rows say; a second time changes nothing.

        Parameters
        ----------
        rows : sequence of mapping
            ``{"id", "title", "year"?, "genres"?, "attributes"?}``. Year and genres that are left
            out are unknown from then on; attributes that are not named keep their values, and
            those named with None lose them.

        Raises
        ------
        InvalidInput
            If a row cannot be used; the message begins with its place and field:
            ``items[3].year is ...``.
        """
        found = read_items(rows)
        return self._database.write(
            lambda conn: _put_items(conn, self.number, found), repeatable=True
        )

    def delete_items(self, ids: Sequence[PublicId]) -> dict[str, int]:
        """Delete items, the events on them and all else that hangs on them.

        Only SQL is changed; see `pipelines.forget_items`. Returned is how many rows went, by
        table. NotFound where an item is unknown: nothing is deleted then.
        """
        texts = read_ids(ids, "items")
        return self._database.write(
            lambda conn: delete_items(
                conn,
                self.number,
                in_order(self.name, "items", texts, find_item_keys(conn, self.number, texts)),
            ),
            patient=True,
        )

    def put_user(self, user: PublicId, attributes: Mapping[str, Any] | None = None) -> Outcome:
        """Make a user known, or change what is known of them.

        Attributes that are not named keep their values; those named with None lose them. A user
        who was erased is known again from here on.

        Raises
        ------
        InvalidInput
            If the id or an attribute cannot be stored.
        """
        import polars as pl  # takes 0.1 s, which those that only ask need not wait

        text = read_id(user, "user")
        known = read_attributes(attributes, "attributes")
        frame = pl.DataFrame(
            {Columns.USER: [text], **{name: [value] for name, value in known.items()}},
            schema=dict.fromkeys((Columns.USER, *known), pl.String),
        )

        def work(conn: Connection) -> Outcome:
            allow_again(conn, lock(conn, self.number), [text])
            return write_users(conn, self.number, frame)

        return self._database.write(work, repeatable=True)

    def post_events(self, rows: Sequence[Mapping[str, Any]]) -> Outcome:
        """Add events that just happened; users who are not there yet are made.

        Parameters
        ----------
        rows : sequence of mapping
            ``{"user", "item", "kind"?, "value"?, "time"?}``: one of `EVENT_KINDS`, else ``rated``
            where a value is given and ``liked`` where none is; a number; seconds since 1970, else
            now. An event that is there already changes nothing, or its value.

        Raises
        ------
        InvalidInput
            If a row cannot be used, its user was erased, or its rating lies beyond the catalogue's
            scale; the message begins with its place and field: ``events[3].value is ...``.
        NotFound
            If an item is unknown, named in the same way. Nothing is written in either case.
        """
        found = read_events(rows)
        self._check_scale(found)
        work = partial(post_events, catalogue=self.number, rows=found)
        return self._database.write(work, repeatable=True) if found else Outcome(0, 0, 0)

    def withdraw_events(
        self, user: PublicId, items: Sequence[PublicId], kinds: Sequence[str]
    ) -> int:
        """Take back what a user said of some items, as if it had never been; return how much.

        Parameters
        ----------
        user : int or str
            One who is not known has said nothing.
        items : sequence of ids
            NotFound where one is unknown; nothing is taken back then.
        kinds : sequence of str
            Of `EVENT_KINDS`.
        """
        text, texts = read_id(user, "user"), read_ids(items, "items")
        codes = [EVENT_KINDS.index(kind) for kind in kinds]
        return self._database.write(
            lambda conn: withdraw_events(conn, self.number, text, texts, codes)
        )

    def _check_scale(self, rows: Sequence[EventRow]) -> None:
        """Refuse ratings that are beyond those that the catalogue has, where it has many."""
        rated = {
            place: one.value
            for place, one in enumerate(rows)
            if one.kind == _RATED and one.value is not None
        }
        low, high = self._scale or (0.0, -1.0)
        if all(low <= value <= high for value in rated.values()):
            return
        with self._database.reading() as conn:
            bound = {"catalogue": self.number}
            low, high, count = conn.execute(queries.RATING_RANGE, bound).one()
        if count < _ENOUGH or low == high:
            return
        self._scale = low, high
        for place, value in rated.items():
            if not low <= value <= high:
                raise InvalidInput(
                    f"events[{place}].value is {value:g}: the ratings of catalogue {self.name!r} "
                    f"go from {low:g} to {high:g}. Correct this row, nothing was written; a scale "
                    f"is widened by importing ratings from a file."
                )


def _put_items(conn: Connection, catalogue: int, rows: Sequence[ItemRow]) -> Outcome:
    """Write items that name the same attributes together: those that are not named stay."""
    alike: dict[tuple[str, ...], list[ItemRow]] = {}
    for row in rows:
        alike.setdefault(tuple(row.attributes), []).append(row)
    done = Outcome(0, 0, 0)
    for names, some in alike.items():
        done = done.plus(write_items(conn, catalogue, _frame(some, names)))
    return done


def _frame(rows: Sequence[ItemRow], names: Sequence[str]) -> "pl.DataFrame":
    import polars as pl  # see `put_user`

    return pl.DataFrame(
        {
            Columns.ITEM: pl.Series([row.item for row in rows], dtype=pl.String),
            Columns.TITLE: pl.Series([row.title for row in rows], dtype=pl.String),
            Columns.YEAR: pl.Series([row.year for row in rows], dtype=pl.Int64),
            Columns.GENRES: pl.Series([row.genres for row in rows], dtype=pl.List(pl.String)),
            **{
                name: pl.Series([row.attributes[name] for row in rows], dtype=pl.String)
                for name in names
            },
        }
    )
