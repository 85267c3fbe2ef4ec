"""Add events: batch by batch, each in its own transaction, so that a kill costs one batch."""

from collections.abc import Iterator
from functools import partial
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sqlalchemy import Connection, insert

from nearfield.catalogue.database import Database
from nearfield.catalogue.facts import ImportProgress
from nearfield.catalogue.lookups import find_item_keys, find_user_keys
from nearfield.catalogue.queries import STORED_EVENTS, chunks
from nearfield.catalogue.schema import events
from nearfield.catalogue.writing import Outcome, lock, touch, update_rows
from nearfield.datasets.tables import EVENT_KINDS, Columns
from nearfield.errors import NotFound

_SAME: Final = ("user_id", "item_id", "kind", "time")
"""Two events that agree in these are the same one."""

_ROWS: Final = 20_000
"""Rows of one statement: about a megabyte, of which every server takes four at least."""

_STORED: Final = {
    "id": pl.Int64,
    "user_id": pl.Int64,
    "item_id": pl.Int64,
    "kind": pl.Int8,
    "time": pl.Int64,
    "stored": pl.Float64,
}


def import_events(
    database: Database, catalogue: int, frame: pl.DataFrame, batch: int
) -> Iterator[ImportProgress]:
    """Add the events that are not there yet, and yield how far it is.

    A batch ends where a user's events end (but for users with more than a batch), so that each
    transaction finds either none or all of a user's events of an earlier, killed import, and the
    ids keep the order of the file.

    Parameters
    ----------
    database : Database
        To write to.
    catalogue : int
        Primary key of the catalogue.
    frame : polars.DataFrame
        As `Tables.events`; users and items must be in the catalogue.
    batch : int
        Events in one transaction.

    Raises
    ------
    NotFound
        If users or items of the events are unknown; nothing is written then.
    """
    rows = keyed(database, catalogue, frame)
    twice = frame.height - rows.height
    done, total = Outcome(0, 0, twice), frame.height
    if not rows.height:
        yield ImportProgress("events", total, total, *done)
    for start, end in cut(rows["user_id"].to_numpy(), batch):
        part = rows[start:end]
        work = partial(_write, catalogue=catalogue, rows=part)
        done = done.plus(database.write(work, repeatable=True, patient=True))
        yield ImportProgress("events", end + twice, total, *done)


def keyed(database: Database, catalogue: int, frame: pl.DataFrame) -> pl.DataFrame:
    """Return events by key, sorted by user and in file order within, each one once.

    Of rows that are the same event the last one counts.
    """
    with database.reading() as conn:
        of_user = find_user_keys(conn, catalogue, frame[Columns.USER].unique().to_list())
        of_item = find_item_keys(conn, catalogue, frame[Columns.ITEM].unique().to_list())
    rows = frame.select(
        user_id=_keys(frame[Columns.USER], of_user),
        item_id=_keys(frame[Columns.ITEM], of_item),
        kind=pl.col(Columns.KIND).cast(pl.Enum(EVENT_KINDS)).to_physical().cast(pl.Int8),
        value=pl.col(Columns.VALUE).cast(pl.Float64).fill_nan(None),
        time=pl.col(Columns.TIME).cast(pl.Int64),
    )
    return rows.unique(_SAME, keep="last", maintain_order=True).sort("user_id", maintain_order=True)


def _keys(ids: pl.Series, known: dict[str, int]) -> pl.Series:
    unknown = [one for one in ids.unique(maintain_order=True).to_list() if one not in known]
    if unknown:
        listed = ", ".join(map(repr, unknown[:5])) + (", ..." if len(unknown) > 5 else "")
        raise NotFound(
            f"the events name {len(unknown)} unknown {ids.name}s ({listed}). Import the "
            f"{ids.name}s first, or leave these events out."
        )
    return ids.replace_strict(
        pl.Series(list(known), dtype=pl.String),
        pl.Series(list(known.values()), dtype=pl.Int64),
        return_dtype=pl.Int64,
    )


def cut(users: NDArray[np.int64], batch: int) -> list[tuple[int, int]]:
    """Cut sorted rows into batches that end where a user ends.

    Parameters
    ----------
    users : int64, shape (rows,)
        Rising.
    batch : int
        Most rows of one batch, at least 1. Only a user with more is cut in the middle.

    Returns
    -------
    list of (start, end)
        Without gaps, from 0 to the number of rows.
    """
    ends = np.flatnonzero(np.diff(users, prepend=-1, append=-1))  # 0, where users end, the end
    found, start = [], 0
    while start < len(users):
        fitting = ends[np.searchsorted(ends, start + batch, side="right") - 1]
        end = int(fitting) if fitting > start else min(start + batch, len(users))
        found.append((start, end))
        start = end
    return found


def _write(conn: Connection, catalogue: int, rows: pl.DataFrame) -> Outcome:
    lock(conn, catalogue)
    joined = rows.join(_existing(conn, rows), on=_SAME, how="left", maintain_order="left")
    new = joined.filter(pl.col("id").is_null())
    changed = joined.filter(
        pl.col("id").is_not_null() & pl.col("value").ne_missing(pl.col("stored"))
    )
    _insert(conn, new)
    update_rows(conn, events, changed.select(key="id", value="value").to_dicts())
    if new.height or changed.height:
        touch(conn, catalogue)
    return Outcome(new.height, changed.height, rows.height - new.height - changed.height)


def _existing(conn: Connection, rows: pl.DataFrame) -> pl.DataFrame:
    found: list[Any] = []
    for some in chunks(rows["user_id"].unique().to_list()):
        found += conn.execute(STORED_EVENTS, {"users": some}).all()
    columns = list(zip(*found, strict=True)) or [()] * len(_STORED)
    return pl.DataFrame(
        {
            name: pl.Series(column, dtype=kind)
            for (name, kind), column in zip(_STORED.items(), columns, strict=True)
        }
    )


def _insert(conn: Connection, rows: pl.DataFrame) -> None:
    """Insert events; tuples go to the driver as they are, dicts through SQLAlchemy take longer."""
    if not rows.height:
        return
    names = [column.name for column in events.columns if column.name != "id"]
    if conn.dialect.name == "sqlite":
        statement = insert(events).compile(dialect=conn.dialect, column_keys=names)
        conn.exec_driver_sql(str(statement), rows.select(names).rows())
        return
    # numbers alone, which Polars writes ten times as fast as the driver would
    numbers = [pl.col(name).cast(pl.String).fill_null("NULL") for name in names]
    told = rows.select(pl.format(f"({','.join('{}' for _ in names)})", *numbers)).to_series()
    into = f"INSERT INTO {events.name} ({', '.join(names)}) VALUES "
    for start in range(0, len(told), _ROWS):
        conn.exec_driver_sql(into + told[start : start + _ROWS].str.join(",").item())
