"""Read a whole catalogue row by row, as its owner wrote it: nothing of it is held in memory."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection, select

from nearfield.catalogue.database import Database
from nearfield.catalogue.pair_facts import VERDICTS
from nearfield.catalogue.schema import (
    catalogues,
    events,
    item_genres,
    items,
    playlist_songs,
    playlists,
    song_verdicts,
    sound_files,
    sounds,
    users,
)
from nearfield.catalogue.sound_facts import FILE_STATES
from nearfield.datasets.tables import EVENT_KINDS

Record: TypeAlias = dict[str, Any]
"""One row: name of the column to what JSON can hold."""

TABLES: Final = ("items", "users", "events")
"""What every catalogue has."""

SONG_TABLES: Final = ("files", "sounds", "verdicts", "playlists")
"""What is kept of songs beside, and cannot be made again from their files alone."""

PAGE: Final = 2_000
_USERS: Final = 100  # whose events are read at a time
_SOUND: Final = ("duration", "codec", "rate", "channels", "bitrate", "lossless")


@contextmanager
def exporting(database: Database, catalogue: int) -> Iterator["Export"]:
    """Lend a view of a catalogue in which every table is of the same moment."""
    with database.reading(snapshot=True) as conn:
        yield Export(conn, catalogue)


class Export:
    """The tables of one catalogue, made by `exporting`.

    Parameters
    ----------
    conn : Connection
        In one transaction.
    catalogue : int
        Primary key of the catalogue.
    """

    def __init__(self, conn: Connection, catalogue: int) -> None:
        self._conn = conn
        self._catalogue = catalogue
        columns = (catalogues.c.item_attributes, catalogues.c.user_attributes)
        query = select(*columns).where(catalogues.c.id == catalogue)
        self.item_attributes, self.user_attributes = (
            list(one) for one in conn.execute(query).one()
        )

    def rows(self, table: str) -> Iterator[list[Record]]:
        """Yield the rows of a table in pages, in the order in which they came.

        Events come by user, each one's in the order of their history; names of items and users
        are the owner's ids, as text.
        """
        pages: dict[str, Iterator[list[Record]]] = {
            "items": self._items(),
            "users": self._users(),
            "events": self._events(),
            "files": self._files(),
            "sounds": self._sounds(),
            "verdicts": self._verdicts(),
            "playlists": self._playlists(),
        }
        return pages[table]

    def _pages(self, table: Any, *columns: Any, size: int = PAGE) -> Iterator[list[Any]]:
        """Yield rows of a table of the catalogue by rising key, which stands first in each."""
        query = select(table.c.id, *columns).where(table.c.catalogue_id == self._catalogue)
        last = -1
        while rows := self._conn.execute(
            query.where(table.c.id > last).order_by(table.c.id).limit(size)
        ).all():
            yield list(rows)
            last = rows[-1][0]

    def _items(self) -> Iterator[list[Record]]:
        columns = (items.c.public_id, items.c.title, items.c.year, items.c.attributes)
        for page in self._pages(items, *columns):
            genres: dict[int, list[str]] = {}
            query = select(item_genres.c.item_id, item_genres.c.genre).where(
                item_genres.c.item_id.in_([row[0] for row in page])
            )
            for key, genre in self._conn.execute(
                query.order_by(item_genres.c.item_id, item_genres.c.place)
            ):
                genres.setdefault(key, []).append(genre)
            yield [
                {
                    "item": public,
                    "title": title,
                    "year": year,
                    "genres": genres.get(key, []),
                    **{name: known.get(name) for name in self.item_attributes},
                }
                for key, public, title, year, known in page
            ]

    def _users(self) -> Iterator[list[Record]]:
        for page in self._pages(users, users.c.public_id, users.c.attributes):
            yield [
                {"user": public, **{name: known.get(name) for name in self.user_attributes}}
                for _, public, known in page
            ]

    def _events(self) -> Iterator[list[Record]]:
        # as a value: a join invites SQLite to begin with the items and to sort all of their events
        item = select(items.c.public_id).where(items.c.id == events.c.item_id)
        columns = (item.correlate(events).scalar_subquery(), events.c.kind, events.c.value)
        query = select(events.c.user_id, *columns, events.c.time)
        for page in self._pages(users, users.c.public_id, size=_USERS):
            names = {row[0]: row[1] for row in page}
            mine = query.where(events.c.user_id.in_(list(names)))
            order = (events.c.user_id, events.c.time, events.c.id)
            for rows in self._conn.execute(mine.order_by(*order)).partitions(PAGE):
                yield [
                    {
                        "user": names[user],
                        "item": public,
                        "kind": EVENT_KINDS[kind],
                        "value": value,
                        "time": time,
                    }
                    for user, public, kind, value, time in rows
                ]

    def _files(self) -> Iterator[list[Record]]:
        told = ("path", "size", "modified", "content", "reason", "message")
        columns = (sound_files.c.item_id, sound_files.c.state, *(sound_files.c[n] for n in told))
        for page in self._pages(sound_files, *columns):
            names = self._names([row.item_id for row in page if row.item_id is not None])
            yield [
                {
                    "item": names.get(row.item_id),
                    "state": FILE_STATES[row.state],
                    **{name: getattr(row, name) for name in told},
                }
                for row in page
            ]

    def _sounds(self) -> Iterator[list[Record]]:
        for page in self._pages(items, items.c.public_id):
            names = {row[0]: row[1] for row in page}
            query = select(sounds).where(sounds.c.item_id.in_(list(names)))
            found = [
                {
                    "item": names[row.item_id],
                    **{name: getattr(row, name) for name in _SOUND},
                    "fingerprint": base64.b64encode(row.fingerprint).decode(),
                }
                for row in self._conn.execute(query.order_by(sounds.c.item_id))
            ]
            if found:
                yield found

    def _verdicts(self) -> Iterator[list[Record]]:
        query = select(song_verdicts).where(song_verdicts.c.catalogue_id == self._catalogue)
        rows = self._conn.execute(query.order_by(song_verdicts.c.low_id, song_verdicts.c.high_id))
        for page in rows.partitions(PAGE):  # people decided them one by one: they are few
            names = self._names([key for row in page for key in (row.low_id, row.high_id)])
            yield [
                {
                    "one": names[row.low_id],
                    "other": names[row.high_id],
                    "verdict": VERDICTS[row.verdict],
                    "time": row.time,
                }
                for row in page
            ]

    def _playlists(self) -> Iterator[list[Record]]:
        columns = (playlists.c.name, playlists.c.created, playlists.c.changed)
        for page in self._pages(playlists, *columns, size=100):
            songs: dict[int, list[str]] = {}
            query = (
                select(playlist_songs.c.playlist_id, items.c.public_id)
                .join(items)
                .where(playlist_songs.c.playlist_id.in_([row.id for row in page]))
                .order_by(playlist_songs.c.playlist_id, playlist_songs.c.place)
            )
            for number, public in self._conn.execute(query):
                songs.setdefault(number, []).append(public)
            yield [
                {
                    "name": row.name,
                    "created": row.created,
                    "changed": row.changed,
                    "songs": songs.get(row.id, []),
                }
                for row in page
            ]

    def _names(self, keys: list[int]) -> dict[int, str]:
        query = select(items.c.id, items.c.public_id).where(items.c.id.in_(keys))
        return {key: public for key, public in self._conn.execute(query)}
