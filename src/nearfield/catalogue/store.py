"""All catalogues of one database: make, list, import, remove."""

import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from sqlalchemy import Connection, delete, insert, select

from nearfield.catalogue.arms import Arms
from nearfield.catalogue.catalogue import Catalogue
from nearfield.catalogue.database import Database
from nearfield.catalogue.erased import erased_among
from nearfield.catalogue.exclusive import Held, exclusive
from nearfield.catalogue.facts import CatalogueSummary, ImportProgress
from nearfield.catalogue.jobs import Jobs
from nearfield.catalogue.keys import ApiKeys
from nearfield.catalogue.schema import (
    HEAD,
    arm_answers,
    catalogues,
    erased_users,
    events,
    item_genres,
    items,
    playlist_songs,
    playlists,
    song_groups,
    song_pairs,
    song_prints,
    song_verdicts,
    sound_files,
    sound_vectors,
    sounds,
    users,
)
from nearfield.catalogue.standing import MOVING
from nearfield.catalogue.write_items import write_items
from nearfield.catalogue.write_users import write_users
from nearfield.catalogue.writing import Outcome, lock
from nearfield.datasets.tables import Columns, Tables
from nearfield.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    import polars as pl

_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,39}")


class Catalogues:
    """Every catalogue of one home, in one SQL database.

    Parameters
    ----------
    url : str
        SQLAlchemy's form of an address; the schema is made or brought up to date at once.
    fresh : float
        Seconds for which items may answer as they were before another process changed them, where
        a server holds them; 0 asks it each time. Of a SQLite file it is always known.
    hurried : bool
        As of `Database`.
    """

    def __init__(self, url: str, fresh: float = 0.0, hurried: bool = False) -> None:
        self._database = Database(url, fresh, hurried)
        self._made: dict[int, Catalogue] = {}
        try:
            version = self._database.version() or ""
            if version != HEAD and not version.startswith(MOVING):  # which others may read
                from nearfield.catalogue.migrate import migrate  # Alembic takes 0.1 s, needed once

                migrate(self._database)
            self._database.guard()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._database.close()

    def is_newest(self) -> bool:
        """Tell whether the schema still is the one of this release: another may have migrated."""
        return self._database.version() == HEAD

    def connections(self) -> tuple[int, int]:
        """Return how many connections are lent at this moment, and how many can be; asks nobody."""
        return self._database.connections()

    @property
    def jobs(self) -> Jobs:
        """Long work, and how far it is."""
        return Jobs(self._database)

    @property
    def keys(self) -> ApiKeys:
        """The keys of programs that call the service."""
        return ApiKeys(self._database)

    def arms(self, name: str) -> Arms:
        """Return the answers of a catalogue's experiments; NotFound as of `get`."""
        return Arms(self._database, self.get(name).number)

    def exclusive(
        self, name: str, remedy: str = "Wait until it is done.", seconds: float = 0.0
    ) -> AbstractContextManager[Held]:
        """Lock something among all processes, and all machines, that share the database.

        InUse where somebody has it; it is free again as soon as its holder ends, however that
        ends. Long work calls `Held.check` before what nobody else must do: a server that is
        started anew forgets its locks. See `exclusive`.
        """
        return exclusive(self._database, name, remedy, seconds)

    def names(self) -> list[str]:
        """Return the names of all catalogues, sorted."""
        with self._database.reading() as conn:
            return sorted(conn.execute(select(catalogues.c.name)).scalars())

    def summaries(self) -> list[CatalogueSummary]:
        """Return what each catalogue holds, sorted by name."""
        query = select(catalogues.c.name, catalogues.c.created)
        with self._database.reading() as conn:
            created = {name: moment for name, moment in conn.execute(query)}
        found = [self.get(name) for name in sorted(created)]
        return [
            CatalogueSummary(one.name, one.uid, *one.counts(), created[one.name]) for one in found
        ]

    def get(self, name: str) -> Catalogue:
        """Return a catalogue; NotFound where there is none of that name."""
        with self._database.reading() as conn:
            found = self._find(conn, name)
        if found is None:
            known = ", ".join(self.names()) or "none yet"
            raise NotFound(
                f"there is no catalogue {name!r}. Known: {known}. "
                f"Make it with `nearfield import {name} ...`."
            )
        return found

    def create(self, name: str) -> Catalogue:
        """Return the catalogue of that name, made now if there was none."""
        if not _NAME.fullmatch(name):
            raise InvalidInput(
                f"{name!r} cannot be the name of a catalogue. Wanted: a small letter a-z, then up "
                "to 39 small letters, digits and hyphens, such as 'movies'."
            )
        return self._database.write(lambda conn: self._find_or_create(conn, name), repeatable=True)

    def _find(self, conn: Connection, name: str) -> Catalogue | None:
        query = select(catalogues.c.id, catalogues.c.name, catalogues.c.uid)
        row = conn.execute(query.where(catalogues.c.name == name)).first()
        if row is None:
            return None
        made = self._made.get(row.id)  # it keeps what takes long to count and to index
        if made is None or made.uid != row.uid:
            made = self._made[row.id] = Catalogue(self._database, *row)
        return made

    def _find_or_create(self, conn: Connection, name: str) -> Catalogue:
        if found := self._find(conn, name):
            return found
        row = {
            "name": name,
            "uid": uuid.uuid4().hex,
            "revision": 0,
            "integer_items": True,
            "integer_users": True,
            "item_attributes": [],
            "user_attributes": [],
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        conn.execute(insert(catalogues), [row])
        found = self._find(conn, name)
        assert found is not None  # we have just put it there
        return found

    def import_tables(
        self, name: str, tables: Tables, batch: int = 50_000
    ) -> Iterator[ImportProgress]:
        """Bring a catalogue to what the tables say, yielding how far it is after each batch.

        Importing twice changes nothing; after a kill the same call finishes the work. Rows that
        are in the catalogue but not in the tables stay. Nothing is written before the first
        `next`, and nothing at all when the tables cannot be used.

        Parameters
        ----------
        name : str
            The catalogue; made if there is none.
        tables : Tables
            Checked tables. Users who were erased from the catalogue are left out.
        batch : int
            Rows in one transaction.
        """
        if batch < 1:
            raise InvalidInput(f"a batch of {batch} rows is none. Give 1 or more.")
        # Polars takes 0.1 s, which those that import nothing need not wait
        from nearfield.catalogue.checks import check_tables
        from nearfield.catalogue.write_events import import_events

        checked = check_tables(tables)
        found = self.create(name)
        number, kept = found.number, self._without_erased(found, checked)
        yield from self._import_rows(number, "items", kept.items, batch, write_items)
        left_out = checked.users.height - kept.users.height
        for step in self._import_rows(number, "users", kept.users, batch, write_users):
            yield replace(step, left_out=left_out)
        left_out = checked.events.height - kept.events.height
        for step in import_events(self._database, number, kept.events, batch):
            yield replace(step, left_out=left_out)

    def _without_erased(self, found: Catalogue, tables: Tables) -> Tables:
        """Return the tables without the users who were erased."""
        import polars as pl  # see `import_tables`

        users = tables.users[Columns.USER].to_list()
        with self._database.reading() as conn:
            erased = erased_among(conn, found.number, found.uid, users)
        if not erased:
            return tables
        others = ~pl.col(Columns.USER).is_in(sorted(erased))
        return Tables(tables.items, tables.users.filter(others), tables.events.filter(others))

    def _import_rows(
        self,
        number: int,
        table: str,
        frame: "pl.DataFrame",
        batch: int,
        write: Callable[..., Outcome],
    ) -> Iterator[ImportProgress]:
        done = Outcome(0, 0, 0)
        for start in range(0, max(frame.height, 1), batch):
            part = frame[start : start + batch]
            work = partial(write, catalogue=number, frame=part)
            done = done.plus(self._database.write(work, repeatable=True, patient=True))
            yield ImportProgress(table, min(start + batch, frame.height), frame.height, *done)

    def remove(self, name: str) -> None:
        """Remove a catalogue with all its items, users and events."""
        number = self.get(name).number
        self._database.write(lambda conn: _remove(conn, number), patient=True)
        self._made.pop(number, None)


def _remove(conn: Connection, number: int) -> None:
    lock(conn, number)
    of_items = select(items.c.id).where(items.c.catalogue_id == number)
    of_users = select(users.c.id).where(users.c.catalogue_id == number)
    for table in (sound_vectors, sounds, song_prints, playlist_songs):
        conn.execute(delete(table).where(table.c.item_id.in_(of_items)))
    of_catalogue = (song_pairs, song_verdicts, song_groups, sound_files)
    for table in (*of_catalogue, playlists, arm_answers, erased_users):
        conn.execute(delete(table).where(table.c.catalogue_id == number))
    conn.execute(delete(events).where(events.c.user_id.in_(of_users)))
    conn.execute(delete(item_genres).where(item_genres.c.item_id.in_(of_items)))
    conn.execute(delete(items).where(items.c.catalogue_id == number))
    conn.execute(delete(users).where(users.c.catalogue_id == number))
    conn.execute(delete(catalogues).where(catalogues.c.id == number))
