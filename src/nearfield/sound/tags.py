"""Reads what a sound file says of itself: title, artist, album, year, genres, cover.

Tags go to the catalogue and are never needed: whatever is wrong with them, a file is not refused.
"""

import base64
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import av
import mutagen
from mutagen.flac import Picture

from nearfield.sound.formats import DEMUXERS, picture_type

LONGEST: Final = 500
"""Letters of a name that are kept."""

MOST_GENRES: Final = 10

LARGEST_COVER: Final = 20_000_000
"""Bytes; a larger picture is left out."""

# By what each family of tags calls a field, in small letters: ID3, MP4, Vorbis and APE, ASF.
_TITLE: Final = ("tit2", "\xa9nam", "title")
_ARTIST: Final = ("tpe1", "\xa9art", "artist", "author")
_ALBUM: Final = ("talb", "\xa9alb", "album", "wm/albumtitle")
_ALBUM_ARTIST: Final = (
    *("tpe2", "aart", "albumartist", "album artist", "album_artist", "wm/albumartist"),
    *("txxx:albumartist", "txxx:album artist"),
)
_TRACK: Final = ("trck", "trkn", "tracknumber", "track", "wm/tracknumber")
_YEAR: Final = ("tdrc", "tyer", "tdor", "\xa9day", "date", "year", "wm/year")
_GENRE: Final = ("tcon", "\xa9gen", "genre", "wm/genre")

_YEARS: Final = re.compile(r"(?<!\d)(1\d{3}|20\d{2})")
_NUMBERS: Final = re.compile(r"\d{1,9}")
_BETWEEN_GENRES: Final = re.compile(r"[;,/|\0]")
_TRACK_BEFORE_TITLE: Final = re.compile(r"^(0\d{1,2}[\s._-]+|\d{1,3}(\.\s*|\s+-\s+))(?=\D)")
_FRONT: Final = 3  # the number of the front cover among ID3's kinds of pictures


@dataclass(frozen=True, slots=True)
class Tags:
    """What a file says of itself; "" and None where it says nothing.

    Parameters
    ----------
    title, artist, album, album_artist : str
        One line each, at most `LONGEST` letters. Several artists are joined by commas.
    track : int, optional
        Its place on the record, from 1.
    year : int, optional
        From 1000 to 2099.
    genres : tuple of str
        Each once, whatever its capitals.
    """

    title: str = ""
    artist: str = ""
    album: str = ""
    album_artist: str = ""
    track: int | None = None
    year: int | None = None
    genres: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cover:
    """A picture found in a file; its kind is judged by its bytes, not by what the file claims.

    Parameters
    ----------
    data : bytes
    mime : str
        "image/jpeg", "image/png", "image/gif", "image/webp" or "image/bmp".
    """

    data: bytes
    mime: str


def read_tags(path: Path) -> Tags:
    """Return what a file says of itself; never raises because of the file."""
    tags = _made_of(_by_mutagen(path))
    if tags.title or tags.artist or tags.album:
        return tags
    # mutagen leaves out the INFO chunk of WAV, Matroska and CAF
    return _made_of(_by_ffmpeg(path))


def title_of(path: Path, tags: Tags) -> str:
    """Return a file's title or, where it has none, one made of its name.

    Examples
    --------
    >>> title_of(Path("Some Album/03 - Blue_in_green.mp3"), Tags())
    'Blue in green'
    >>> title_of(Path("99 Luftballons.mp3"), Tags())
    '99 Luftballons'
    """
    if tags.title:
        return tags.title
    stem = one_line(os.fsencode(path.stem).decode("utf-8", "replace"))
    if " " not in stem or "_" in stem:
        stem = one_line(stem.replace("_", " "))
    return _TRACK_BEFORE_TITLE.sub("", stem) or stem or "untitled"


def read_cover(path: Path) -> Cover | None:
    """Return the front cover kept in a file, or another picture of it, or None."""
    try:
        pictures = sorted(_pictures(mutagen.File(path)), key=lambda found: found[0] != _FRONT)
    except Exception:  # as below
        return None
    for _, data in pictures:
        mime = picture_type(data)
        if mime and len(data) <= LARGEST_COVER:
            return Cover(data, mime)
    return None


def one_line(text: str) -> str:
    """Return text without control characters, on one line, at most `LONGEST` letters long."""
    visible = "".join(
        " " if unicodedata.category(letter) in ("Cc", "Zl", "Zp") else letter for letter in text
    )
    whole = unicodedata.normalize("NFC", visible.encode("utf-8", "replace").decode("utf-8"))
    return " ".join(whole.split())[:LONGEST].rstrip()


def _by_mutagen(path: Path) -> dict[str, list[str]]:
    """Return every text among a file's tags, by its name in small letters."""
    try:
        file = mutagen.File(path)
        if file is None or file.tags is None:
            return {}
        return {str(key).casefold(): _texts(value) for key, value in _pairs(file.tags)}
    except Exception:  # of broken tags mutagen raises nearly anything, not only its own errors
        return {}


