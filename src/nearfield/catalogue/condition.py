"""A condition on items: a small tree of frozen values, made by `parse_where` or by hand."""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Operator: TypeAlias = Literal["=", "!=", "<", "<=", ">", ">="]
Value: TypeAlias = int | float | str

GENRE: Final = "genre"
YEAR: Final = "year"
TITLE: Final = "title"
ITEM: Final = "item"
FIELDS: Final = (GENRE, YEAR, TITLE, ITEM)
"""Fields of every item; any further name is an attribute of the catalogue."""


@dataclass(frozen=True, slots=True)
class Compare:
    """`field operator value`. What is unknown satisfies only `!=`."""

    field: str
    operator: Operator
    value: Value


@dataclass(frozen=True, slots=True)
class OneOf:
    """`field in (value, ...)`."""

    field: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Like:
    """`field like pattern`: % is any text, _ one character, a backslash takes the next as it is.

    Upper and lower case are the same.
    """

    field: str
    pattern: str


@dataclass(frozen=True, slots=True)
class IsNull:
    """`field is null`: nothing is known of it (for `genre`: the item has none)."""

    field: str


@dataclass(frozen=True, slots=True)
class Not:
    """The items that do not satisfy `part`, also those of which too little is known."""

    part: "Condition"


@dataclass(frozen=True, slots=True)
class AllOf:
    """`part and part ...`."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """`part or part ...`."""

    parts: tuple["Condition", ...]


Test: TypeAlias = Compare | OneOf | Like | IsNull
Condition: TypeAlias = Test | Not | AllOf | AnyOf


def problem(test: Test) -> str | None:
    """Return what is wrong with a test of one of the fixed `FIELDS`, as a sentence; else None."""
    numbers = [value for value in _values(test) if not isinstance(value, str)]
    texts = [value for value in _values(test) if isinstance(value, str)]
    if test.field == YEAR and (texts or isinstance(test, Like)):
        return "a year is a number: write for example year >= 1990"
    if test.field in (TITLE, GENRE) and numbers:
        return f"a {test.field} is text: put it in single quotes, {test.field} = '{numbers[0]}'"
    if test.field == GENRE and isinstance(test, Compare) and test.operator not in ("=", "!="):
        return "genres have no order: use =, !=, in, like or is null"
    if test.field == ITEM and not _fits_item(test):
        return "an item is chosen by its whole id: use =, != or in"
    return None


def _values(test: Test) -> tuple[Value, ...]:
    match test:
        case Compare():
            return (test.value,)
        case OneOf():
            return test.values
        case Like():
            return (test.pattern,)
        case IsNull():
            return ()


def _fits_item(test: Test) -> bool:
    whole = not any(isinstance(value, float) for value in _values(test))
    match test:
        case Compare():
            return whole and test.operator in ("=", "!=")
        case OneOf():
            return whole
        case _:
            return False
