"""The connection to the SQL database: reads, writes, and their errors."""

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final, TypeVar

from sqlalchemy import URL, Connection, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from nearfield.catalogue.failures import passing, translate
from nearfield.catalogue.schema import VERSION_TABLE
from nearfield.catalogue.standing import check_writer
from nearfield.errors import InUse, InvalidInput, Unavailable

T = TypeVar("T")

_BEGIN: Final = "nearfield_begin"
_ATTEMPTS: Final = 6
_BUSY_SECONDS: Final = 30.0
_SQLITE_OPTIONS: Final[dict[str, Any]] = {"connect_args": {"timeout": _BUSY_SECONDS}}
# parameters by place, as SQLite has them: bulk inserts send plain tuples
_SERVER_OPTIONS: Final[dict[str, Any]] = {"pool_pre_ping": True, "paramstyle": "format"}
_EXAMPLES: Final = "sqlite:////absolute/path.db or mysql+pymysql://user:password@host/database"


class Database:
    """One SQL database: SQLite, or a MySQL or MariaDB server.

    Parameters
    ----------
    url : str
        SQLAlchemy's form of an address. Nothing is opened before the first read or write.

    Raises
    ------
    InvalidInput
        If the address cannot be read, or names a kind of database that is not supported.
    """

    def __init__(self, url: str) -> None:
        self.url = _checked(url)
        self.sqlite = self.url.get_backend_name() == "sqlite"
        extra = _SQLITE_OPTIONS if self.sqlite else _SERVER_OPTIONS
        try:
            self._engine = create_engine(
                self.url, json_serializer=partial(json.dumps, ensure_ascii=False), **extra
            )
        except (NoSuchModuleError, ModuleNotFoundError) as error:
            raise InvalidInput(
                f"no driver for {self.url.drivername!r}: {error}. Install one with "
                f"`pip install 'nearfield[mysql]'` and use a URL like {_EXAMPLES}."
            ) from error
        if self.sqlite:
            event.listen(self._engine, "connect", _set_up_sqlite)
            event.listen(self._engine, "begin", _begin_sqlite)
        self._snapshots = self._engine.execution_options(**{_BEGIN: "DEFERRED"})
        self._writer = self._engine.execution_options(**{_BEGIN: "IMMEDIATE"})
        self.dialect = self._engine.dialect
        self._guarded = False

    def guard(self) -> None:
        """Refuse writes from now on while the database is being filled or moved elsewhere."""
        self._guarded = True

    @contextmanager
    def reading(self, snapshot: bool = False) -> Iterator[Connection]:
        """Lend a connection for queries; with `snapshot` they all see the same moment."""
        with self._translated(), (self._snapshots if snapshot else self._engine).connect() as conn:
            yield conn

    def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in one transaction and return what it returns.

        It runs again from its beginning when another process was in the way, so it must read
        what is there before it writes.
        """
        with self._translated():
            for attempt in range(1, _ATTEMPTS):
                try:
                    return self._try(work)
                except DBAPIError as error:
                    if not passing(error):
                        raise
                time.sleep(0.02 * 2**attempt)
            return self._try(work)

    def _try(self, work: Callable[[Connection], T]) -> T:
        with self._writer.begin() as conn:
            if self._guarded:
                check_writer(conn, self.url)
            return work(conn)

    def wipe(self) -> None:
        """Rewrite the file of SQLite, so that nothing of what was deleted is left in it.

        Elsewhere nothing happens: servers tidy up by themselves, in their own time.

        Raises
        ------
        InUse
            If somebody writes, or reads one and the same moment, for half a minute.
        """
        if not self.sqlite:
            return
        with self.reading() as conn:
            conn.exec_driver_sql("VACUUM")
            deadline = time.monotonic() + _BUSY_SECONDS
            while conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()[0]:
                if time.monotonic() > deadline:
                    raise InUse(
                        f"{self.url.database} is being read by another process, and its log still "
                        f"holds what was deleted. Wait until that one is done, then do it again."
                    )
                time.sleep(0.05)

    def version(self) -> str | None:
        """Return the last migration that was run; None where none was."""
        with self.reading() as conn:
            if not inspect(conn).has_table(VERSION_TABLE):
                return None
            return conn.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise translate(error, self.url) from error
        except PoolTimeout as error:
            raise Unavailable(
                f"no connection to the database became free in time ({error}). "
                "Ask fewer questions at once."
            ) from error


def _checked(url: str) -> URL:
    try:
        found = make_url(url)
        backend = found.get_backend_name()
    except (ArgumentError, ValueError) as error:
        raise InvalidInput(
            f"the database URL cannot be read ({error}). Write {_EXAMPLES}."
        ) from error
    if backend not in ("sqlite", "mysql", "mariadb"):
        raise InvalidInput(
            f"the database URL asks for {backend!r}, but only SQLite, MySQL and MariaDB are "
            f"supported. Write {_EXAMPLES}."
        )
    if backend == "sqlite" and found.database in (None, "", ":memory:"):
        raise InvalidInput(
            f"the database URL {url!r} names no file; a database in memory would be lost and "
            f"cannot be shared by threads. Write {_EXAMPLES}."
        )
    return found


def _set_up_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    """Prepare a new connection: our own BEGINs, a log that readers need not wait for."""
    connection.isolation_level = None
    try:
        _use_wal(connection)
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA secure_delete = ON")  # zeros over what is deleted
        connection.execute("PRAGMA cache_size = -65536")  # KiB; the default 2 MiB spills imports
    except sqlite3.Error:
        connection.close()
        raise


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch to the write-ahead log; two processes that do so at once are told "busy" at once."""
    deadline = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname != "SQLITE_BUSY" or time.monotonic() > deadline:
                raise
        time.sleep(0.01)


def _begin_sqlite(conn: Connection) -> None:
    mode = conn.get_execution_options().get(_BEGIN)
    if mode:  # plain reads need none: each statement sees one moment by itself
        conn.exec_driver_sql(f"BEGIN {mode}")
