"""Add or change one batch of items, inside a transaction that the caller ends."""

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, delete, insert

from nearfield.catalogue.facts import Item
from nearfield.catalogue.lookups import find_item_keys, find_items
from nearfield.catalogue.queries import chunks
from nearfield.catalogue.schema import item_genres, items
from nearfield.catalogue.writing import (
    Outcome,
    all_integers,
    lock,
    merged,
    touch,
    update_rows,
    with_new,
)
from nearfield.datasets.tables import Columns

if TYPE_CHECKING:
    import polars as pl

ITEM_COLUMNS: Final = (Columns.ITEM, Columns.TITLE, Columns.YEAR, Columns.GENRES)
"""Columns of their own in SQL; any other is an attribute."""


def write_items(conn: Connection, catalogue: int, frame: "pl.DataFrame") -> Outcome:
    """Bring items to what the frame says; a second time changes nothing.

    Parameters
    ----------
    conn : Connection
        In a transaction.
    catalogue : int
        Primary key of the catalogue.
    frame : polars.DataFrame
        As `Tables.items`. Attributes that it has no column for stay as they are, and so does all
        of a known item whose row says nothing but its id: it was made from an event.
    """
    row = lock(conn, catalogue)
    names = [name for name in frame.columns if name not in ITEM_COLUMNS]
    keys = find_item_keys(conn, catalogue, frame[Columns.ITEM].to_list())
    stored = find_items(conn, catalogue, list(keys.values()))
    added: dict[str, Item] = {}
    changed: list[Item] = []
    for one in frame.iter_rows(named=True):
        old = stored.get(keys.get(one[Columns.ITEM], -1))
        new = old if old is not None and _is_bare(one, names) else _item(one, names, old)
        if old is None:
            added[one[Columns.ITEM]] = new
        elif new != old:
            changed.append(new)
    revision = row.revision + 1  # as `touch` makes it
    _insert(conn, catalogue, added, revision)
    _update(conn, changed, revision)
    columns = {
        "item_attributes": with_new(row.item_attributes, names),
        "integer_items": row.integer_items and all_integers(frame[Columns.ITEM]),
    }
    new_columns = {name: value for name, value in columns.items() if value != getattr(row, name)}
    if added or changed:
        new_columns["items_revision"] = revision
    if new_columns:
        touch(conn, catalogue, **new_columns)
    return Outcome(len(added), len(changed), frame.height - len(added) - len(changed))


def _item(row: dict[str, Any], names: list[str], old: Item | None) -> Item:
    genres = (genre.strip() for genre in row[Columns.GENRES] or () if genre)
    return Item(
        key=-1 if old is None else old.key,
        id=row[Columns.ITEM] if old is None else old.id,
        title=row[Columns.TITLE],
        year=row[Columns.YEAR],
        genres=tuple(dict.fromkeys(genre for genre in genres if genre)),
        attributes=merged({} if old is None else old.attributes, row, names),
    )


def _is_bare(row: dict[str, Any], names: list[str]) -> bool:
    """Tell whether a row says nothing of an item but its id."""
    told = [row[Columns.YEAR], row[Columns.GENRES], *(row[name] for name in names)]
    return row[Columns.TITLE] == row[Columns.ITEM] and not any(told)


def _insert(conn: Connection, catalogue: int, added: dict[str, Item], revision: int) -> None:
    if not added:
        return
    rows = [
        {
            "catalogue_id": catalogue,
            "public_id": public,
            "title": item.title,
            "year": item.year,
            "attributes": item.attributes,
            "changed": revision,
        }
        for public, item in added.items()
    ]
    conn.execute(insert(items), rows)
    keys = find_item_keys(conn, catalogue, list(added))
    _insert_genres(conn, {keys[public]: item for public, item in added.items()})


def _update(conn: Connection, changed: list[Item], revision: int) -> None:
    if not changed:
        return
    rows = [
        {
            "key": one.key,
            "title": one.title,
            "year": one.year,
            "attributes": one.attributes,
            "changed": revision,
        }
        for one in changed
    ]
    update_rows(conn, items, rows)
    for some in chunks([one.key for one in changed]):
        conn.execute(delete(item_genres).where(item_genres.c.item_id.in_(some)))
    _insert_genres(conn, {one.key: one for one in changed})


def _insert_genres(conn: Connection, of_items: dict[int, Item]) -> None:
    rows = [
        {"item_id": key, "genre": genre, "place": place}
        for key, item in of_items.items()
        for place, genre in enumerate(item.genres)
    ]
    if rows:
        conn.execute(insert(item_genres), rows)
