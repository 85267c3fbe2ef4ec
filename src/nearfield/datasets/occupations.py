"""The occupations of MovieLens: numbers in ml-1m, other names for the same in ml-100k."""

from collections.abc import Collection
from typing import Final

from nearfield.errors import InvalidInput

OCCUPATIONS: Final = (
    "other",
    "academic/educator",
    "artist",
    "clerical/admin",
    "college/grad student",
    "customer service",
    "doctor/health care",
    "executive/managerial",
    "farmer",
    "homemaker",
    "K-12 student",
    "lawyer",
    "programmer",
    "retired",
    "sales/marketing",
    "scientist",
    "self-employed",
    "technician/engineer",
    "tradesman/craftsman",
    "unemployed",
    "writer",
)
"""The names by number, from the README of ml-1m (0 is "other or not specified")."""

_ALIKE: Final = (
    ("other", "none"),
    ("academic/educator", "academic", "educator", "librarian"),
    ("artist", "entertainment"),
    ("clerical/admin", "clerical", "administrator"),
    ("college/grad student", "student", "college student", "grad student"),
    ("K-12 student", "student", "pupil"),
    ("doctor/health care", "healthcare", "doctor", "health care"),
    ("executive/managerial", "executive", "manager", "managerial"),
    ("sales/marketing", "marketing", "salesman", "sales"),
    ("technician/engineer", "engineer", "technician"),
    ("tradesman/craftsman", "tradesman", "craftsman"),
    ("unemployed", "none"),
)
"""Names for nearly the same, the ml-1m name first, then ml-100k's in order of nearness."""


def resolve_occupation(given: str, known: Collection[str]) -> str:
    """Return the occupation among those known that is meant by a number or a name.

    Parameters
    ----------
    given : str
        A number of ml-1m (0 to 20), or a name of ml-1m or ml-100k in any case.
    known : collection of str
        The occupations that the catalogue has.

    Raises
    ------
    InvalidInput
        If none fits; the message lists the choices.

    Examples
    --------
    >>> resolve_occupation("4", ["artist", "student"])
    'student'
    >>> resolve_occupation("Student", ["college/grad student", "K-12 student"])
    'college/grad student'
    """
    by_lower = {name.lower(): name for name in sorted(known)}
    name = given.strip()
    if name.lower() in by_lower:
        return by_lower[name.lower()]
    if name.isdecimal() and int(name) < len(OCCUPATIONS):
        name = OCCUPATIONS[int(name)]
    for candidate in (name, *_near(name.lower())):
        if candidate.lower() in by_lower:
            return by_lower[candidate.lower()]
    choices = ", ".join(by_lower.values()) or "none"
    raise InvalidInput(
        f"occupation {given!r} is not known here: wanted one of {choices}, or a number from 0 to "
        f"{len(OCCUPATIONS) - 1} that means one of them."
    )


def _near(name: str) -> list[str]:
    """Return names for nearly the same, nearest first."""
    return [
        other for group in _ALIKE if name in (member.lower() for member in group) for other in group
    ]
