"""What a playlist file says of each song, and how it names the song's file."""

import os
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote_from_bytes

from nearfield.catalogue.facts import Item
from nearfield.errors import InvalidInput
from nearfield.playlists.traits import ALBUM, ARTIST, PATH, read_traits
from nearfield.types import Recommendation

_BREAKING: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Categories of Unicode: controls, halves of letters (bytes that are no UTF-8), line ends."""


@dataclass(frozen=True, slots=True)
class Track:
    """One song of a playlist file.

    Parameters
    ----------
    place : Path or str
        Where its file lies: an absolute path, whose name may hold any bytes, or an address from
        which it is streamed.
    title, artist, album : str
        Empty where not known.
    seconds : float
        NaN where not known.
    """

    place: Path | str
    title: str
    artist: str
    album: str
    seconds: float


def tracks_of(songs: Iterable[Recommendation], path_of: Callable[[str], Path]) -> list[Track]:
    """Return what a playlist file says of songs.

    Parameters
    ----------
    songs : iterable of Recommendation
        With the attribute ``path``.
    path_of : callable
        Turns that text into a path: it is kept in a form that can hold any name.

    Raises
    ------
    InvalidInput
        If the file of a song is not known.
    """
    tracks = []
    for song in songs:
        if not song.attributes.get(PATH):
            raise InvalidInput(
                f"the file of song {song.item!r} ({song.title}) is not known, so no playlist can "
                f"name it. Scan its folder again, or leave it out."
            )
        tracks.append(track_of(song, path_of(song.attributes[PATH])))
    return tracks


def track_of(song: Recommendation, place: Path | str) -> Track:
    """Return what a playlist file says of a song that lies at some place."""
    item = Item(0, song.item, song.title, attributes=song.attributes)
    return Track(
        place=place,
        title=song.title,
        artist=song.attributes.get(ARTIST, ""),
        album=song.attributes.get(ALBUM, ""),
        seconds=float(read_traits([item]).seconds[0]),
    )


def relative_to(place: Path | str, folder: Path | None) -> Path | str:
    """Return a path as seen from a folder; as it is where none is given or no way leads there."""
    if folder is None or isinstance(place, str):
        return place
    try:
        return Path(os.path.relpath(place, folder))
    except ValueError:  # another drive of Windows
        return place


def uri_of(place: Path | str) -> str:
    """Return the URI of a path, every byte that is not plain written as %XX; of an address itself.

    A relative path gives a relative reference: it is resolved from where the playlist is.
    """
    if isinstance(place, str):
        return place
    if place.is_absolute():
        return place.as_uri()
    text = quote_from_bytes(os.fsencode(place.as_posix()))
    return f"./{text}" if ":" in text.split("/")[0] else text


def is_text(place: Path | str) -> bool:
    """Return whether a name is plain text: UTF-8 in one line, without outer spaces."""
    text = str(place)
    return text == text.strip() and not any(map(_breaks, text))


def one_line(text: str) -> str:
    """Return a text that fits into one line of a UTF-8 file, and into XML."""
    return " ".join("".join(" " if _breaks(letter) else letter for letter in text).split())


def _breaks(letter: str) -> bool:
    """Tell whether a letter is a control, half a letter, or ends a line."""
    return unicodedata.category(letter) in _BREAKING or letter in "\ufffe\uffff"
