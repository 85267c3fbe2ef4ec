"""Read what someone says of themselves: age in years, F or M, an occupation by number or name."""

from collections.abc import Mapping, Sequence
from typing import Final

from nearfield.datasets.occupations import resolve_occupation
from nearfield.errors import InvalidInput

AGE: Final = "age"
GENDER: Final = "gender"
OCCUPATION: Final = "occupation"

OLDEST: Final = 120
"""The largest age in years that is believed."""

_FEW: Final = 25
"""How many known values a message names."""


def read_attributes(
    given: Mapping[str, str | int], known: Mapping[str, Sequence[str]]
) -> dict[str, str]:
    """Turn attributes as they were typed into values of the catalogue.

    Parameters
    ----------
    given : mapping
        Attribute name to value, e.g. ``{"age": 25, "gender": "f", "occupation": 4}``.
    known : mapping
        Each attribute that the catalogue's users have, with its values.

    Returns
    -------
    dict
        Name to value as text, in the order given; ages as whole years.

    Raises
    ------
    InvalidInput
        If a name or a value is not known; the message names those that are.
    """
    return {name: _read(name, str(value).strip(), known) for name, value in given.items()}


def _read(name: str, value: str, known: Mapping[str, Sequence[str]]) -> str:
    if name not in known:
        names = ", ".join(sorted(known)) or "none at all"
        raise InvalidInput(
            f"attribute {name!r} is unknown; the users of this catalogue have {names}. "
            f"Leave it out, or import users with a column of that name."
        )
    if name == AGE:
        return _read_age(value)
    if name == OCCUPATION:
        return resolve_occupation(value, known[name])
    return _read_choice(name, value, known[name])


def _read_age(value: str) -> str:
    if not (value.isascii() and value.isdigit() and 1 <= int(value) <= OLDEST):
        raise InvalidInput(
            f"age is {value!r}, but whole years from 1 to {OLDEST} are wanted. "
            f"Give a number such as 25."
        )
    return str(int(value))


def _read_choice(name: str, value: str, known: Sequence[str]) -> str:
    """Find a value without regard to case; the exact spelling wins."""
    if value in known:
        return value
    folded = {one.casefold(): one for one in known}
    if value.casefold() not in folded:
        named = ", ".join(known[:_FEW]) + (", ..." if len(known) > _FEW else "")
        raise InvalidInput(f"{name} is {value!r}, but this catalogue knows {named}. Give one.")
    return folded[value.casefold()]
