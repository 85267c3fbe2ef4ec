"""Ids that players are told: each names its catalogue, its kind, and itself."""

import hashlib
from dataclasses import dataclass
from typing import Final, Literal, get_args

from nearfield.recommend.limits import folded
from nearfield.service.subsonic.errors import Code, SubsonicError

Kind = Literal["so", "al", "ar", "pl"]
"""A song, an album, an artist, a playlist."""

_WHAT: Final = {"so": "song", "al": "album", "ar": "artist", "pl": "playlist"}


@dataclass(frozen=True, slots=True)
class Name:
    """What an id names.

    Parameters
    ----------
    catalogue : str
        Its name.
    kind : Kind
        What it is.
    id : str
        Of a song the owner's id, of a playlist its number, of all else a hash.
    """

    catalogue: str
    kind: Kind
    id: str

    def __str__(self) -> str:
        return f"{self.catalogue}.{self.kind}.{self.id}"


def read_name(text: str, *kinds: Kind) -> Name:
    """Return what an id names; not found where it is none of the kinds.

    >>> str(read_name("songs.so.s01.x", "so"))
    'songs.so.s01.x'
    """
    catalogue, _, rest = text.partition(".")
    kind, _, own = rest.partition(".")
    if own:
        for known in get_args(Kind):
            if kind == known and kind in kinds:
                return Name(catalogue, known, own)
    wanted = " or ".join(_WHAT[one] for one in kinds)
    raise SubsonicError(
        Code.NOT_FOUND, f"{text[:100]!r} is the id of no {wanted}. Look it up again."
    )


def hashed(*parts: str) -> str:
    """Return an id made of names: the same in every process, however they are capitalized."""
    return hashlib.sha256("\0".join(map(folded, parts)).encode()).hexdigest()[:16]
