"""Groups of songs as people and programs read them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from nearfield.catalogue.sound_facts import SongQuality
from nearfield.types import PublicId

_SURE = 0.005
"""Below this a change of speed or pitch is not told."""


@dataclass(frozen=True, slots=True)
class Tie:
    """How a song relates to another one, whose time is ``offset + speed * time``.

    Parameters
    ----------
    relation : str
        "best" of the first of a group, "same bytes", one of `RELATIONS`, or "decided".
    similarity : float
        In [0, 1]; 1 where the bytes are the same, NaN where a person decided.
    offset, overlap : float
        Seconds: where in the other song this one begins, and how much of it matches.
    speed : float
        How many times faster this song plays.
    semitones : float
        How much higher it sounds.
    """

    relation: str
    similarity: float = 1.0
    offset: float = 0.0
    overlap: float = 0.0
    speed: float = 1.0
    semitones: float = 0.0

    def as_data(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return {
            "relation": self.relation,
            "similarity": round(self.similarity, 4),
            "offset": round(self.offset, 3) + 0.0,  # no zero with a sign
            "overlap": round(self.overlap, 3),
            "speed": round(self.speed, 4),
            "semitones": round(self.semitones, 2) + 0.0,
        }

    def told(self) -> str:
        """Return it in words: "excerpt, from 1:02.3 on, 30 s alike by 0.98"."""
        if self.relation == "decided":
            return "decided by a person"
        if self.relation in ("best", "same bytes"):
            return self.relation
        parts = [self.relation]
        if abs(self.offset) >= 0.1:
            where = "begins at" if self.offset > 0 else "begins before, by"
            parts.append(f"{where} {exact_clock(abs(self.offset))}")
        parts.append(f"{self.overlap:.0f} s alike by {self.similarity:.2f}")
        if abs(self.speed - 1) >= _SURE:
            parts.append(f"{100 * (self.speed - 1):+.1f} % speed")
        if abs(self.semitones) >= 0.25:
            parts.append(f"{self.semitones:+.1f} semitones")
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Member:
    """One file of a song, and how it relates to the first of its group.

    Parameters
    ----------
    item : int or str
        Id of the song.
    title : str
        Of the song.
    attributes : mapping
        What is known of it: artist, album, ...
    path : str
        Of the file; "" where the song has none there.
    quality : SongQuality
        Of the song.
    tie : Tie
        To the first of the group.
    """

    item: PublicId
    title: str
    attributes: Mapping[str, str]
    path: str
    quality: SongQuality
    tie: Tie

    def as_data(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return {
            "item": self.item,
            "title": self.title,
            "artist": self.attributes.get("artist", ""),
            "album": self.attributes.get("album", ""),
            "path": self.path,
            **self.tie.as_data(),
            "duration": round(self.quality.duration, 2),
            "codec": self.quality.codec,
            "bitrate": self.quality.bitrate,
            "lossless": self.quality.lossless,
        }

    def named(self) -> str:
        """Return title, artist and album."""
        whose = [self.attributes.get(name, "") for name in ("artist", "album")]
        return " - ".join(part for part in (self.title, *whose) if part)

    def facts(self) -> str:
        """Return its id and what it is: "s123  flac, lossless, 3:05"."""
        found = self.quality
        how = "lossless" if found.lossless else f"{found.bitrate / 1000:.0f} kbit/s"
        length = f"{int(found.duration) // 60}:{int(found.duration) % 60:02}"
        return f"{self.item}  {found.codec}, {how}, {length}"

    def why(self) -> str:
        """Return how it relates to the first of its group."""
        return self.tie.told()

    def place(self) -> str:
        """Return the end of its path."""
        return "/".join(PurePath(self.path).parts[-2:])


@dataclass(frozen=True, slots=True)
class Group:
    """Files of one recording, or one song in several performances; the best first."""

    members: tuple[Member, ...]

    def as_data(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return {
            "canonical": self.members[0].as_data(),
            "members": [one.as_data() for one in self.members],
        }


@dataclass(frozen=True, slots=True)
class Doubt:
    """Two songs that somebody should look at; they are not put together.

    Parameters
    ----------
    one, other : Member
        The songs; the tie of `other` is to `one`.
    reason : str
        Why they are not put together.
    """

    one: Member
    other: Member
    reason: str

    def as_data(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return {
            "a": _short(self.one),
            "b": _short(self.other),
            **self.other.tie.as_data(),
            "reason": self.reason,
        }

    def why(self) -> str:
        """Return in words what was found, and why it is in doubt."""
        return f"{self.other.tie.told()}: {self.reason}"


@dataclass(frozen=True)
class Report:
    """What `nearfield music duplicates` and `versions` tell.

    Parameters
    ----------
    catalogue : str
        Its name.
    threshold : float
        Least similarity of what was put together.
    songs : int
        Songs that were compared.
    groups : list of Group
        The largest first.
    review : list of Doubt
        The likeliest first.
    notes : list of str
        What else a person should know.
    """

    catalogue: str
    threshold: float
    songs: int
    groups: list[Group]
    review: list[Doubt]
    notes: list[str] = field(default_factory=list)

    def as_data(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return {
            "catalogue": self.catalogue,
            "threshold": self.threshold,
            "songs": self.songs,
            "groups": [one.as_data() for one in self.groups],
            "review": [one.as_data() for one in self.review],
            "notes": self.notes,
        }

    def doubts(self) -> dict[str, list[Doubt]]:
        """Return what is to be reviewed under the headings that people read."""
        return {"To be reviewed:": self.review} if self.review else {}


def _short(member: Member) -> dict[str, Any]:
    return {"item": member.item, "title": member.title, "path": member.path}


def exact_clock(seconds: float) -> str:
    """Return a time in a song to a tenth of a second.

    >>> exact_clock(83.42)
    '1:23.4'
    """
    tenths = round(10 * seconds)
    return f"{tenths // 600}:{tenths % 600 // 10:02}.{tenths % 10}"


def in_order(groups: Iterable[Group]) -> list[Group]:
    """Return groups as they are listed: the largest first, then by the path of the first."""
    return sorted(groups, key=lambda one: (-len(one.members), one.members[0].path))
