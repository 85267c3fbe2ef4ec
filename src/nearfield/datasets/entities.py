"""Turns the rows of an items or users table into checked items or users with their attributes."""

from collections.abc import Sequence
from typing import Final

import polars as pl

from nearfield.datasets.checks import (
    LINE,
    LONGEST_ID,
    LONGEST_TITLE,
    Rule,
    id_rules,
    refuse_broken,
    shorten,
)
from nearfield.datasets.columns import Finder, Reading
from nearfield.datasets.raw import Raw
from nearfield.datasets.report import ReadReport
from nearfield.datasets.tables import Columns
from nearfield.datasets.typed import as_text, as_whole

_ITEM: Final = (Columns.ITEM, Columns.TITLE, Columns.YEAR, Columns.GENRES, Columns.KEY)
_USER: Final = (Columns.USER, Columns.KEY)
_RAW_YEAR: Final = "_year"
_NO_GENRES: Final = ("", "(no genres listed)", "unknown")
_YEAR_IN_TITLE: Final = r"\s*\((\d{4})(?:\s?[-\u2013]\s?\d{0,4})?\)(?:\s*\(V\))?\s*$"
_ARTICLE_LAST: Final = r"^(.+), (The|A|An)((?: \(.*\))?)$"
_MEND: Final = "Correct or delete the line."


def read_items(raw: Raw, reading: Reading, report: ReadReport) -> pl.DataFrame:
    """Return items as in `Tables`, each once.

    Raises
    ------
    InvalidInput
        If the id's column is missing, or no row can be used.
    """
    parts = []
    for chunk in raw.chunks:
        items = _items_of(chunk, raw.file, reading)
        rules = [*id_rules(Columns.ITEM), *_text_rules()]
        good = refuse_broken(items, rules, raw.file, report)
        _note_years(good, raw.file, report)
        parts.append(good.drop(_RAW_YEAR))
    return _each_once(pl.concat(parts), Columns.ITEM, raw.file, report)


def read_users(raw: Raw, reading: Reading, report: ReadReport) -> pl.DataFrame:
    """Return users as in `Tables`, each once.

    Raises
    ------
    InvalidInput
        If the id's column is missing, or no row can be used.
    """
    parts = []
    for chunk in raw.chunks:
        users = _users_of(chunk, raw.file, reading)
        rules = id_rules(Columns.USER)
        rules += [
            Rule(
                ~pl.col(name).is_in(list(codes)).fill_null(False),
                pl.format(f"{name} '{{}}'", pl.col(name).fill_null("")),
                f"one of {', '.join(codes)}",
                _MEND,
            )
            for name, codes in reading.codes.items()
        ]
        good = refuse_broken(users, rules, raw.file, report)
        parts.append(good.with_columns(pl.col(n).replace(c) for n, c in reading.codes.items()))
    return _each_once(pl.concat(parts), Columns.USER, raw.file, report)


def items_of_events(events: pl.DataFrame) -> pl.DataFrame:
    """Return items known by id only, in order of their first event; the title is the id."""
    items = events.select(pl.col(Columns.ITEM).unique(maintain_order=True))
    return items.with_columns(
        pl.col(Columns.ITEM).alias(Columns.TITLE),
        pl.lit(None, dtype=pl.Int64).alias(Columns.YEAR),
        pl.lit([], dtype=pl.List(pl.String)).alias(Columns.GENRES),
    )


def users_of_events(events: pl.DataFrame) -> pl.DataFrame:
    """Return users known by id only, in order of their first event."""
    return events.select(pl.col(Columns.USER).unique(maintain_order=True))


