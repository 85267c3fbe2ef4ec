"""Small tables written out, for tests that look at single rows."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from nearfield.catalogue.catalogue import Catalogue
from nearfield.datasets.tables import Tables

ITEM_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "item": pl.String,
    "title": pl.String,
    "year": pl.Int64,
    "genres": pl.List(pl.String),
}
EVENT_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "user": pl.String,
    "item": pl.String,
    "kind": pl.String,
    "value": pl.Float32,
    "time": pl.Int64,
}


def item_frame(*rows: tuple[Any, ...]) -> pl.DataFrame:
    """Rows of id, title, year, genres."""
    return pl.DataFrame(list(rows), schema=ITEM_SCHEMA, orient="row")


def user_frame(*ids: str, **attributes: Sequence[str | None]) -> pl.DataFrame:
    columns: dict[str, Sequence[str | None]] = {"user": ids, **attributes}
    return pl.DataFrame([pl.Series(name, values, pl.String) for name, values in columns.items()])


def event_frame(*rows: tuple[Any, ...]) -> pl.DataFrame:
    """Rows of user, item, kind, value, time."""
    return pl.DataFrame(list(rows), schema=EVENT_SCHEMA, orient="row")


def tables(
    items: pl.DataFrame | None = None,
    users: pl.DataFrame | None = None,
    events: pl.DataFrame | None = None,
) -> Tables:
    return Tables(
        items=item_frame() if items is None else items,
        users=user_frame() if users is None else users,
        events=event_frame() if events is None else events,
    )


def contents(catalogue: Catalogue) -> dict[str, list[Any]]:
    """Everything a catalogue holds, by the owner's ids, in its own order."""
    held = catalogue.collection()
    rows = held.interactions
    items, users = held.items["item"].to_list(), held.users["user"].to_list()
    return {
        "items": held.items.drop("key").rows(),
        "users": held.users.drop("key").rows(),
        "events": [
            (users[user], items[item], kind, str(value), time)
            for user, item, kind, value, time in zip(
                rows.user.tolist(),
                rows.item.tolist(),
                rows.kind.tolist(),
                rows.value.tolist(),
                rows.time.tolist(),
                strict=True,
            )
        ],
    }
