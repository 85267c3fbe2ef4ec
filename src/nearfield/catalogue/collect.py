"""Read a whole catalogue as the arrays that trainers want."""

from typing import Any, Final

import numpy as np
import polars as pl
from sqlalchemy import Connection, Row, Select, select

from nearfield.catalogue.schema import events, item_genres, items, users
from nearfield.datasets.tables import Collection, Columns

_ROWS: Final = 100_000  # at a time: Python's tuples take ten times the room of the arrays

_EVENTS: Final[dict[str, Any]] = {
    "user_key": np.int64,
    "item_key": np.int64,
    Columns.KIND: np.int8,
    Columns.VALUE: np.float32,
    Columns.TIME: np.int64,
}


def collect(
    conn: Connection,
    catalogue: int,
    names: tuple[str, str],
    attributes: tuple[list[str], list[str]],
) -> Collection:
    """Return every item, user and event of a catalogue, in an order that never varies.

    Parameters
    ----------
    conn : Connection
        In one transaction, so that all tables are of the same moment.
    catalogue : int
        Primary key of the catalogue.
    names : tuple of str
        Its name and its uid.
    attributes : tuple of list of str
        Attribute names of the items and of the users.
    """
    return Collection.from_keyed(
        *names,
        items=_items(conn, catalogue, attributes[0]),
        users=_users(conn, catalogue, attributes[1]),
        events=_events(conn, catalogue),
    )


def _items(conn: Connection, catalogue: int, attributes: list[str]) -> pl.DataFrame:
    genres = (
        select(item_genres.c.item_id, item_genres.c.genre)
        .join(items)
        .where(items.c.catalogue_id == catalogue)
        .order_by(item_genres.c.item_id, item_genres.c.place)
    )
    of_item: dict[int, list[str]] = {}
    for key, genre in conn.execute(genres):
        of_item.setdefault(key, []).append(genre)
    query = (
        select(items.c.id, items.c.public_id, items.c.title, items.c.year, items.c.attributes)
        .where(items.c.catalogue_id == catalogue)
        .order_by(items.c.id)
    )
    rows = conn.execute(query).all()
    return pl.DataFrame(
        {
            Columns.KEY: pl.Series([row[0] for row in rows], dtype=pl.Int64),
            Columns.ITEM: pl.Series([row[1] for row in rows], dtype=pl.String),
            Columns.TITLE: pl.Series([row[2] for row in rows], dtype=pl.String),
            Columns.YEAR: pl.Series([row[3] for row in rows], dtype=pl.Int64),
            Columns.GENRES: pl.Series(
                [of_item.get(row[0], []) for row in rows], dtype=pl.List(pl.String)
            ),
            **_attributes([row[4] for row in rows], attributes),
        }
    )


def _users(conn: Connection, catalogue: int, attributes: list[str]) -> pl.DataFrame:
    query = (
        select(users.c.id, users.c.public_id, users.c.attributes)
        .where(users.c.catalogue_id == catalogue)
        .order_by(users.c.id)
    )
    rows = conn.execute(query).all()
    return pl.DataFrame(
        {
            Columns.KEY: pl.Series([row[0] for row in rows], dtype=pl.Int64),
            Columns.USER: pl.Series([row[1] for row in rows], dtype=pl.String),
            **_attributes([row[2] for row in rows], attributes),
        }
    )


def _attributes(known: list[dict[str, str]], names: list[str]) -> dict[str, pl.Series]:
    return {name: pl.Series([one.get(name) for one in known], dtype=pl.String) for name in names}


def _events(conn: Connection, catalogue: int) -> pl.DataFrame:
    """Read the events by id, that is in the order in which those of each user came."""
    query: Select[Any] = (
        select(events.c.user_id, events.c.item_id, events.c.kind, events.c.value, events.c.time)
        .join(users)
        .where(users.c.catalogue_id == catalogue)
        .order_by(events.c.id)
    )
    found = conn.execution_options(yield_per=_ROWS).execute(query)
    parts = [_arrays(rows) for rows in found.partitions()]
    return pl.concat([pl.DataFrame(part) for part in [_arrays([]), *parts]])


def _arrays(rows: "list[Row[Any]] | Any") -> dict[str, np.ndarray[Any, Any]]:
    columns = list(zip(*rows, strict=True)) or [()] * len(_EVENTS)
    return {
        name: np.array(column, dtype=dtype)
        for (name, dtype), column in zip(_EVENTS.items(), columns, strict=True)
    }
