"""Answers to single questions, read through a connection that the caller lends."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, select

from nearfield.catalogue import queries
from nearfield.catalogue.facts import History, Item
from nearfield.catalogue.schema import items, users
from nearfield.types import Ids, PublicId


def find_item_keys(conn: Connection, catalogue: int, ids: list[str]) -> dict[str, int]:
    """Return the keys of those ids that exist."""
    found: dict[str, int] = {}
    for some in queries.chunks(ids):
        rows = conn.execute(queries.ITEM_KEYS, {"catalogue": catalogue, "ids": some})
        found.update((public, key) for public, key in rows)
    return found


def find_user_keys(conn: Connection, catalogue: int, ids: list[str]) -> dict[str, int]:
    """Return the keys of those ids of users that exist."""
    found: dict[str, int] = {}
    for some in queries.chunks(ids):
        rows = conn.execute(queries.USER_KEYS, {"catalogue": catalogue, "ids": some})
        found.update((public, key) for public, key in rows)
    return found


def find_item_ids(conn: Connection, catalogue: int, keys: list[int]) -> dict[int, PublicId]:
    """Return the owner's ids of those keys that exist."""
    found: dict[int, PublicId] = {}
    for some in queries.chunks(keys):
        rows = conn.execute(queries.ITEM_IDS, {"catalogue": catalogue, "keys": some})
        found.update((key, int(public) if integer else public) for key, public, integer in rows)
    return found


def find_items(conn: Connection, catalogue: int, keys: list[int]) -> dict[int, Item]:
    """Return what is known of those keys that exist."""
    found: dict[int, Item] = {}
    for some in queries.chunks(keys):
        rows = conn.execute(queries.ITEMS, {"catalogue": catalogue, "keys": some})
        found.update(items_of(list(rows)))
    return found


def items_of(rows: Sequence[Sequence[Any]]) -> dict[int, Item]:
    """Return the items that rows of `queries.ITEMS` describe, by key."""
    found: dict[int, Item] = {}
    genres: dict[int, list[tuple[int, str]]] = {}
    for row in rows:  # one for each genre; a single one without where an item has none
        if row[5] is not None:
            genres.setdefault(row[0], []).append((row[6], row[5]))
    for key, public, title, year, attributes, _, _, integer in rows:
        if key not in found:
            known = tuple(genre for _, genre in sorted(genres.get(key, ())))
            public_id = int(public) if integer else public
            found[key] = Item(key, public_id, title, year, known, json.loads(attributes))
    return found


def read_history(conn: Connection, user: int, limit: int | None) -> History:
    """Return the newest events of a user, oldest first."""
    if limit is None:
        rows = conn.execute(queries.WHOLE_HISTORY, {"user": user}).all()
    else:
        rows = conn.execute(queries.HISTORY, {"user": user, "limit": limit}).all()
    columns = list(zip(*reversed(rows), strict=True)) or [()] * 4
    return History(
        items=np.array(columns[0], dtype=np.int64),
        kinds=np.array(columns[1], dtype=np.int8),
        values=np.array(columns[2], dtype=np.float32),  # None becomes NaN
        times=np.array(columns[3], dtype=np.int64),
    )


def read_popular(conn: Connection, catalogue: int) -> tuple[Ids, NDArray[np.int64]]:
    """Return all items that somebody chose and the number of users of each, most first."""
    rows = conn.execute(queries.POPULAR, {"catalogue": catalogue}).all()
    found = np.array(rows, dtype=np.int64).reshape(-1, 2)
    return found[:, 0].copy(), found[:, 1].copy()


def read_matching(conn: Connection, catalogue: int, condition: ColumnElement[bool]) -> Ids:
    """Return the keys of the items of which a condition is true, rising."""
    query = select(items.c.id).where(items.c.catalogue_id == catalogue, condition)
    return np.array(conn.execute(query.order_by(items.c.id)).scalars().all(), dtype=np.int64)


def read_attribute_values(conn: Connection, catalogue: int, name: str) -> list[str]:
    """Return the distinct values that users have of a known attribute, sorted."""
    value = users.c.attributes[name].as_string()
    query = select(value).distinct().where(users.c.catalogue_id == catalogue)
    return sorted(conn.execute(query.where(value.is_not(None))).scalars())
