"""The connection to the SQL database: reads, writes, and their errors."""

import json
import random
import time
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from functools import partial
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine.interfaces import ExceptionContext
from sqlalchemy.exc import DBAPIError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import QueuePool

from nearfield.catalogue import sqlite_connection
from nearfield.catalogue.addresses import EXAMPLES, read_address, read_server_options
from nearfield.catalogue.failures import is_stale, passing, translate, unknown_outcome
from nearfield.catalogue.quick_reads import FileReads, ServerReads
from nearfield.catalogue.schema import VERSION_TABLE
from nearfield.catalogue.standing import check_writer
from nearfield.errors import InUse, InvalidInput, Unavailable

T = TypeVar("T")

_BEGIN: Final = "nearfield_begin"
_PATIENT: Final = "nearfield_patient"
_WRITE, _SNAPSHOT = "write", "snapshot"
_ATTEMPTS: Final = 6
_SQLITE_OPTIONS: Final[dict[str, Any]] = {
    "connect_args": {"timeout": sqlite_connection.BUSY_SECONDS}
}
_SQLITE_POOL: Final = {"pool_size": 5, "max_overflow": 10}  # as SQLAlchemy has it by itself
_SQLITE_BEGIN: Final = {_WRITE: ("BEGIN IMMEDIATE",), _SNAPSHOT: ("BEGIN DEFERRED",)}
_SERVER_BEGIN: Final = {
    _WRITE: ("START TRANSACTION",),
    _SNAPSHOT: (  # of the next transaction alone
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
    ),
}


class Database:
    """One SQL database: SQLite, or a MySQL or MariaDB server.

    Parameters
    ----------
    url : str
        SQLAlchemy's form of an address; for servers also with what `read_server_options` knows.
        Nothing is opened before the first read or write.
    fresh : float
        Seconds for which what others wrote to a server need not be noticed by `quick`; 0 where
        it must be.

    Raises
    ------
    InvalidInput
        If the address cannot be read, or names a kind of database that is not supported.
    """

    def __init__(self, url: str, fresh: float = 0.0) -> None:
        self.url = read_address(url)
        self.sqlite = self.url.get_backend_name() == "sqlite"
        self._most_connections = 0
        self._engine = self._make_engine()
        self.dialect = self._engine.dialect
        self.quick = FileReads(self._engine) if self.sqlite else ServerReads(fresh)
        self._guarded = False

    def guard(self) -> None:
        """Refuse writes from now on while the database is being filled or moved elsewhere."""
        self._guarded = True

    def _make_engine(self) -> Engine:
        serializer = partial(json.dumps, ensure_ascii=False)
        if self.sqlite:
            self._most_connections = sum(_SQLITE_POOL.values())
            engine = create_engine(
                self.url, json_serializer=serializer, **_SQLITE_OPTIONS, **_SQLITE_POOL
            )
            event.listen(engine, "connect", sqlite_connection.set_up)
            event.listen(engine, "begin", _begin_sqlite)
            return engine
        address, options = read_server_options(self.url)
        self._most_connections = options.pool["pool_size"] + options.pool["max_overflow"]
        try:
            engine = create_engine(
                address,
                json_serializer=serializer,
                paramstyle="format",  # as SQLite's: bulk inserts send plain tuples
                pool_pre_ping=True,
                connect_args=options.seconds,
                **options.pool,
            )
        except (NoSuchModuleError, ModuleNotFoundError) as error:
            raise InvalidInput(
                f"no driver for {self.url.drivername!r}: {error}. Install one with "
                f"`pip install 'nearfield[mysql]'` and use a URL like {EXAMPLES}."
            ) from error
        event.listen(engine, "do_connect", _connect)
        event.listen(engine, "begin", _begin_server)
        event.listen(engine, "handle_error", _leave_stale)
        return engine

    @contextmanager
    def reading(self, snapshot: bool = False, patient: bool = False) -> Iterator[Connection]:
        """Lend a connection for queries.

        Parameters
        ----------
        snapshot : bool
            Whether they all see the same moment.
        patient : bool
            Whether one may take minutes: a server that is asked otherwise is given up sooner.
        """
        options = {_BEGIN: _SNAPSHOT if snapshot else None, _PATIENT: patient}
        with self._translated(), self._engine.execution_options(**options).connect() as conn:
            yield conn

    def write(
        self, work: Callable[[Connection], T], repeatable: bool = False, patient: bool = False
    ) -> T:
        """Run `work` in one transaction and return what it returns.

        It runs again from its beginning when another process was in the way or the server went
        away before the end, so it must read what is there before it writes.

        Parameters
        ----------
        work : callable
            Takes the connection; neither commits nor rolls back.
        repeatable : bool
            Whether twice is the same as once: then it also runs again where the server went away
            while it committed, and nobody knows whether it had.
        patient : bool
            Whether one statement may take minutes.

        Raises
        ------
        Unavailable
            If it is not known whether the work was done, too; the message says so.
        """
        engine = self._engine.execution_options(**{_BEGIN: _WRITE, _PATIENT: patient})
        with self._translated():
            for attempt in range(1, _ATTEMPTS + 1):
                committing = False
                try:
                    with engine.connect() as conn, conn.begin():
                        if self._guarded:
                            check_writer(conn, self.url)
                        result = work(conn)
                        committing = True
                    self.quick.committed()
                    return result
                except DBAPIError as error:
                    if committing and error.connection_invalidated and not repeatable:
                        raise unknown_outcome(error, self.url) from error
                    if attempt == _ATTEMPTS or not passing(error):
                        raise
                # not all at the same moment again
                time.sleep(0.02 * 2**attempt * random.uniform(0.5, 1.5))
        raise AssertionError("the last attempt returns or raises")

    def connections(self) -> tuple[int, int]:
        """Return how many connections are lent at this moment, and how many can be; asks nobody."""
        pool = self._engine.pool
        assert isinstance(pool, QueuePool)  # of files and of servers
        return pool.checkedout(), self._most_connections

    def connect_alone(self) -> Connection:
        """Return a connection that no pool counts or lends; the caller closes it. Servers only."""
        with self._translated():
            conn = self._engine.execution_options(**{_PATIENT: True}).connect()
            conn.detach()
            return conn

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
            deadline = time.monotonic() + sqlite_connection.BUSY_SECONDS
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
        self.quick.close()
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
                "Ask fewer questions at once, or let the URL say a larger pool_size."
            ) from error


def _begin_sqlite(conn: Connection) -> None:
    # plain reads need none: each statement sees one moment by itself
    for statement in _SQLITE_BEGIN.get(conn.get_execution_options().get(_BEGIN, ""), ()):
        conn.exec_driver_sql(statement)


def _begin_server(conn: Connection) -> None:
    options: Mapping[str, Any] = conn.get_execution_options()
    driver: Any = conn.connection.dbapi_connection
    driver.be_patient(options.get(_PATIENT, False))
    for statement in _SERVER_BEGIN.get(options.get(_BEGIN, ""), ()):
        conn.exec_driver_sql(statement)


def _connect(_dialect: Any, _record: Any, _given: Any, named: MutableMapping[str, Any]) -> Any:
    from nearfield.catalogue.server_connection import ServerConnection  # PyMySQL is optional

    return ServerConnection(**named)


def _leave_stale(context: ExceptionContext) -> None:
    """Give up connections to a server that takes no writes any more: another one does."""
    if is_stale(context.original_exception):
        context.is_disconnect = True
