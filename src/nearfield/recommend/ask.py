"""What can be asked for, checked before anything is looked up."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Real
from types import MappingProxyType
from typing import Final

import numpy as np

from nearfield.errors import InvalidInput
from nearfield.types import PublicId, Vectors

MOST: Final = 1000
"""The longest list that is answered."""

_NOTHING: Mapping[str, str | int] = MappingProxyType({})
_NO_LIMITS: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, eq=False)
class Guest:
    """Something that the catalogue does not hold, known by its vector: a file from elsewhere.

    Parameters
    ----------
    vector : float32, shape (dim,)
        Of unit length, made by what made the vectors of the space that is asked.
    weight : float
        Above 0 it counts for what is near, below 0 against it; 1 as much as an ordinary event.

    Raises
    ------
    InvalidInput
        If the vector is no unit vector, or the weight 0 or not finite.
    """

    vector: Vectors
    weight: float = 1.0

    def __post_init__(self) -> None:
        """Check what can be checked without a space."""
        check_unit(self.vector)
        if not (_is_finite(self.weight) and self.weight != 0):
            raise InvalidInput(
                f"a guest has weight {self.weight!r}, but weights are finite numbers: above 0 "
                f"where it counts for, below 0 where it counts against. Give such a number."
            )


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
    listened : sequence of ids, or mapping of id to weight
        As `liked`, and told as what they are; the newest of them is older than what is liked.
    disliked : sequence of ids, or mapping of id to weight
        Items that count against, each as strongly as its weight says: above 0, and 1 where none is
        given. Models that know one taste weigh several dislikes against each other; where songs
        are asked for, what is like one of weight 2 loses twice as much.
    guests : mapping of name to Guest
        What was listened to or disliked that the catalogue does not hold; names are told as
        reasons. Only spaces whose model reads vectors can be asked so.
    k : int
        Length of the list, 1 to 1000; fewer are returned only where fewer exist.
    exclude : sequence of ids
        Never in the answer.
    repeat : int, optional
        Where None, nothing is answered that the user ever touched. A number allows it to come
        again, except what the newest `repeat` events name, what was skipped or disliked last, and
        what this wish itself names.
    at_most : mapping of attribute to number
        How many items of the answer may share a value, e.g. ``{"artist": 2, "album": 1}``.
        Values are compared without regard to case and spaces; items without one are not limited.
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
    listened: Sequence[PublicId] | Mapping[PublicId, float] = ()
    disliked: Sequence[PublicId] | Mapping[PublicId, float] = ()
    guests: Mapping[str, Guest] = field(default_factory=dict)
    k: int = 10
    exclude: Sequence[PublicId] = ()
    repeat: int | None = None
    at_most: Mapping[str, int] = field(default_factory=lambda: _NO_LIMITS)
    allow: Sequence[PublicId] | None = None
    where: str | None = None
    diversity: float = 0.0
    explain: bool = True

    def __post_init__(self) -> None:
        """Check what can be checked without a catalogue."""
        check_size(self.k)
        check_diversity(self.diversity)
        check_at_most(self.at_most)
        check_repeat(self.repeat)
        for name in ("liked", "listened", "disliked", "exclude", "allow"):
            check_ids(name, getattr(self, name))
        told = {"liked": self.likes, "listened": self.listens, "disliked": self.dislikes}
        for name, weights in told.items():
            check_weights(name, weights)

    @property
    def likes(self) -> dict[PublicId, float]:
        """The weight of each liked item, in the order in which they came."""
        return _weights(self.liked)

    @property
    def listens(self) -> dict[PublicId, float]:
        """The same of what was listened to."""
        return _weights(self.listened)

    @property
    def dislikes(self) -> dict[PublicId, float]:
        """The same of what counts against; these weights, too, are above 0."""
        return _weights(self.disliked)


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


def check_weights(name: str, weights: Mapping[PublicId, float]) -> None:
    """Refuse weights that are no finite numbers above 0."""
    for item, weight in weights.items():
        if not (_is_finite(weight) and weight > 0):
            raise InvalidInput(
                f"{name} item {item!r} has weight {weight!r}, but weights are finite numbers "
                f"above 0. Name an item that counts against in `disliked`."
            )


def check_at_most(at_most: Mapping[str, int]) -> None:
    """Refuse limits that are no whole numbers from 1."""
    for name, most in at_most.items():
        if isinstance(most, bool) or not hasattr(most, "__index__") or most < 1:
            raise InvalidInput(
                f"at most {most!r} items with the same {name} are asked for, but whole numbers "
                f"from 1 are wanted. Leave {name!r} out for no limit."
            )


def check_repeat(repeat: int | None) -> None:
    """Refuse a `repeat` that is no whole number from 0."""
    if repeat is None:
        return
    if isinstance(repeat, bool) or not hasattr(repeat, "__index__") or repeat < 0:
        raise InvalidInput(
            f"repeat is {repeat!r}, but it is the number of the newest events that must not come "
            f"again: 0 or more. Leave it out and nothing comes again."
        )


def check_unit(vector: Vectors) -> None:
    """Refuse what is no unit vector of shape (dim,)."""
    found = np.asarray(vector)
    length = float(np.linalg.norm(found)) if found.dtype.kind == "f" else math.nan
    if found.ndim != 1 or not abs(length - 1) < 1e-3:  # NaN too
        raise InvalidInput(
            f"a vector of shape {found.shape}, type {found.dtype} and length {length:g} came, but "
            f"one of shape (dim,) and length 1 is wanted. Give one song's vector as it was made."
        )


def _is_finite(weight: object) -> bool:
    return isinstance(weight, Real) and math.isfinite(weight)


def _weights(
    ids: Sequence[PublicId] | Mapping[PublicId, float],
) -> dict[PublicId, float]:
    if isinstance(ids, Mapping):
        return dict(ids)
    return dict.fromkeys(ids, 1.0)
