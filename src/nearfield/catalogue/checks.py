"""Refuse tables that the catalogue could not hold, before anything is written."""

from collections.abc import Iterable
from typing import Final

import polars as pl

from nearfield.catalogue.schema import ID_LENGTH, TITLE_LENGTH
from nearfield.catalogue.write_items import ITEM_COLUMNS
from nearfield.datasets.tables import EVENT_KINDS, Columns, Tables
from nearfield.errors import InvalidInput

_YEARS: Final = 100_000
_SIGNS: Final = r'["\\\x00-\x1f]'


def check_tables(tables: Tables) -> Tables:
    """Return the tables with attributes as text; readers check more and tell the line.

    Raises
    ------
    InvalidInput
        If ids are missing, twice, too long or end in white space (which MySQL ignores), texts are
        too long, years or kinds impossible, or attributes have names that cannot be stored.
    """
    items = _with_text(tables.items, ITEM_COLUMNS)
    users = _with_text(tables.users, (Columns.USER,))
    _check_ids(items[Columns.ITEM])
    _check_ids(users[Columns.USER])
    _refuse(
        items[Columns.ITEM],
        items[Columns.TITLE].is_null() | (items[Columns.TITLE].str.len_chars() > TITLE_LENGTH),
        f"a title of at most {TITLE_LENGTH} characters",
    )
    _refuse(
        items[Columns.ITEM], items[Columns.YEAR].abs() > _YEARS, "a year, or none where unknown"
    )
    longest = items[Columns.GENRES].list.eval(pl.element().str.len_chars()).list.max()
    _refuse(items[Columns.ITEM], longest > ID_LENGTH, f"genres of at most {ID_LENGTH} characters")
    check_events(tables.events)
    return Tables(items, users, tables.events)


def check_events(events: pl.DataFrame) -> None:
    """Refuse events of unknown kinds, without a time, or with an infinite value."""
    who = events[Columns.USER]
    kinds = events[Columns.KIND].cast(pl.String)
    _refuse(who, ~kinds.is_in(EVENT_KINDS), f"an event of kind {', '.join(EVENT_KINDS)}")
    _refuse(who, kinds.is_null(), "an event with a kind")
    _refuse(who, events[Columns.TIME].is_null(), "a time for each event (0 where unknown)")
    _refuse(who, events[Columns.VALUE].is_infinite(), "finite values, or none")


def _with_text(frame: pl.DataFrame, own: Iterable[str]) -> pl.DataFrame:
    names = [name for name in frame.columns if name not in own]
    for name in names:
        if (
            name == Columns.KEY
            or not 0 < len(name) <= 64
            or pl.Series([name]).str.contains(_SIGNS)[0]
        ):
            raise InvalidInput(
                f"the attribute name {name!r} cannot be stored: it must have 1 to 64 characters, "
                f"no double quotes, backslashes or control characters, and not be "
                f"{Columns.KEY!r}. Rename the column."
            )
    return frame.with_columns(pl.col(names).cast(pl.String))


def _check_ids(ids: pl.Series) -> None:
    length = ids.str.len_chars()
    strange = ids.is_null() | (length == 0) | (length > ID_LENGTH) | (ids.str.strip_chars() != ids)
    wanted = f"ids of 1 to {ID_LENGTH} characters without white space at the ends"
    _refuse(ids, strange, wanted)
    _refuse(ids, ids.is_duplicated(), f"each {ids.name} once")


def _refuse(ids: pl.Series, wrong: pl.Series, wanted: str) -> None:
    bad = ids.filter(wrong.fill_null(False))
    if len(bad):
        shown = ", ".join(repr(one) for one in bad.head(5).to_list())
        more = ", ..." if len(bad) > 5 else ""
        raise InvalidInput(
            f"{len(bad)} rows of {ids.name}s cannot be imported ({shown}{more}): wanted {wanted}. "
            "Correct or leave out these rows."
        )
