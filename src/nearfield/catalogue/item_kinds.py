"""One word for each item of a catalogue: its first genre, its album, its artist."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, and_, select

from nearfield.catalogue.schema import item_genres, items
from nearfield.types import Ids

GENRE: Final = "genre"

ATTRIBUTES: Final = ("album", "artist")
"""Attributes by which items can be told apart at a glance, where they have them."""


def read_labels(conn: Connection, catalogue: int, by: str) -> tuple[Ids, NDArray[np.object_]]:
    """Return the keys of all items, rising, and the label of each; None where it has none.

    Parameters
    ----------
    conn : Connection
        To read from.
    catalogue : int
        Primary key of the catalogue.
    by : str
        ``genre`` for the first genre, else the name of an attribute.
    """
    if by == GENRE:
        first = and_(item_genres.c.item_id == items.c.id, item_genres.c.place == 0)
        query = select(items.c.id, item_genres.c.genre).outerjoin(item_genres, first)
    else:
        query = select(items.c.id, items.c.attributes[by].as_string())
    query = query.where(items.c.catalogue_id == catalogue).order_by(items.c.id)
    rows = conn.execute(query).all()
    keys = np.array([key for key, _ in rows], dtype=np.int64)
    labels = np.empty(len(rows), dtype=object)
    labels[:] = [label or None for _, label in rows]
    return keys, labels
