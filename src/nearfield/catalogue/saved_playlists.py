"""Lists of songs that people keep."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from nearfield.catalogue.database import Database
from nearfield.catalogue.labels import check_label
from nearfield.catalogue.queries import chunks
from nearfield.catalogue.schema import ID_LENGTH, items, playlist_songs, playlists
from nearfield.errors import InvalidInput, NotFound

MOST: Final = 10_000
"""Songs of one list."""


@dataclass(frozen=True, slots=True)
class SavedPlaylist:
    """A list that was kept.

    Parameters
    ----------
    id : int
        Its number, never given out again.
    name : str
        As people call it; several may be called the same.
    songs : int
        How many it has.
    created, changed : datetime
        In UTC.
    """

    id: int
    name: str
    songs: int
    created: datetime
    changed: datetime

    def as_data(self) -> dict[str, Any]:
        """Return what JSON tells of it."""
        moments = {"created": self.created, "changed": self.changed}
        told = {name: one.isoformat(timespec="seconds") for name, one in moments.items()}
        return {"id": self.id, "name": self.name, "songs": self.songs, **told}


class SavedPlaylists:
    """The lists of one catalogue; made by `Catalogue.playlists`.

    Parameters
    ----------
    database : Database
        Where they are kept.
    catalogue : int
        Primary key of the catalogue.
    """

    def __init__(self, database: Database, catalogue: int) -> None:
        self._database = database
        self._catalogue = catalogue

    def add(self, name: str, keys: Sequence[int]) -> SavedPlaylist:
        """Keep a list of items, given by key; one may be in it several times.

        Raises
        ------
        InvalidInput
            If the name cannot be one, or the list is too long.
        NotFound
            If an item is not of this catalogue.
        """
        _check_name(name)
        now = _now()
        row = {"catalogue_id": self._catalogue, "name": name, "created": now, "changed": now}

        def work(conn: Connection) -> int:
            number = conn.execute(insert(playlists).values(row)).inserted_primary_key
            assert number is not None
            self._put_songs(conn, number[0], keys)
            return int(number[0])

        return self.get(self._database.write(work))

    def list(self) -> list[SavedPlaylist]:
        """Return all lists, oldest first."""
        with self._database.reading() as conn:
            rows = conn.execute(self._query().order_by(playlists.c.id)).all()
        return [_read(row) for row in rows]

    def get(self, number: int) -> SavedPlaylist:
        """Return a list; NotFound where there is none of that number."""
        with self._database.reading() as conn:
            row = conn.execute(self._query().where(playlists.c.id == _whole(number))).first()
        if row is None:
            raise _missing(number)
        return _read(row)

    def songs(self, number: int) -> tuple[int, ...]:
        """Return the keys of the items of a list, in order; NotFound where there is none."""
        self.get(number)
        query = select(playlist_songs.c.item_id).where(playlist_songs.c.playlist_id == number)
        with self._database.reading() as conn:
            return tuple(conn.execute(query.order_by(playlist_songs.c.place)).scalars())

    def replace(self, number: int, keys: Sequence[int]) -> SavedPlaylist:
        """Let a list have other items; errors as of `add` and `get`."""

        def work(conn: Connection) -> None:
            self._touch(conn, number)
            conn.execute(delete(playlist_songs).where(playlist_songs.c.playlist_id == number))
            self._put_songs(conn, number, keys)

        self._database.write(work)
        return self.get(number)

    def rename(self, number: int, name: str) -> SavedPlaylist:
        """Call a list otherwise; errors as of `add` and `get`."""
        _check_name(name)
        self._database.write(lambda conn: self._touch(conn, number, name=name))
        return self.get(number)

    def delete(self, number: int) -> None:
        """Delete a list; NotFound where there is none of that number."""

        def work(conn: Connection) -> None:
            self._touch(conn, number)
            conn.execute(delete(playlist_songs).where(playlist_songs.c.playlist_id == number))
            conn.execute(delete(playlists).where(playlists.c.id == number))

        self._database.write(work)

    def _query(self) -> Any:
        songs = select(func.count()).where(playlist_songs.c.playlist_id == playlists.c.id)
        columns = (playlists.c.id, playlists.c.name, playlists.c.created, playlists.c.changed)
        return select(*columns, songs.scalar_subquery().label("songs")).where(
            playlists.c.catalogue_id == self._catalogue
        )

    def _touch(self, conn: Connection, number: int, **values: Any) -> None:
        """Write down that a list changes; no other writer comes between then."""
        mine = (playlists.c.id == _whole(number), playlists.c.catalogue_id == self._catalogue)
        found = conn.execute(select(playlists.c.id).where(*mine).with_for_update()).first()
        if found is None:
            raise _missing(number)
        conn.execute(update(playlists).where(*mine).values(changed=_now(), **values))

    def _put_songs(self, conn: Connection, number: int, keys: Sequence[int]) -> None:
        if len(keys) > MOST:
            raise InvalidInput(
                f"a list of {len(keys):,} songs came, but one has at most {MOST:,}. Make several."
            )
        wanted = [int(key) for key in keys]
        known: set[int] = set()
        for some in chunks(list(set(wanted))):
            query = select(items.c.id).where(
                items.c.catalogue_id == self._catalogue, items.c.id.in_(some)
            )
            known.update(conn.execute(query).scalars())
        if missing := [key for key in wanted if key not in known]:
            raise NotFound(f"this catalogue has no item of key {missing[0]}. Leave it out.")
        rows = [
            {"playlist_id": number, "place": place, "item_id": key}
            for place, key in enumerate(wanted)
        ]
        if rows:
            conn.execute(insert(playlist_songs), rows)


def _read(row: Row[Any]) -> SavedPlaylist:
    moments = [datetime.fromtimestamp(one / 1000, UTC) for one in (row.created, row.changed)]
    return SavedPlaylist(row.id, row.name, row.songs, *moments)


def _check_name(name: str) -> None:
    check_label(name, "the name of a list", ID_LENGTH)


def _now() -> int:
    return time.time_ns() // 1_000_000


def _whole(number: int) -> int:
    """Return a number that the database can compare: one that is too large is nobody's."""
    return number if abs(number) < 2**63 else -1


def _missing(number: int) -> NotFound:
    return NotFound(f"there is no list {str(number)[:20]} in this catalogue. See the list of them.")
