"""Turn a condition on items into SQL with bound parameters.

SQL has three truth values, people have two: here a test of something unknown is false, `!=` and
`not` are the exact opposite of `=` and of what follows. So every test below yields true or false,
never null.
"""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Double, and_, cast, not_, or_, select
from sqlalchemy.sql import operators

from nearfield.catalogue.condition import (
    FIELDS,
    GENRE,
    ITEM,
    TITLE,
    YEAR,
    AllOf,
    AnyOf,
    Compare,
    Condition,
    IsNull,
    Like,
    Not,
    OneOf,
    Test,
    problem,
)
from nearfield.catalogue.schema import item_genres, items
from nearfield.errors import InvalidInput

_COMPARE = {
    "=": operators.eq,
    "!=": operators.eq,  # negated as a whole
    "<": operators.lt,
    "<=": operators.le,
    ">": operators.gt,
    ">=": operators.ge,
}


def where_sql(condition: Condition, attributes: Collection[str]) -> ColumnElement[bool]:
    """Return the SQL of a condition on the table of items.

    Parameters
    ----------
    condition : Condition
        As `parse_where` makes it, or built by hand.
    attributes : collection of str
        Names of the attributes that the items of the catalogue have.

    Raises
    ------
    InvalidInput
        If a field does not exist, or cannot be tested like that.
    """
    match condition:
        case AllOf():
            return and_(*(where_sql(part, attributes) for part in condition.parts))
        case AnyOf():
            return or_(*(where_sql(part, attributes) for part in condition.parts))
        case Not():
            return not_(where_sql(condition.part, attributes).self_group())
        case Compare(operator="!="):
            return where_sql(Not(Compare(condition.field, "=", condition.value)), attributes)
        case _:
            return _test(condition, attributes)


def _test(test: Test, attributes: Collection[str]) -> ColumnElement[bool]:
    if wrong := problem(test):
        raise InvalidInput(f"cannot use the condition {test}: {wrong}.")
    if test.field not in FIELDS and test.field not in attributes:
        known = ", ".join([*FIELDS, *attributes])
        raise InvalidInput(f"items have no field {test.field!r}. There are: {known}.")
    if test.field == GENRE:
        return _genre(test)
    if test.field == ITEM:
        return _item(test)
    if test.field == YEAR:
        return _known(items.c.year, test)
    if test.field == TITLE:
        return _known(items.c.title, test)
    return _attribute(items.c.attributes[test.field].as_string(), test)


def _genre(test: Test) -> ColumnElement[bool]:
    of_items = select(item_genres.c.item_id)
    if isinstance(test, IsNull):
        return items.c.id.not_in(of_items)
    return items.c.id.in_(of_items.where(_plain(item_genres.c.genre, test)))


def _item(test: Test) -> ColumnElement[bool]:
    values = test.values if isinstance(test, OneOf) else (getattr(test, "value", ""),)
    return items.c.public_id.in_([str(value) for value in values])


def _attribute(value: ColumnElement[str], test: Test) -> ColumnElement[bool]:
    """Test an attribute: with a number by its size, with text as text."""
    if isinstance(test, OneOf):
        texts = tuple(one for one in test.values if isinstance(one, str))
        numbers = tuple(one for one in test.values if not isinstance(one, str))
        return or_(
            _known(value, OneOf(test.field, texts)),
            and_(_is_number(value), _plain(cast(value, Double), OneOf(test.field, numbers))),
        )
    if isinstance(test, Compare) and not isinstance(test.value, str):
        return and_(_is_number(value), _plain(cast(value, Double), test))
    return _known(value, test)


def _is_number(value: ColumnElement[str]) -> ColumnElement[bool]:
    """Tell a text that begins like a number, for databases that read any other as 0."""
    digits = [and_(value >= f"{sign}0", value < f"{sign}:") for sign in ("", "-")]
    return and_(value.is_not(None), or_(*digits))


def _known(value: ColumnElement[Any], test: Test) -> ColumnElement[bool]:
    if isinstance(test, IsNull):
        return value.is_(None)
    return and_(value.is_not(None), _plain(value, test))


def _plain(value: ColumnElement[Any], test: Test) -> ColumnElement[bool]:
    match test:
        case Compare():
            compared: ColumnElement[bool] = _COMPARE[test.operator](value, test.value)
            return compared
        case OneOf():
            return value.in_(test.values)
        case Like():
            return value.ilike(test.pattern, escape="\\")
        case IsNull():
            return value.is_(None)
