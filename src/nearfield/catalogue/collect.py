"""Read a whole catalogue as the arrays that trainers want."""

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, select, true

from nearfield.catalogue import queries
from nearfield.catalogue.schema import item_genres, items, users
from nearfield.datasets.tables import Collection, Columns
from nearfield.types import Ids

Which: TypeAlias = ColumnElement[bool]

_ALL: Final[Which] = true()
_PAGE: Final = 500  # users

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
    of_users = _users(conn, catalogue, attributes[1])
    return Collection.from_keyed(
        *names,
        items=_items(conn, catalogue, attributes[0]),
        users=of_users,
        events=_events(conn, of_users[Columns.KEY].to_list()),
    )


def collect_items(
    conn: Connection,
    catalogue: int,
    names: tuple[str, str],
    attributes: tuple[list[str], list[str]],
    keys: Ids,
) -> Collection:
    """Return some items of a catalogue, their events, and the users of these.

    Parameters
    ----------
    conn, catalogue, names, attributes
        As in `collect`.
    keys : int64, shape (items,)
        Rising.
    """
    pages = queries.chunks(keys.tolist()) or [[]]
    rows = pl.concat(
        [
            pl.DataFrame(_arrays(conn.execute(queries.EVENTS_ON, {"items": page}).all()))
            for page in pages
        ]
    )
    people = queries.chunks(rows["user_key"].unique().sort().to_list()) or [[]]
    return Collection.from_keyed(
        *names,
        items=pl.concat(
            [_items(conn, catalogue, attributes[0], items.c.id.in_(page)) for page in pages]
        ),
        users=pl.concat(
            [_users(conn, catalogue, attributes[1], users.c.id.in_(page)) for page in people]
        ),
        events=rows,
    )


def _items(
    conn: Connection, catalogue: int, attributes: list[str], which: Which = _ALL
) -> pl.DataFrame:
    genres = (
        select(item_genres.c.item_id, item_genres.c.genre)
        .join(items)
        .where(items.c.catalogue_id == catalogue, which)
        .order_by(item_genres.c.item_id, item_genres.c.place)
    )
    of_item: dict[int, list[str]] = {}
    for key, genre in conn.execute(genres):
        of_item.setdefault(key, []).append(genre)
    query = (
        select(items.c.id, items.c.public_id, items.c.title, items.c.year, items.c.attributes)
        .where(items.c.catalogue_id == catalogue, which)
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


def _users(
    conn: Connection, catalogue: int, attributes: list[str], which: Which = _ALL
) -> pl.DataFrame:
    query = (
        select(users.c.id, users.c.public_id, users.c.attributes)
        .where(users.c.catalogue_id == catalogue, which)
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
    return {
        name: pl.Series([one.get(name) for one in known], dtype=pl.String)
        for name in names
        if name != Columns.KEY  # songs have a key too, which no trainer reads
    }


def _events(conn: Connection, users: list[int]) -> pl.DataFrame:
    """Read the events page by page: Python's rows take ten times the room of the arrays."""
    parts = [_arrays([])]
    for start in range(0, len(users), _PAGE):
        page = users[start : start + _PAGE]
        parts.append(_arrays(conn.execute(queries.EVENTS_OF, {"users": page}).all()))
    return pl.concat([pl.DataFrame(part) for part in parts])


def _arrays(rows: Sequence[Any]) -> dict[str, NDArray[Any]]:
    columns = list(zip(*rows, strict=True)) or [()] * len(_EVENTS)
    return {
        name: np.array(column, dtype=dtype)
        for (name, dtype), column in zip(_EVENTS.items(), columns, strict=True)
    }
