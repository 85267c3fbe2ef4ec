"""Check rows that a program sends one by one: items, users, events; errors name row and field."""

import math
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NoReturn

import numpy as np

from nearfield.catalogue.schema import ID_LENGTH, TITLE_LENGTH
from nearfield.datasets.tables import EVENT_KINDS, Columns
from nearfield.errors import InvalidInput
from nearfield.types import PublicId

_NAME: Final = re.compile(r'(?!_)[^"\\\x00-\x1f]{1,64}')
_OF_ITEMS: Final = (Columns.ITEM, Columns.USER, Columns.TITLE, Columns.YEAR, Columns.GENRES)
_OF_USERS: Final = (Columns.KEY, *_OF_ITEMS)
_MOST: Final = 200
"""Genres or attributes of one row."""
_LAST_YEAR: Final = 2999
LAST_TIME: Final = 100_000_000_000
"""In seconds this is the year 5138; what is larger was counted in milliseconds."""
_SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One item as it shall be.

    Parameters
    ----------
    item, title : str
        Its id, and what it is called.
    year : int or None
        None where unknown.
    genres : tuple of str
        In order.
    attributes : dict
        Name to value; None takes a value away, and names that are missing keep theirs.
    """

    item: str
    title: str
    year: int | None
    genres: tuple[str, ...]
    attributes: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event as it was sent.

    Parameters
    ----------
    user, item : str
        Ids.
    kind : int
        Position in `EVENT_KINDS`.
    value : float or None
        As many digits as imports keep (float32); None where it has none.
    time : int
        Seconds since 1970.
    told : bool
        Whether the sender gave the time.
    """

    user: str
    item: str
    kind: int
    value: float | None
    time: int
    told: bool


def read_items(rows: Sequence[Mapping[str, Any]]) -> list[ItemRow]:
    """Check items: ``{"id", "title", "year"?, "genres"?, "attributes"?}``, each id once.

    Raises
    ------
    InvalidInput
        If a row cannot be used; the message begins with its place and field: ``items[3].year``.
    """
    found: dict[str, ItemRow] = {}
    for place, row in enumerate(rows):
        where = f"items[{place}]"
        _check_fields(row, ("id", "title", "year", "genres", "attributes"), where)
        item = read_id(row.get("id"), f"{where}.id")
        if item in found:
            _fail(f"{where}.id", item, "each item is wanted once")
        found[item] = ItemRow(
            item=item,
            title=_text(row.get("title"), f"{where}.title", TITLE_LENGTH),
            year=_year(row.get("year"), f"{where}.year"),
            genres=_genres(row.get("genres"), f"{where}.genres"),
            attributes=read_attributes(row.get("attributes"), f"{where}.attributes", _OF_ITEMS),
        )
    return list(found.values())


def read_events(rows: Sequence[Mapping[str, Any]]) -> list[EventRow]:
    """Check events: ``{"user", "item", "kind"?, "value"?, "time"?}``.

    The kind is ``rated`` where a value is given and ``liked`` where none is; the time is now.

    Raises
    ------
    InvalidInput
        If a row cannot be used; the message begins with its place and field: ``events[3].value``.
    """
    now = int(time.time())
    return [_event(row, f"events[{place}]", now) for place, row in enumerate(rows)]