def _pairs(tags: Any) -> Iterator[tuple[str, Any]]:
    """Yield the names and values of any family of tags."""
    for key in tags.keys():  # noqa: SIM118 - tags of Vorbis and ASF are lists of pairs
        yield key, tags[key]


def _texts(value: Any) -> list[str]:
    """Return the texts of one tag: an ID3 frame, or a list of texts, numbers or attributes."""
    if hasattr(value, "genres"):  # ID3 numbers some genres
        return [str(genre) for genre in value.genres]
    found = getattr(value, "text", value)
    if isinstance(found, str | bytes) or not isinstance(found, Iterable):
        found = [found]
    return [
        _repaired(str(text[0] if isinstance(text, tuple) else text))  # (track, of how many)
        for text in found
        if not isinstance(text, bytes)
    ]


def _repaired(text: str) -> str:
    """Return text that was UTF-8, but declared and read as Latin-1, as it was meant.

    >>> _repaired("BeyoncÃ©"), _repaired("Beyoncé")
    ('Beyoncé', 'Beyoncé')
    """
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def _by_ffmpeg(path: Path) -> dict[str, list[str]]:
    options = {"format_whitelist": DEMUXERS, "protocol_whitelist": "file"}
    try:
        with av.open(str(path), options=options, metadata_errors="replace") as container:
            streams = container.streams.audio
            found = dict(streams[0].metadata) if streams else {}
            found.update(container.metadata)
    except (OSError, ValueError, av.error.FFmpegError):
        return {}
    return {key.casefold(): [_repaired(value)] for key, value in found.items()}


def _made_of(texts: Mapping[str, list[str]]) -> Tags:
    def first(names: tuple[str, ...]) -> list[str]:
        return next((texts[name] for name in names if any(texts.get(name, ()))), [])

    def joined(names: tuple[str, ...]) -> str:
        lines = [one_line(part) for text in first(names) for part in text.split("\0")]
        return one_line(", ".join(dict.fromkeys(line for line in lines if line)))

    return Tags(
        title=joined(_TITLE),
        artist=joined(_ARTIST),
        album=joined(_ALBUM),
        album_artist=joined(_ALBUM_ARTIST),
        track=_track(first(_TRACK)),
        year=next((int(year) for text in first(_YEAR) for year in _YEARS.findall(text)), None),
        genres=_genres(first(_GENRE)),
    )


def _track(texts: list[str]) -> int | None:
    numbers = _NUMBERS.findall(texts[0]) if texts else []
    return int(numbers[0]) or None if numbers else None


def _genres(texts: list[str]) -> tuple[str, ...]:
    found: dict[str, str] = {}
    for text in texts:
        for part in _BETWEEN_GENRES.split(text):
            genre = one_line(part)
            if genre:
                found.setdefault(genre.casefold(), genre)
    return tuple(found.values())[:MOST_GENRES]


def _pictures(file: Any) -> Iterator[tuple[int, bytes]]:
    """Yield the kind, as ID3 numbers them, and the bytes of each picture of an opened file."""
    if file is None:
        return
    for picture in getattr(file, "pictures", ()):  # FLAC
        yield picture.type, picture.data
    for key, value in _pairs(file.tags if file.tags is not None else {}):
        name = key.casefold().partition(":")[0]
        if name in _PICTURES_IN:
            yield from _PICTURES_IN[name](value)


def _id3_picture(frame: Any) -> list[tuple[int, bytes]]:
    return [(int(frame.type), frame.data)]


def _mp4_pictures(values: Any) -> list[tuple[int, bytes]]:
    return [(_FRONT, bytes(data)) for data in values]


def _vorbis_pictures(texts: Any) -> list[tuple[int, bytes]]:
    read: Any = Picture  # mutagen does not say its types
    pictures = [read(base64.b64decode(text)) for text in texts]
    return [(picture.type, picture.data) for picture in pictures]


def _ape_picture(value: Any) -> list[tuple[int, bytes]]:
    return [(_FRONT, value.value.partition(b"\0")[2])]  # a name comes first


def _asf_pictures(attributes: Any) -> list[tuple[int, bytes]]:
    # each has a kind, a length, two texts in UTF-16, and the bytes
    values = [attribute.value for attribute in attributes]
    lengths = [int.from_bytes(value[1:5], "little") for value in values]
    return [
        (value[0], value[len(value) - length :])
        for value, length in zip(values, lengths, strict=True)
    ]


_PICTURES_IN: Final = {
    "apic": _id3_picture,
    "covr": _mp4_pictures,
    "metadata_block_picture": _vorbis_pictures,
    "cover art (front)": _ape_picture,
    "wm/picture": _asf_pictures,
}
