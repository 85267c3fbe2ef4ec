"""Ids as they are stored, and what to say of those that the catalogue does not have."""

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from nearfield.errors import NotFound
from nearfield.types import PublicId

T = TypeVar("T")

_STALE: Final = (
    "They are of another catalogue, or this one was removed and imported anew: publish again."
)
_ADVICE: Final = {
    "items": "Check the spelling, or import the items again if they are new.",
    "users": "Check the spelling, or recommend by liked items or attributes instead.",
    "item keys": _STALE,
    "user keys": _STALE,
}


def in_order(name: str, what: str, wanted: list[Any], found: Mapping[Any, T]) -> list[T]:
    """Return what was found of everything wanted, in that order.

    Parameters
    ----------
    name : str
        Of the catalogue.
    what : {"items", "users", "item keys", "user keys"}
        What `wanted` is.
    wanted : list
        Ids or keys.
    found : mapping
        By id or key.

    Raises
    ------
    NotFound
        If something is missing.
    """
    try:
        return [found[one] for one in wanted]
    except KeyError:
        unknown = list(dict.fromkeys(one for one in wanted if one not in found))
    shown = ", ".join(map(repr, unknown[:5])) + (", ..." if len(unknown) > 5 else "")
    raise NotFound(
        f"catalogue {name!r} does not have {len(unknown)} of the {what}: {shown}. {_ADVICE[what]}"
    )


def stored_text(public: PublicId) -> str:
    """Return an id as it is stored; broken UTF-8 of a command line must not reach the driver."""
    return str(public).encode("utf-8", "backslashreplace").decode("utf-8")