def _items_of(chunk: pl.DataFrame, file: str, reading: Reading) -> pl.DataFrame:
    finder = _finder(chunk, file, reading)
    types = chunk.schema
    item = finder.required(Columns.ITEM)
    title, year = finder.optional(Columns.TITLE), finder.optional(Columns.YEAR)
    genres = finder.optional(Columns.GENRES)
    name = as_text(title, types[title]) if title else pl.lit(None, dtype=pl.String)
    if year:
        raw_year, number = as_text(year, types[year]), as_whole(year, types[year])
    else:
        found = name.str.extract(_YEAR_IN_TITLE) if reading.movielens_titles else None
        raw_year = pl.lit(None, dtype=pl.String) if found is None else found
        number = raw_year.cast(pl.Int64)
    identity = as_text(item, types[item])
    if reading.movielens_titles:
        name = natural_title(name)
    taken = (item, title, year, genres, *reading.flags)
    return chunk.select(
        identity.alias(Columns.ITEM),
        pl.coalesce(name, identity).alias(Columns.TITLE),
        pl.when(number.is_between(1, 2999)).then(number).alias(Columns.YEAR),
        _genres(genres, types, reading).alias(Columns.GENRES),
        *_attributes(finder, types, taken, _ITEM),
        raw_year.alias(_RAW_YEAR),
        LINE,
    )


def _text_rules() -> list[Rule]:
    title, genres = pl.col(Columns.TITLE), pl.col(Columns.GENRES)
    longest = genres.list.eval(pl.element().str.len_chars()).list.max()
    return [
        Rule(
            title.str.len_chars() > LONGEST_TITLE,
            pl.format("title '{}'", title),
            f"at most {LONGEST_TITLE:,} characters",
            _MEND,
        ),
        Rule(
            longest > LONGEST_ID,
            pl.format("genres '{}'", genres.list.join("|")),
            f"genres of at most {LONGEST_ID} characters",
            "Check what separates them.",
        ),
    ]


def _note_years(items: pl.DataFrame, file: str, report: ReadReport) -> None:
    """Say which years were left out: refusing the item would refuse all its events."""
    odd = items.filter(pl.col(_RAW_YEAR).is_not_null() & pl.col(Columns.YEAR).is_null())
    if odd.height:
        line, came = odd.select(LINE, _RAW_YEAR).row(0)
        report.note(
            f"{file}: {odd.height:,} items go in without a year, which is no number from 1 to "
            f"2999; the first is {shorten(came)!r} on line {line}."
        )


def _users_of(chunk: pl.DataFrame, file: str, reading: Reading) -> pl.DataFrame:
    finder = _finder(chunk, file, reading)
    user = finder.required(Columns.USER)
    return chunk.select(
        as_text(user, chunk.schema[user]).alias(Columns.USER),
        *_attributes(finder, chunk.schema, (user,), _USER),
        LINE,
    )


def _finder(chunk: pl.DataFrame, file: str, reading: Reading) -> Finder:
    return Finder(file, [name for name in chunk.columns if name != LINE], reading.columns)


def _attributes(
    finder: Finder, types: pl.Schema, taken: Sequence[str | None], reserved: Sequence[str]
) -> list[pl.Expr]:
    return [
        as_text(theirs, types[theirs]).alias(ours)
        for ours, theirs in finder.attributes(taken, reserved).items()
    ]


def natural_title(title: pl.Expr) -> pl.Expr:
    """Return "The Matrix" for "Matrix, The (1999)"."""
    bare = title.str.replace(_YEAR_IN_TITLE, "").str.strip_chars()
    return bare.str.replace(_ARTICLE_LAST, "$2 $1$3")


def _genres(column: str | None, types: pl.Schema, reading: Reading) -> pl.Expr:
    """Return the genres as lists, without the words for "none"."""
    if reading.flags:
        flags = [pl.when(pl.col(f).str.strip_chars() == "1").then(pl.lit(f)) for f in reading.flags]
        genres = pl.concat_list(flags).list.drop_nulls()
    elif column is None:
        return pl.lit([], dtype=pl.List(pl.String))
    elif isinstance(types[column], pl.List):
        genres = pl.col(column).cast(pl.List(pl.String))
    else:
        genres = as_text(column, types[column]).str.split(reading.genre_separator)
    word = pl.element().str.strip_chars()
    return genres.list.eval(word.filter(~word.is_in(_NO_GENRES))).fill_null([])


def _each_once(frame: pl.DataFrame, key: str, file: str, report: ReadReport) -> pl.DataFrame:
    """Keep the first row of each id."""
    once = frame.unique(subset=key, keep="first", maintain_order=True)
    report.count(file).duplicates += frame.height - once.height
    return once.drop(LINE)
