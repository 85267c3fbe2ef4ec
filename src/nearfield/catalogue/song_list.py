"""All songs of a catalogue at once, as a shelf of artists and albums is made of them."""

import json
import sys
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Final

from sqlalchemy import Connection, Row, Text, func, select, type_coerce

from nearfield.catalogue.database import Database
from nearfield.catalogue.schema import catalogues, item_genres, items, sound_files, sounds
from nearfield.catalogue.sound_facts import READY

_PAGE: Final = 2000
"""Rows that are read at once: what else they hold is not kept."""


@dataclass(frozen=True, slots=True)
class ListedSong:
    """A song of which a file is there.

    Parameters
    ----------
    key : int
        Of the catalogue; rising in the order in which songs were added.
    id : str
        The owner's.
    title, artist, album, album_artist : str
        Empty where not known.
    track, year : int, optional
        Where known.
    genres : tuple of str
        In the owner's order.
    duration : float
        Seconds.
    bitrate, rate, channels : int
        Bits a second, samples a second, and channels of the file.
    tempo : int
        Beats a minute; 0 where not known.
    ending : str
        Of the file's name, with the dot, in small letters.
    size, modified : int
        Of the file: bytes, and seconds since 1970.
    """

    key: int
    id: str
    title: str
    artist: str
    album: str
    album_artist: str
    track: int | None
    year: int | None
    genres: tuple[str, ...]
    duration: float
    bitrate: int
    rate: int
    channels: int
    tempo: int
    ending: str
    size: int
    modified: int


class SongList:
    """Lists the songs of one catalogue; made by `Sounds.listed`.

    Parameters
    ----------
    database : Database
        To read from.
    catalogue : int
        Primary key of the catalogue.
    """

    def __init__(self, database: Database, catalogue: int) -> None:
        self._database = database
        self._catalogue = catalogue

    def state(self) -> tuple[int, int, int]:
        """Return what differs after every change of what `read` returns."""
        revision = select(catalogues.c.items_revision).where(catalogues.c.id == self._catalogue)
        files = select(func.count(), func.max(sound_files.c.id)).where(
            sound_files.c.catalogue_id == self._catalogue, sound_files.c.state == READY
        )
        with self._database.reading() as conn:
            count, newest = conn.execute(files).one()
            return int(conn.execute(revision).scalar() or 0), int(count), int(newest or 0)

    def read(self) -> list[ListedSong]:
        """Return every song of which a file is there, by rising key, each with its first file."""
        query = (
            select(
                items.c.id,
                items.c.public_id,
                items.c.title,
                items.c.year,
                type_coerce(items.c.attributes, Text).label("attributes"),
                sounds.c.duration,
                sounds.c.bitrate,
                sounds.c.rate,
                sounds.c.channels,
                sound_files.c.path,
                sound_files.c.size,
                sound_files.c.modified,
            )
            .join(items, items.c.id == sound_files.c.item_id)
            .join(sounds, sounds.c.item_id == items.c.id)
            .where(sound_files.c.catalogue_id == self._catalogue, sound_files.c.state == READY)
            .order_by(items.c.id, sound_files.c.id)
        )
        found: list[ListedSong] = []
        with self._database.reading(snapshot=True) as conn:
            genres = _genres(conn, self._catalogue)
            for row in conn.execute(query.execution_options(yield_per=_PAGE)):
                if not found or found[-1].key != row.id:
                    found.append(_song(row, genres.get(row.id, ())))
        return found


def _genres(conn: Connection, catalogue: int) -> dict[int, tuple[str, ...]]:
    query = (
        select(item_genres.c.item_id, item_genres.c.genre)
        .join(items)
        .where(items.c.catalogue_id == catalogue)
        .order_by(item_genres.c.item_id, item_genres.c.place)
    )
    found: dict[int, tuple[str, ...]] = {}
    for key, genre in conn.execute(query):
        found[key] = (*found.get(key, ()), sys.intern(genre))
    return found


def _song(row: Row[Any], genres: tuple[str, ...]) -> ListedSong:
    known: dict[str, str] = json.loads(row.attributes)
    track = known.get("track", "")
    return ListedSong(
        key=row.id,
        id=row.public_id,
        title=row.title,
        artist=sys.intern(known.get("artist", "")),
        album=sys.intern(known.get("album", "")),
        album_artist=sys.intern(known.get("album artist", "")),
        track=int(track) if track.isdecimal() and len(track) < 10 else None,
        year=row.year,
        genres=genres,
        duration=row.duration,
        bitrate=row.bitrate,
        rate=row.rate,
        channels=row.channels,
        tempo=_whole(known.get("tempo", "")),
        ending=sys.intern(PurePath(row.path).suffix.lower()),
        size=row.size,
        modified=row.modified // 10**9,
    )


def _whole(text: str) -> int:
    """Return a number rounded; 0 of what is none that can be shown."""
    try:
        number = float(text)
    except ValueError:
        return 0
    return round(number) if 0 < number < 10_000 else 0
