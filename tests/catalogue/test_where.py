"""Conditions: what they mean, what is refused, and that nothing gets into the SQL text."""

import contextlib
import operator
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nearfield.catalogue.catalogue import Catalogue
from nearfield.catalogue.condition import (
    AllOf,
    AnyOf,
    Compare,
    Condition,
    IsNull,
    Like,
    Not,
    OneOf,
    Test,
)
from nearfield.catalogue.store import Catalogues
from nearfield.catalogue.where import parse_where
from nearfield.errors import InvalidInput, NotFound
from small_frames import item_frame, tables

ITEMS: list[dict[str, Any]] = [
    {"item": "1", "title": "Star Wars", "year": 1977, "genres": ["Action", "Sci-Fi"]},
    {"item": "2", "title": "star trek", "year": 1979, "genres": ["Sci-Fi"], "minutes": "132"},
    {"item": "3", "title": "It's 100% me", "year": None, "genres": [], "minutes": "9"},
    {"item": "4", "title": "Drama", "year": 1990, "genres": ["Drama"], "minutes": "-5.5"},
    {"item": "A", "title": "Ünder_tow", "year": 2000, "genres": ["Drama"], "a b": "x"},
    {"item": "a", "title": "", "year": -50, "genres": ["drama"], "minutes": "long", "a b": "y'z"},
]


@pytest.fixture
def movies(store: Catalogues) -> Catalogue:
    rows = [(row["item"], row["title"], row["year"], row["genres"]) for row in ITEMS]
    frame = item_frame(*rows).with_columns(
        pl.Series(name, [row.get(name) for row in ITEMS], dtype=pl.String)
        for name in ("minutes", "a b")
    )
    list(store.import_tables("movies", tables(frame)))
    return store.get("movies")


def ids(catalogue: Catalogue, text: str) -> list[Any]:
    return catalogue.item_ids(catalogue.matching(parse_where(text)))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("genre = 'Sci-Fi'", "12"),
        ("genre = 'drama'", "a"),
        ("genre != 'Sci-Fi'", "34Aa"),
        ("genre in ('Action', 'Drama')", "14A"),
        ("genre not in ('Action', 'Drama')", "23a"),
        ("genre like 'd%'", "4Aa"),
        ("genre is null", "3"),
        ("genre IS NOT NULL", "124Aa"),
        ("year >= 1979", "24A"),
        ("year < 0", "a"),
        ("year <> 1979", "134Aa"),
        ("not year > 1978", "13a"),
        ("year is null", "3"),
        ("year in (1977, 1990.0)", "14"),
        ("title like 'Star%'", "12"),
        ("title not like 'Star%'", "34Aa"),
        (r"title like '%100\% me'", "3"),
        (r"title like '%r\_tow'", "A"),
        ("title = 'It''s 100% me'", "3"),
        ("title = ''", "a"),
        ("title > 'E'", "123A"),
        ("item = 1", "1"),
        ("item != 'a'", "1234A"),
        ("item in (1, 2, 'A')", "12A"),
        ("minutes > 9", "2"),
        ("minutes <= 9.0", "34"),
        ("minutes = 132", "2"),
        ("minutes in (9, 'long')", "3a"),
        ("minutes is null", "1A"),
        ("minutes != 9", "124Aa"),
        ("minutes >= 'l'", "a"),
        ("\"a b\" = 'y''z'", "a"),
        ("\"a b\" like 'X'", "A"),
        ("genre = 'Drama' and year >= 1990 or item = 1", "14A"),
        ("genre = 'Drama' and (year > 1990 or item = 1)", "A"),
        ("not (genre = 'Drama' or genre = 'Sci-Fi') and year is not null", "a"),
        ("not not year = 1990", "4"),
    ],
)
def test_conditions_select(movies: Catalogue, text: str, wanted: str) -> None:
    assert "".join(ids(movies, text)) == wanted