def read_attributes(
    given: Any, where: str, own: Sequence[str] = _OF_USERS
) -> dict[str, str | None]:
    """Check attributes: name to text, number, truth or None, as an import would keep them.

    Names of `own` cannot be given; songs do have an attribute ``key``.
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping) or len(given) > _MOST:
        _fail(where, given, f"an object of at most {_MOST} names and values is wanted")
    found: dict[str, str | None] = {}
    for name, value in given.items():
        if not isinstance(name, str) or not _NAME.fullmatch(name) or name in own:
            wanted = "names have 1 to 64 characters, no double quotes, backslashes or control "
            wanted += "characters, no _ in front, and are none of "
            _fail(f"{where} name", name, wanted + ", ".join(own))
        _check_text(name, f"{where} name")
        found[name] = _attribute(value, f"{where}.{name}")
    return found


def read_id(given: Any, where: str) -> str:
    """Check the id of a user or an item, and return it as it is stored."""
    wanted = f"an id is a whole number, or text of 1 to {ID_LENGTH} characters without white space "
    wanted += "at its ends"
    if isinstance(given, bool) or not isinstance(given, int | str):
        _fail(where, given, wanted)
    text = _digits(given, where, wanted) if isinstance(given, int) else given
    if not 0 < len(text) <= ID_LENGTH or text.strip() != text or "\0" in text:
        _fail(where, given, wanted)
    return _check_text(text, where)


def read_ids(given: Sequence[PublicId], where: str) -> list[str]:
    """Check several ids; each is returned once, in order."""
    return list(dict.fromkeys(read_id(one, f"{where}[{n}]") for n, one in enumerate(given)))


def _event(row: Mapping[str, Any], where: str, now: int) -> EventRow:
    _check_fields(row, ("user", "item", "kind", "value", "time"), where)
    value, moment = row.get("value"), row.get("time")
    number = None if value is None else float(np.float32(_number(value, f"{where}.value")))
    kind = row.get("kind")
    if kind is None:
        kind = "liked" if number is None else "rated"
    if kind not in EVENT_KINDS:
        _fail(f"{where}.kind", kind, f"it is one of {', '.join(EVENT_KINDS)}")
    if number is None and kind == "rated":
        _fail(f"{where}.value", None, "what is rated has a value")
    return EventRow(
        user=read_id(row.get("user"), f"{where}.user"),
        item=read_id(row.get("item"), f"{where}.item"),
        kind=EVENT_KINDS.index(kind),
        value=number,
        time=now if moment is None else _time(moment, f"{where}.time"),
        told=moment is not None,
    )


def _check_fields(row: Any, known: Sequence[str], where: str) -> None:
    if not isinstance(row, Mapping):
        _fail(where, row, f"an object with {', '.join(known)} is wanted")
    for name in row:
        if name not in known:
            _fail(where, name, f"the fields are {', '.join(known)}")


def _genres(given: Any, where: str) -> tuple[str, ...]:
    if given is None:
        return ()
    if isinstance(given, str) or not isinstance(given, Sequence) or len(given) > _MOST:
        _fail(where, given, f"a list of at most {_MOST} texts is wanted")
    return tuple(_text(one, f"{where}[{n}]", ID_LENGTH) for n, one in enumerate(given))


def _text(given: Any, where: str, longest: int) -> str:
    if not isinstance(given, str) or not 0 < len(given.strip()) <= longest:
        _fail(where, given, f"a text of 1 to {longest:,} characters is wanted")
    return _check_text(given.strip(), where)


def _attribute(given: Any, where: str) -> str | None:
    if isinstance(given, bool):
        return "true" if given else "false"
    wanted = f"a text of at most {TITLE_LENGTH:,} characters, a number, true, false or null"
    if isinstance(given, int):
        return _digits(given, where, wanted)
    if isinstance(given, float):
        number = _number(given, where)
        return str(int(number)) if number.is_integer() and abs(number) < 2**53 else str(number)
    if given is None:
        return None
    if not isinstance(given, str) or len(given) > TITLE_LENGTH:
        _fail(where, given, f"{wanted} is wanted")
    return _check_text(given.strip(), where) or None


def _digits(number: int, where: str, wanted: str) -> str:
    if abs(number) >= 2**63:  # Python itself refuses to write very large numbers
        _fail(where, "a number beyond 64 bits", wanted)
    return str(number)


def _year(given: Any, where: str) -> int | None:
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, int) or not 1 <= given <= _LAST_YEAR:
        _fail(where, given, f"a whole number from 1 to {_LAST_YEAR} or null is wanted")
    return given


def _time(given: Any, where: str) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or not 0 <= given < LAST_TIME:
        _fail(where, given, "whole seconds since 1970 are wanted, not milliseconds")
    return given


def _number(given: Any, where: str) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float) or abs(given) > 2**63:
        _fail(where, given, "a number within 64 bits is wanted")
    number = float(given)
    if not math.isfinite(number):
        _fail(where, given, "a finite number is wanted")
    return number


def _check_text(text: str, where: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        _fail(where, text, "half of a surrogate pair is no text")
    return text


def _fail(where: str, came: Any, wanted: str) -> NoReturn:
    shown = "missing" if came is None else ascii(came) if isinstance(came, str) else repr(came)
    if len(shown) > _SHOWN:
        shown = f"{shown[: _SHOWN - 3]}..."
    raise InvalidInput(f"{where} is {shown}: {wanted}. Correct this row, nothing was written.")
