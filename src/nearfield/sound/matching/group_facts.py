"""What groups of songs are made from, and what they look like."""

from dataclasses import dataclass
from typing import Final, Protocol

from nearfield.sound.matching.alignment import Alignment

REASONS: Final = {
    "review": "they are alike, but not enough to be sure",
    "partial": "only a part of each is the same",
    "mix": "one of them holds several songs",
    "chain": "the songs that they stand with are not alike",
    "bridge": "the shorter is a part of other songs too, and is shown with those it fits best",
    "apart": "a person or a mix keeps the songs that they stand with apart",
    "contradiction": "other decisions, made later, say the opposite",
}
"""Why two songs are not in one group though something speaks for it: code and words."""


class Pair(Protocol):
    """Two songs of which something is the same; `low` is the lower key.

    ``time_in_low = offset + speed * time_in_high``, in seconds; `semitones` is how much higher
    `high` sounds; the shares are how much of each matches, in [0, 1]. `relation` is "same",
    "excerpt", "partial", "mix" or "review".
    """

    @property
    def low(self) -> int: ...  # noqa: D102
    @property
    def high(self) -> int: ...  # noqa: D102
    @property
    def relation(self) -> str: ...  # noqa: D102
    @property
    def similarity(self) -> float: ...  # noqa: D102
    @property
    def offset(self) -> float: ...  # noqa: D102
    @property
    def overlap(self) -> float: ...  # noqa: D102
    @property
    def speed(self) -> float: ...  # noqa: D102
    @property
    def semitones(self) -> float: ...  # noqa: D102
    @property
    def share_low(self) -> float: ...  # noqa: D102
    @property
    def share_high(self) -> float: ...  # noqa: D102


class Decision(Protocol):
    """What a person decided of two songs: "recording", "song" or "different"; later ones win."""

    @property
    def low(self) -> int: ...  # noqa: D102
    @property
    def high(self) -> int: ...  # noqa: D102
    @property
    def verdict(self) -> str: ...  # noqa: D102
    @property
    def time(self) -> int: ...  # noqa: D102


class Quality(Protocol):
    """What tells the best file of some: `bitrate` in bits a second, `duration` in seconds."""

    @property
    def lossless(self) -> bool: ...  # noqa: D102
    @property
    def bitrate(self) -> int: ...  # noqa: D102
    @property
    def duration(self) -> float: ...  # noqa: D102
    @property
    def codec(self) -> str: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Rules:
    """What makes a group.

    Parameters
    ----------
    joins : frozenset of str
        Verdicts by which two songs are in one group.
    parts : frozenset of str
        Verdicts by which they are not.
    excerpts : bool
        Whether a part of a song is in the song's group.
    share : float
        A song that is not alike to the best one of its group must be alike to this share of the
        others, in (0, 1]; 0 asks that it be alike to one that is alike to the best.
    """

    joins: frozenset[str]
    parts: frozenset[str]
    excerpts: bool
    share: float


DUPLICATES: Final = Rules(frozenset({"recording"}), frozenset({"song", "different"}), True, 0)
"""Songs of one recording. Each of two that hold 3/4 of a third holds half of the other."""

VERSIONS: Final = Rules(frozenset({"recording", "song"}), frozenset({"different"}), False, 2 / 3)
"""Performances of one song."""


@dataclass(frozen=True, slots=True)
class Member:
    """A song of a group, beside the best one.

    Parameters
    ----------
    key : int
        Of the song.
    relation : str
        What ties it to the group: "same", "excerpt", "review" or "partial" is what was measured,
        "person" a decision, "recording" that it is a copy of a member.
    via : int
        Key of the member to which it was compared: the best one, if it was to that.
    alignment : Alignment, optional
        Where it lies in the best one, over `via`; None where that is not known.
    """

    key: int
    relation: str
    via: int
    alignment: Alignment | None


@dataclass(frozen=True, slots=True)
class Group:
    """Songs that are the same.

    Parameters
    ----------
    canonical : int
        Key of the best one.
    members : tuple of Member
        The others, at least one, by key.
    """

    canonical: int
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Review:
    """Two songs that are not in one group, though a comparison or a person says they belong there.

    Parameters
    ----------
    low, high : int
        Keys of the songs; `low` is the lower.
    reason : str
        A key of `REASONS`.
    pair : Pair, optional
        What was measured; None where only a person decided.
    against : tuple of int, optional
        The two songs whose being apart (or together, of a contradiction) stands against it.
    """

    low: int
    high: int
    reason: str
    pair: Pair | None = None
    against: tuple[int, int] | None = None


@dataclass(frozen=True)
class Grouping:
    """All groups of some songs.

    Parameters
    ----------
    groups : tuple of Group
        By key of the best one.
    reviews : tuple of Review
        What a person should look at, by keys.
    """

    groups: tuple[Group, ...]
    reviews: tuple[Review, ...]

    def canonicals(self) -> dict[int, int]:
        """Return the key of every song that is in a group to that of the group's best one."""
        found = {group.canonical: group.canonical for group in self.groups}
        for group in self.groups:
            found.update((member.key, group.canonical) for member in group.members)
        return found