@pytest.mark.parametrize(
    ("text", "message", "mark"),
    [
        ("", "expected a field .*found the end", 0),
        ("year", "expected =, !=,.*found the end", 4),
        ("year >=", "a number, or text in single quotes, found the end", 7),
        ("genre = Drama", "text in single quotes, found 'Drama'", 8),
        ("genre = 'Drama", "expected a closing '", 8),
        ("year == 1990", "text in single quotes, found '= 1990'", 6),
        ("year = 1990 genre = 'a'", "'and', 'or' or the end", 12),
        ("(year = 1990", r"'and', 'or' or '\)'", 12),
        ("year in 1990", r"'\(' and a list", 8),
        ("year in (1990 1991)", r"',' or '\)'", 14),
        ("year in ()", "a number, or text", 9),
        ("title like 5", "a pattern in single quotes", 11),
        ("title is 5", "'null' or 'not null'", 9),
        ("title not = 'a'", "'in' or 'like'", 10),
        ("and year = 1", "expected a field", 0),
        ("year = 1; drop table items", "a field, a value or a sign, found '; drop", 8),
        ("year = 19x", "a field, a value or a sign", 7),
        ("year = 1234567890123456789", "at most 18 characters", 7),
        ("genre = 'a' and year = 'b'", "a year is a number", 16),
        ("title = 5", "a title is text: put it in single quotes, title = '5'", 0),
        ("genre > 'a'", "genres have no order", 0),
        ("item like '1%'", "chosen by its whole id", 0),
        ("(" * 60 + "year = 1" + ")" * 60, "at most 50 levels", 51),
        (" or ".join(["year = 1"] * 201), "at most 200 tests", 2400),
    ],
)
def test_errors_point_at_the_place(text: str, message: str, mark: int) -> None:
    with pytest.raises(InvalidInput, match=message) as caught:
        parse_where(text)
    assert f"at character {mark + 1}:" in str(caught.value)
    shown, caret = str(caught.value).splitlines()[-2:]
    place = caret.index("^") - 2
    assert shown[2 + place : 2 + place + 5].startswith(text[mark : mark + 5].rstrip())


def test_a_condition_that_is_not_text_is_refused() -> None:
    with pytest.raises(InvalidInput, match="not proper UTF-8"):
        parse_where("title = '\udcff'")
    with pytest.raises(InvalidInput, match="100000 are allowed"):
        parse_where("x" * 100_001)


def test_unknown_fields_are_named_with_the_known_ones(movies: Catalogue) -> None:
    with pytest.raises(
        InvalidInput, match=r"no field 'yaer'.*genre, year, title, item, minutes, a b"
    ):
        movies.matching(parse_where("yaer = 1990"))
    with pytest.raises(InvalidInput, match="a year is a number"):
        movies.matching(Compare("year", "=", "1990"))


EVIL = [
    "' or 1=1 --",
    "x'; DROP TABLE items; --",
    "\\'; DROP TABLE items; --",
    '"; DROP TABLE items; --',
    "%",
    "_",
    "\\",
    "\x00",
    ":catalogue",
    "%(x)s",
    "?",
]


@pytest.mark.parametrize("evil", EVIL)
def test_nothing_gets_into_the_sql(movies: Catalogue, evil: str) -> None:
    quoted = evil.replace("'", "''")
    for field in ("genre", "title", "item", "minutes"):
        assert ids(movies, f"{field} = '{quoted}'") == []
        assert ids(movies, f"{field} in ('{quoted}')") == []
    for known in ("title", "minutes"):
        movies.matching(Like(known, evil))
    for test in (Compare(evil, "=", "1"), Like(evil, "1"), IsNull(evil), OneOf(evil, ("1",))):
        with pytest.raises(InvalidInput, match="have no field"):
            movies.matching(test)
    with pytest.raises(NotFound):
        movies.item_keys([evil])
    with pytest.raises(NotFound):
        movies.user_key(evil)
    assert movies.attribute_values(evil) == []
    assert movies.counts().items == len(ITEMS)


def test_attribute_names_are_data(store: Catalogues) -> None:
    names = ["a.b", "a'b", "$", "[0]", "a) --", "%s", ":x", "größe"]
    frame = item_frame(("1", "One", None, [])).with_columns(
        pl.lit(name).alias(name) for name in names
    )
    list(store.import_tables("m", tables(frame)))
    catalogue = store.get("m")
    for name in names:
        assert ids(catalogue, f"\"{name}\" = '{name.replace(chr(39), chr(39) * 2)}'") == [1]
        assert ids(catalogue, f"\"{name}\" = 'x'") == []


# ------------------------------------------------------------------ against plain Python

