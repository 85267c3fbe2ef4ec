"""Turns the rows of an events table into checked events; ids are compared with others later."""

from dataclasses import dataclass
from typing import Final

import polars as pl

from nearfield.datasets.checks import LINE, Rule, id_rules, refuse_broken
from nearfield.datasets.columns import Finder, Reading
from nearfield.datasets.raw import Raw
from nearfield.datasets.report import ReadReport
from nearfield.datasets.tables import EVENT_KINDS, Columns
from nearfield.datasets.typed import MILLISECONDS_FROM, as_number, as_text, as_time, to_seconds

_RAW_VALUE: Final = "_value"
_RAW_TIME: Final = "_time"
_DELETE: Final = "Correct or delete the line."


def read_events(raw: Raw, reading: Reading, report: ReadReport) -> pl.DataFrame:
    """Return `user`, `item`, `kind`, `value`, `time` as in `Tables`, and `LINE`.

    Raises
    ------
    InvalidInput
        If a column is missing; wrong rows go into the report instead.
    """
    return pl.concat([_read_chunk(chunk, raw.file, reading, report) for chunk in raw.chunks])


@dataclass(frozen=True, slots=True)
class _Found:
    """The file's names of our columns."""

    user: str
    item: str
    value: str | None
    time: str | None
    kind: str | None


def _find(chunk: pl.DataFrame, file: str, reading: Reading) -> _Found:
    finder = Finder(file, [name for name in chunk.columns if name != LINE], reading.columns)
    pick = finder.required if reading.complete else finder.optional
    return _Found(
        user=finder.required(Columns.USER),
        item=finder.required(Columns.ITEM),
        value=pick(Columns.VALUE),
        time=pick(Columns.TIME),
        kind=finder.optional(Columns.KIND),
    )


def _read_chunk(
    chunk: pl.DataFrame, file: str, reading: Reading, report: ReadReport
) -> pl.DataFrame:
    found = _find(chunk, file, reading)
    types = chunk.schema
    nothing = pl.lit(None, dtype=pl.String)
    value = as_number(found.value, types[found.value]) if found.value else nothing
    time = as_time(found.time, types[found.time]) if found.time else pl.lit(0)
    events = chunk.select(
        as_text(found.user, types[found.user]).alias(Columns.USER),
        as_text(found.item, types[found.item]).alias(Columns.ITEM),
        _kind(found, reading, types),
        value.cast(pl.Float32, strict=False).alias(Columns.VALUE),
        time.cast(pl.Int64).alias(Columns.TIME),
        (pl.col(found.value) if found.value else nothing).alias(_RAW_VALUE),
        (pl.col(found.time) if found.time else nothing).alias(_RAW_TIME),
        LINE,
    )
    good = refuse_broken(events, _rules(reading), file, report)
    latest = good[Columns.TIME].max()
    if isinstance(latest, int) and latest >= MILLISECONDS_FROM:
        report.note(f"{file} has times in milliseconds (or finer): divided to seconds.")
        good = good.with_columns(to_seconds(pl.col(Columns.TIME)))
    return good.drop(_RAW_VALUE, _RAW_TIME).with_columns(pl.col(Columns.TIME).fill_null(0))


def _kind(found: _Found, reading: Reading, types: pl.Schema) -> pl.Expr:
    usual = reading.kind or ("rated" if found.value else "watched")
    if found.kind is None:
        return pl.lit(usual).alias(Columns.KIND)
    text = as_text(found.kind, types[found.kind])
    return text.str.to_lowercase().fill_null(usual).alias(Columns.KIND)


def _rules(reading: Reading) -> list[Rule]:
    value, time, kind = pl.col(Columns.VALUE), pl.col(Columns.TIME), pl.col(Columns.KIND)
    rated = kind == "rated"
    rules = [
        *id_rules(Columns.USER),
        *id_rules(Columns.ITEM),
        Rule(
            ~kind.is_in(EVENT_KINDS),
            pl.format("kind '{}'", kind),
            f"one of {', '.join(EVENT_KINDS)}",
            _DELETE,
        ),
        Rule(
            # null although something was written, NaN, infinite, or missing from a rating
            (value.is_null() & (rated | _written(_RAW_VALUE))) | ~value.is_finite(),
            _said("value", _RAW_VALUE),
            "a finite number",
            _DELETE,
        ),
        Rule(
            (time.is_null() & (pl.lit(reading.complete) | _written(_RAW_TIME))) | (time < 0),
            _said("time", _RAW_TIME),
            "whole seconds since 1970, not negative",
            _DELETE,
        ),
    ]
    if reading.scale is not None:
        low, high = reading.scale
        outside = ~value.is_between(low, high)
        came, wanted = _said("rating", _RAW_VALUE), f"{low:g} to {high:g}"
        rules.append(Rule(rated & outside, came, wanted, _DELETE))
    return rules


def _written(column: str) -> pl.Expr:
    return pl.col(column).cast(pl.String, strict=False).fill_null("").str.strip_chars() != ""


def _said(name: str, column: str) -> pl.Expr:
    """Return text such as ``rating '9'``."""
    return pl.format(f"{name} '{{}}'", pl.col(column).cast(pl.String, strict=False).fill_null(""))
