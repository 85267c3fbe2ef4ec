"""What can be asked for, checked before anything is looked up."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Real
from types import MappingProxyType
from typing import Final

from nearfield.errors import InvalidInput
from nearfield.types import PublicId

MOST: Final = 1000
"""The longest list that is answered."""

_NOTHING: Mapping[str, str | int] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A wish for recommendations; every part may be missing.

    Parameters
    ----------
    user : int or str, optional
        A user of the catalogue: history and attributes are read from there.
    attributes : mapping
        Attribute name to value, e.g. ``{"age": 25, "gender": "F"}``; wins over what is stored.
    liked : sequence of ids, or mapping of id to weight
        Items that count as the newest events, the last one newest; weights above 0.
    disliked : sequence of ids
        Items that count against.
    k : int
        Length of the list, 1 to 1000; fewer are returned only where fewer exist.
    exclude : sequence of ids
        Never in the answer.
    allow : sequence of ids, optional
        If given, nothing else is in the answer (seen and excluded items stay out all the same).
    where : str, optional
        A condition on items, e.g. ``genre = 'Drama' and year >= 1990``.
    diversity : float
        0 for the best items, 1 for items that differ most from each other.
    explain : bool
        Whether each recommendation carries its reasons.

    Raises
    ------
    InvalidInput
        If a number is out of its range, or a list of ids is one text.
    """

    user: PublicId | None = None
    attributes: Mapping[str, str | int] = field(default_factory=lambda: _NOTHING)
    liked: Sequence[PublicId] | Mapping[PublicId, float] = ()
    disliked: Sequence[PublicId] = ()
    k: int = 10
    exclude: Sequence[PublicId] = ()
    allow: Sequence[PublicId] | None = None
    where: str | None = None
    diversity: float = 0.0
    explain: bool = True

    def __post_init__(self) -> None:
        """Check what can be checked without a catalogue."""
        check_size(self.k)
        check_diversity(self.diversity)
        for name in ("liked", "disliked", "exclude", "allow"):
            check_ids(name, getattr(self, name))
        for item, weight in self.likes.items():
            if not (isinstance(weight, Real) and math.isfinite(weight) and weight > 0):
                raise InvalidInput(
                    f"liked item {item!r} has weight {weight!r}, but weights are finite numbers "
                    f"above 0. Name an item that counts against in `disliked`."
                )

    @property
    def likes(self) -> dict[PublicId, float]:
        """The weight of each liked item, in the order in which they came."""
        if isinstance(self.liked, Mapping):
            return dict(self.liked)
        return dict.fromkeys(self.liked, 1.0)


def check_size(k: int) -> None:
    """Refuse a `k` that is no whole number between 1 and `MOST`."""
    if isinstance(k, bool) or not hasattr(k, "__index__") or not 1 <= k <= MOST:
        raise InvalidInput(f"k is {k!r}, but a list has 1 to {MOST} items. Give such a number.")


def check_diversity(diversity: float) -> None:
    """Refuse a `diversity` outside [0, 1]."""
    if not (isinstance(diversity, Real) and 0 <= diversity <= 1):  # NaN too
        raise InvalidInput(
            f"diversity is {diversity!r}, but it goes from 0 (the best items) to 1 (items that "
            f"differ most). Give a number between them."
        )


def check_ids(name: str, ids: object) -> None:
    """Refuse one text where a list of ids is wanted: its letters would pass for ids."""
    if isinstance(ids, str | bytes):
        raise InvalidInput(
            f"{name} is the text {ids!r}, but a list of ids is wanted. Write [{ids!r}], or split "
            f"it at its commas."
        )