_OPERATORS = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_YEAR = st.sampled_from([-50, 1977, 1980, 1990, 2000])
_GENRE = st.sampled_from(["Drama", "Sci-Fi", "drama", "none"])
_TITLE = st.sampled_from(["Drama", "star trek", "", "Star Wars"])
_TESTS: st.SearchStrategy[Condition] = st.one_of(
    st.builds(Compare, st.just("year"), st.sampled_from(sorted(_OPERATORS)), _YEAR),
    st.builds(Compare, st.just("genre"), st.sampled_from(["=", "!="]), _GENRE),
    st.builds(Compare, st.just("title"), st.sampled_from(sorted(_OPERATORS)), _TITLE),
    st.builds(OneOf, st.just("year"), st.lists(_YEAR, min_size=1).map(tuple)),
    st.builds(OneOf, st.just("genre"), st.lists(_GENRE, min_size=1).map(tuple)),
    st.builds(IsNull, st.sampled_from(["year", "genre", "minutes"])),
)
_CONDITIONS: st.SearchStrategy[Condition] = st.recursive(
    _TESTS,
    lambda part: st.one_of(
        st.builds(Not, part),
        st.builds(AllOf, st.lists(part, min_size=2, max_size=3).map(tuple)),
        st.builds(AnyOf, st.lists(part, min_size=2, max_size=3).map(tuple)),
    ),
    max_leaves=6,
)


def holds(condition: Condition, row: dict[str, Any]) -> bool:
    match condition:
        case AllOf(parts):
            return all(holds(part, row) for part in parts)
        case AnyOf(parts):
            return any(holds(part, row) for part in parts)
        case Not(part):
            return not holds(part, row)
        case _:
            key = "genres" if condition.field == "genre" else condition.field
            known = row.get(key)
            held = known if isinstance(known, list) else [] if known is None else [known]
            return passes(condition, held)


def passes(test: Test, held: list[Any]) -> bool:
    """Tell whether any of the values that an item has (none, one, or its genres) will do."""
    match test:
        case IsNull():
            return not held
        case OneOf(_, values):
            return any(value in values for value in held)
        case Compare(_, "!=", wanted):
            return wanted not in held
        case Compare(_, sign, wanted):
            return any(_OPERATORS[sign](value, wanted) for value in held)
        case _:
            raise AssertionError(test)


def written(condition: Condition) -> str:
    """Return the condition as one would write it."""
    match condition:
        case AllOf(parts):
            return "(" + " and ".join(map(written, parts)) + ")"
        case AnyOf(parts):
            return "(" + " or ".join(map(written, parts)) + ")"
        case Not(part):
            return f"not ({written(part)})"
        case IsNull(field):
            return f"{field} is null"
        case OneOf(field, values):
            return f"{field} in ({', '.join(map(repr, values))})"
        case Compare(field, sign, value):
            return f"{field}{sign}{value!r}"
        case _:
            raise AssertionError(condition)


@settings(deadline=None)  # other work on the machine is no failure
@given(_CONDITIONS)
def test_what_is_written_is_read_back(condition: Condition) -> None:
    assert written(parse_where(written(condition))) == written(condition)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(_CONDITIONS)
def test_sql_agrees_with_python(movies: Catalogue, condition: Condition) -> None:
    wanted = [row["item"] for row in ITEMS if holds(condition, row)]
    assert movies.item_ids(movies.matching(condition)) == wanted


@settings(deadline=None)
@given(st.text(alphabet="year genre'\"()=<>!,.-%_\\;19andotin\t\n\x00é", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(InvalidInput):
        parse_where(text)


def test_keys_rise(movies: Catalogue) -> None:
    keys = movies.matching(parse_where("title is not null"))
    assert (np.diff(keys) > 0).all()
    assert keys.dtype == np.int64


def test_what_matched_is_looked_for_again_once_an_item_changes(
    store: Catalogues, movies: Catalogue
) -> None:
    asked = "year >= 1990 and genre = 'Drama'"
    before = ids(movies, asked)
    assert ids(movies, asked) == before
    frame = item_frame(("new", "A New One", 1999, ["Drama"])).with_columns(
        pl.lit(None, pl.String).alias(name) for name in ("minutes", "a b")
    )
    list(store.import_tables("movies", tables(frame)))
    assert set(ids(movies, asked)) == {*before, "new"}
    movies.delete_items(["new"])
    assert ids(movies, asked) == before
