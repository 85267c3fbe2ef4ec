"""Reads text, numbers and times out of columns of any type; what cannot be read becomes null."""

from typing import Final

import polars as pl

MILLISECONDS_FROM: Final = 100_000_000_000
"""Times from here on are not seconds: in seconds this is the year 5138, in ms it is 1973."""


def as_text(column: str, dtype: pl.DataType) -> pl.Expr:
    """Return the column as text without spaces around it; null where empty."""
    value = pl.col(column)
    if isinstance(dtype, pl.List):
        return value.cast(pl.List(pl.String)).list.join("|")
    if dtype.is_float():  # pandas makes floats of ids as soon as one is missing
        whole = value.is_finite() & (value == value.floor()) & (value.abs() < 2**53)
        text = value.fill_nan(None).cast(pl.String)
        return (
            pl.when(whole).then(value.cast(pl.Int64, strict=False).cast(pl.String)).otherwise(text)
        )
    text = value.cast(pl.String, strict=False)
    if not isinstance(dtype, pl.String | pl.Categorical | pl.Enum):
        return text
    text = text.str.strip_chars()
    return pl.when(text != "").then(text)


def as_number(column: str, dtype: pl.DataType) -> pl.Expr:
    """Return the column as Float64."""
    value = pl.col(column)
    return (value.str.strip_chars() if dtype == pl.String else value).cast(pl.Float64, strict=False)


def as_whole(column: str, dtype: pl.DataType) -> pl.Expr:
    """Return the column as Int64; "1995.0" is whole, "1995.5" null."""
    if dtype.is_integer():
        return pl.col(column).cast(pl.Int64, strict=False)
    number = as_number(column, dtype)
    whole = number.is_finite() & (number == number.floor())
    rounded = pl.when(whole).then(number).cast(pl.Int64, strict=False)
    if dtype != pl.String:
        return rounded
    return pl.coalesce(pl.col(column).cast(pl.Int64, strict=False), rounded)


def as_time(column: str, dtype: pl.DataType) -> pl.Expr:
    """Return the column as Int64: dates in seconds since 1970, numbers in the unit they have."""
    if isinstance(dtype, pl.Date | pl.Datetime):
        return pl.col(column).dt.epoch("s")
    return as_whole(column, dtype)


def to_seconds(time: pl.Expr) -> pl.Expr:
    """Return whole seconds since 1970 from seconds, ms, us or ns, told apart by their size."""
    return (
        pl.when(time < MILLISECONDS_FROM)
        .then(time)
        .when(time < MILLISECONDS_FROM * 1_000)
        .then(time // 1_000)
        .when(time < MILLISECONDS_FROM * 1_000_000)
        .then(time // 1_000_000)
        .otherwise(time // 1_000_000_000)
    )
