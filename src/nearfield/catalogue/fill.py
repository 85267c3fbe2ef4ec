"""Put whole tables into an empty database; until all is there, it can be opened by nobody."""

from collections.abc import Collection, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
from sqlalchemy import (
    ColumnClause,
    Connection,
    Select,
    column,
    func,
    insert,
    inspect,
    select,
    table,
    text,
)

from nearfield.catalogue.columns import Digest, batches
from nearfield.catalogue.database import Database
from nearfield.catalogue.erase import erase_user
from nearfield.catalogue.erased import digest
from nearfield.catalogue.migrate import migrate
from nearfield.catalogue.schema import HEAD, VERSION_TABLE, catalogues, metadata, users
from nearfield.catalogue.standing import FILLING, MARK_LENGTH, check_standing, put_mark
from nearfield.errors import CheckFailed, InUse, InvalidInput

_ROWS: Final = 20_000
"""Rows of one transaction."""


class Filling:
    """A database that is being filled.

    Parameters
    ----------
    url : str
        SQLAlchemy's form of an address.
    name : str
        Of what it is filled with: whoever comes with the same goes on after a kill.
    """

    def __init__(self, url: str, name: str) -> None:
        self._database = Database(url)
        self._mark = f"{FILLING}{name[:MARK_LENGTH]}"
        self.url = self._database.url.render_as_string(hide_password=True)

    def close(self) -> None:
        """Close the connections."""
        self._database.close()

    def check_empty(self) -> bool:
        """Return whether the same filling was cut off before; nothing is changed.

        Raises
        ------
        InvalidInput
            If the database holds anything else.
        InUse
            If it was moved, or is being filled with something else.
        """
        if self._is_unmade():
            return False
        version = self._database.version()
        if version == self._mark:
            return True
        if version is not None and version.startswith(FILLING):
            raise InUse(
                f"the database {self.url} was left by a `nearfield restore` or `nearfield move` of "
                f"something else, which was cut off. Finish that one by the same command, or give "
                f"an empty database."
            )
        check_standing(version, self._database.url)
        held = self._held()
        if held:
            told = ", ".join(f"{count:,} {name}" for name, count in held.items())
            raise InvalidInput(
                f"the database {self.url} is not empty: it holds {told}. Nothing is ever merged. "
                f"Give an empty database, or another home."
            )
        return False

    def begin(self, schema: str) -> None:
        """Make empty tables of that version, and let nobody else open or write them."""
        self._database.write(self._clear, patient=True)
        migrate(self._database, schema)
        if not self._database.write(lambda conn: put_mark(conn, schema, self._mark)):
            raise InUse(f"another process changed the database {self.url}. Run it again.")
        if held := self._held():  # somebody came between
            raise InUse(f"another process wrote to the database {self.url}: {', '.join(held)}.")

    def add(self, name: str, batch: pa.RecordBatch) -> None:
        """Add rows to a table; their columns are those of the version that `begin` made."""
        columns = batch.schema.names
        plain = table(name, *map(column, columns))
        dialect = self._database.dialect
        statement = str(insert(plain).compile(dialect=dialect, column_keys=columns))
        for start in range(0, batch.num_rows, _ROWS):
            part = batch.slice(start, _ROWS)
            rows = list(zip(*(each.to_pylist() for each in part.columns), strict=True))
            self._database.write(partial(_insert, statement=statement, rows=rows), patient=True)

    def check_columns(self, name: str, schema: pa.Schema) -> None:
        """Refuse columns that the table has not; InvalidInput."""
        with self._database.reading() as conn:
            there = {each["name"] for each in inspect(conn).get_columns(name)}
        if there != set(schema.names):
            odd = ", ".join(sorted(there ^ set(schema.names)))
            raise InvalidInput(f"the table {name} comes with other columns than wanted: {odd}.")

    def check(self, name: str, schema: pa.Schema, wanted: Digest) -> Iterator[int]:
        """Compare what a table holds by now with what was sent, yielding how many rows were read.

        Raises
        ------
        CheckFailed
            If it differs.
        """
        found = Digest()
        columns: list[ColumnClause[Any]] = [column(each) for each in schema.names]
        query: Select[Any] = select(*columns).select_from(table(name))
        with self._database.reading(snapshot=True, patient=True) as conn:
            for batch in batches(conn, query, schema):
                found.add(batch)
                yield found.rows
        if found != wanted:
            raise CheckFailed(
                f"the table {name} of {self.url} holds {found.rows:,} rows, and {wanted.rows:,} "
                f"were sent, or some of them differ. Run the same command again; if it fails "
                f"twice, look into the log of the database."
            )

    def bring_up(self, schema: str, keys: Mapping[str, int]) -> None:
        """Bring the tables to the present schema; keys are given out from `keys` on."""
        with self._database.reading() as conn:
            there = inspect(conn).get_table_names()
        told = {name: key for name, key in keys.items() if name in there}
        self._database.write(lambda conn: _set_next_keys(conn, told), patient=True)
        if schema != HEAD:
            self._database.write(lambda conn: put_mark(conn, self._mark, schema))
            migrate(self._database)
            self._database.write(lambda conn: put_mark(conn, HEAD, self._mark))

    def forget(self, erased: Mapping[str, Collection[str]]) -> int:
        """Erase users by their marks, and return how many there were.

        Parameters
        ----------
        erased : mapping
            Identity of a catalogue to marks, as `erased_users` has them.
        """
        done = 0
        with self._database.reading() as conn:
            known = conn.execute(select(catalogues.c.id, catalogues.c.uid)).all()
        for number, uid in known:
            marks = set(erased.get(uid, ()))
            for user in self._marked(number, uid, marks) if marks else ():
                self._database.write(partial(erase_user, catalogue=number, user=user))
                done += 1
        if done:
            self._database.wipe()
        return done

    def open(self) -> None:
        """Let all open the database."""
        self._database.write(lambda conn: put_mark(conn, self._mark, HEAD))
        if self._database.sqlite:
            with self._database.reading() as conn:  # to the disk itself
                conn.exec_driver_sql("PRAGMA wal_checkpoint(FULL)")

    def _marked(self, number: int, uid: str, marks: set[str]) -> list[str]:
        query = select(users.c.public_id).where(users.c.catalogue_id == number)
        with self._database.reading() as conn:
            names = conn.execute(query, execution_options={"yield_per": _ROWS}).scalars()
            return [name for name in names if digest(uid, name) in marks]

    def _is_unmade(self) -> bool:
        """Tell whether there is no file yet: asking would make one."""
        return self._database.sqlite and not Path(str(self._database.url.database)).exists()

    def _held(self) -> dict[str, int]:
        """Return how many rows there are, by table, of those that have any."""
        with self._database.reading() as conn:
            there = set(inspect(conn).get_table_names())
            counts = {
                name: int(conn.execute(select(func.count()).select_from(one)).scalar_one())
                for name, one in metadata.tables.items()
                if name in there
            }
        return {name: count for name, count in counts.items() if count}

    def _clear(self, conn: Connection) -> None:
        there = set(inspect(conn).get_table_names())
        if VERSION_TABLE not in there and there & set(metadata.tables):
            return  # of another program: `migrate` says so
        metadata.drop_all(conn)
        conn.exec_driver_sql(f"DROP TABLE IF EXISTS {VERSION_TABLE}")


def _insert(conn: Connection, statement: str, rows: list[tuple[Any, ...]]) -> None:
    conn.exec_driver_sql(statement, rows)


def _set_next_keys(conn: Connection, keys: Mapping[str, int]) -> None:
    if conn.dialect.name == "sqlite":
        made = "SELECT name, sql FROM sqlite_master WHERE type = 'table'"
        rising = {name for name, sql in conn.exec_driver_sql(made) if "AUTOINCREMENT" in sql}
        for name in rising & set(keys):
            told = {"name": name, "last": keys[name] - 1}
            conn.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), told)
            conn.execute(text("INSERT INTO sqlite_sequence VALUES (:name, :last)"), told)
        return
    for name, key in keys.items():
        conn.exec_driver_sql(f"ALTER TABLE {name} AUTO_INCREMENT = {int(key)}")
