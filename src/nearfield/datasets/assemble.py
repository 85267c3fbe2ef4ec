"""Joins what was read: events must name known items and users, and come once."""

from dataclasses import dataclass
from typing import Final

import polars as pl

from nearfield.datasets.checks import LINE, Rule, refuse_broken
from nearfield.datasets.columns import USUAL, Reading
from nearfield.datasets.entities import (
    items_of_events,
    read_items,
    read_users,
    users_of_events,
)
from nearfield.datasets.events import read_events
from nearfield.datasets.raw import Raw
from nearfield.datasets.report import ReadReport, ReadResult, refuse_all_if_any
from nearfield.datasets.tables import Columns, Tables
from nearfield.errors import InvalidInput

_CODES: Final = {Columns.USER: "_user_code", Columns.ITEM: "_item_code"}


@dataclass(frozen=True, slots=True)
class Parts:
    """What is to be joined; items and users that are missing are derived from the events."""

    events: Raw | None
    items: Raw | None = None
    users: Raw | None = None


def assemble(parts: Parts, reading: Reading, report: ReadReport, layout: str) -> ReadResult:
    """Read all parts and return checked tables.

    Raises
    ------
    InvalidInput
        If a column is missing, a file has no usable row, or strict reading and a row was refused.
    """
    items = users = None
    if parts.items:
        items = _usable(read_items(parts.items, reading, report), parts.items.file, report)
    if parts.users:
        users = _usable(read_users(parts.users, reading, report), parts.users.file, report)
    events = _no_events()
    if parts.events:
        file = parts.events.file
        events = read_events(parts.events, reading, report)
        events = _coded(events, Columns.ITEM, items)
        events = _coded(events, Columns.USER, users)
        rules = [_stranger(Columns.ITEM, parts.items), _stranger(Columns.USER, parts.users)]
        events = refuse_broken(events, rules, file, report)
        events = _first_of_equals(events, file, report).drop(LINE, *_CODES.values())
        _usable(events, file, report)
    _all_attributes_found(reading, items, users)
    report.sort()
    if reading.strict:
        refuse_all_if_any(report)
    tables = Tables(
        items=items_of_events(events) if items is None else items,
        users=users_of_events(events) if users is None else users,
        events=events,
    )
    return ReadResult(tables, report, layout)


def _all_attributes_found(reading: Reading, *tables: pl.DataFrame | None) -> None:
    present = {name for table in tables if table is not None for name in table.columns}
    for ours, theirs in reading.columns.items():
        if ours not in (*USUAL, *present) and not ours.startswith("_"):
            raise InvalidInput(
                f"--columns names {ours}={theirs}, but neither items nor users have a column "
                f"{theirs}. Check its name."
            )


def _usable(frame: pl.DataFrame, file: str, report: ReadReport) -> pl.DataFrame:
    if frame.height:
        return frame
    count = report.count(file)
    if not count.read:
        raise InvalidInput(f"{file} has no rows: wanted at least one. Export it again.")
    report.sort()
    lines = "\n".join(report.lines(most=5))
    raise InvalidInput(
        f"{file}: none of its {count.read:,} rows can be used. Mend what is named here:\n{lines}"
    )


def _coded(events: pl.DataFrame, column: str, table: pl.DataFrame | None) -> pl.DataFrame:
    """Add the row of each event's item or user in its table; null where it is not there."""
    known = events[column].unique(maintain_order=True) if table is None else table[column]
    code = pl.col(column).cast(pl.Enum(known), strict=False).to_physical().cast(pl.UInt64)
    return events.with_columns(code.alias(_CODES[column]))


def _stranger(column: str, raw: Raw | None) -> Rule:
    return Rule(
        pl.col(_CODES[column]).is_null(),
        pl.format(f"unknown {column} '{{}}'", column),
        f"one that {raw.file if raw else 'the events'} has",
        "Add or mend it there, or delete the line.",
    )


def _first_of_equals(events: pl.DataFrame, file: str, report: ReadReport) -> pl.DataFrame:
    """Keep the first of the events with the same user, item, kind and time."""
    pair = pl.col(_CODES[Columns.USER]) * (1 << 32) + pl.col(_CODES[Columns.ITEM])
    if events.select(pair.n_unique()).item() == events.height:  # nobody did anything twice
        return events
    key = [*_CODES.values(), Columns.KIND, Columns.TIME]
    once = events.unique(subset=key, keep="first", maintain_order=True)
    report.count(file).duplicates += events.height - once.height
    return once


def _no_events() -> pl.DataFrame:
    return pl.DataFrame(
        schema={
            Columns.USER: pl.String,
            Columns.ITEM: pl.String,
            Columns.KIND: pl.String,
            Columns.VALUE: pl.Float32,
            Columns.TIME: pl.Int64,
        }
    )
