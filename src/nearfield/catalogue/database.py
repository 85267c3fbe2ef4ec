"""The connection to the SQL database: reads, writes, and their errors."""

import json
import random
import time
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from types import TracebackType
from typing import Any, Final, Literal, TypeAlias, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine.interfaces import ExceptionContext
from sqlalchemy.exc import DBAPIError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import QueuePool

from nearfield.catalogue import sqlite_connection
from nearfield.catalogue.addresses import (
    EXAMPLES,
    ServerOptions,
    Wait,
    read_address,
    read_server_options,
)
from nearfield.catalogue.failures import is_stale, passing, shown, translate, unknown_outcome
from nearfield.catalogue.quick_reads import FileReads, ServerReads
from nearfield.catalogue.schema import VERSION_TABLE
from nearfield.catalogue.server_health import ServerHealth
from nearfield.catalogue.standing import check_writer
from nearfield.errors import InUse, InvalidInput, NearfieldError, Unavailable

T = TypeVar("T")

Begin: TypeAlias = Literal["nothing", "snapshot", "write"]

_WAITS: Final[tuple[Wait, ...]] = ("answer", "work", "table")
_ATTEMPTS: Final = 6
_SQLITE_OPTIONS: Final[dict[str, Any]] = {
    "connect_args": {"timeout": sqlite_connection.BUSY_SECONDS}
}
_SQLITE_POOL: Final = {"pool_size": 5, "max_overflow": 10}  # as SQLAlchemy has it by itself
_SQLITE_BEGIN: Final[Mapping[Begin, tuple[str, ...]]] = {
    "nothing": (),  # each statement sees one moment by itself
    "snapshot": ("BEGIN DEFERRED",),
    "write": ("BEGIN IMMEDIATE",),
}
_SERVER_BEGIN: Final[Mapping[Begin, tuple[str, ...]]] = {
    "nothing": (),
    "snapshot": (  # of the next transaction alone
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
    ),
    "write": ("START TRANSACTION",),
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
    hurried : bool
        Whether people wait for what is read: then a server that hangs is given up after
        `answer_timeout` rather than `read_timeout`, and not asked again before it answers.

    Raises
    ------
    InvalidInput
        If the address cannot be read, or names a kind of database that is not supported.
    """

    def __init__(self, url: str, fresh: float = 0.0, hurried: bool = False) -> None:
        self.url = read_address(url)
        self.sqlite = self.url.get_backend_name() == "sqlite"
        self._hurried = hurried
        self._health: ServerHealth | None = None
        self._most_connections = 0
        self._engine = self._make_engine()
        self._engines = self._make_variants()
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
            return engine
        address, options = read_server_options(self.url, self._hurried)
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
        if self._hurried:
            self._health = ServerHealth(shown(self.url), partial(self._probe, address, options))
        event.listen(engine, "do_connect", self._connect)
        event.listen(engine, "handle_error", _leave_stale)
        return engine

    def _make_variants(self) -> dict[tuple[Begin, Wait], Engine]:
        """Make an engine for each way to begin and to wait; they share one pool."""
        if self.sqlite:
            ways = {begin: _with_begin(self._engine, told) for begin, told in _SQLITE_BEGIN.items()}
            return {(begin, wait): one for begin, one in ways.items() for wait in _WAITS}
        return {
            (begin, wait): _with_server_begin(self._engine, told, wait, self._health)
            for begin, told in _SERVER_BEGIN.items()
            for wait in _WAITS
        }

    def _connect(
        self, _dialect: Any, _record: Any, _given: Any, named: MutableMapping[str, Any]
    ) -> Any:
        from nearfield.catalogue.server_connection import ServerConnection  # PyMySQL is optional

        if self._health is not None:
            self._health.check()  # see `_with_server_begin`
        return ServerConnection(self._health, **named)

    def _probe(self, address: URL, options: ServerOptions) -> None:
        """Make a connection beside the pool, whose places may be taken, and end it."""
        from nearfield.catalogue.server_connection import ServerConnection  # see `_connect`

        _, named = self._engine.dialect.create_connect_args(address)
        ServerConnection(**{**named, **options.seconds}).close()

    def reading(
        self, snapshot: bool = False, patient: bool = False, whole: bool = False
    ) -> AbstractContextManager[Connection]:
        """Lend a connection for queries.

        Parameters
        ----------
        snapshot : bool
            Whether they all see the same moment.
        patient : bool
            Whether one may take minutes: a server that is asked otherwise is given up sooner.
        whole : bool
            Whether one reads a whole table, which is not done as soon as an answer is wanted.
        """
        wait: Wait = "table" if patient else "work" if whole or snapshot else "answer"
        return _Lent(self, self._engines["snapshot" if snapshot else "nothing", wait])

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
        wait: Wait = "table" if patient else "work"
        engine = self._engines["write", wait]
        self._check()
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
            conn = self._engines["nothing", "table"].connect()
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
        if self._health is not None:
            self._health.close()
        self.quick.close()
        self._engine.dispose()

    def _check(self) -> None:
        """Refuse what a server that hangs would not answer."""
        if self._health is not None:
            self._health.check()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (DBAPIError, PoolTimeout) as error:
            raise self._told(error) from error

    def _told(self, error: DBAPIError | PoolTimeout) -> NearfieldError:
        """Return the error that the user should see."""
        if isinstance(error, DBAPIError):
            return translate(error, self.url)
        return Unavailable(
            f"no connection to the database became free in time ({error}). "
            "Ask fewer questions at once, or let the URL say a larger pool_size."
        )


class _Lent(AbstractContextManager[Connection]):
    """A connection of a database for the time of a block; a class, for it takes half the time.

    Parameters
    ----------
    database : Database
        Whose errors are raised.
    engine : Engine
        Which begins as wanted.
    """

    __slots__ = ("_conn", "_database", "_engine")

    def __init__(self, database: Database, engine: Engine) -> None:
        self._database = database
        self._engine = engine

    def __enter__(self) -> Connection:
        self._database._check()
        try:
            self._conn = self._engine.connect()
        except (DBAPIError, PoolTimeout) as error:
            raise self._database._told(error) from error
        return self._conn

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._conn.close()
        except DBAPIError as closing:
            raise self._database._told(closing) from closing
        if isinstance(error, DBAPIError | PoolTimeout):
            raise self._database._told(error) from error


def _with_begin(engine: Engine, statements: tuple[str, ...]) -> Engine:
    """Return an engine over the same pool whose transactions begin with some statements."""
    if not statements:
        return engine
    found = engine.execution_options()

    def begin(conn: Connection) -> None:
        for statement in statements:
            conn.exec_driver_sql(statement)

    event.listen(found, "begin", begin)
    return found


def _with_server_begin(
    engine: Engine, statements: tuple[str, ...], wait: Wait, health: ServerHealth | None
) -> Engine:
    """Return the same for a server, that then waits for the answers to come."""
    found = engine.execution_options()
    # a server that is there begins at once, however long what follows may take
    first: Wait = "table" if wait == "table" else "answer"

    def begin(conn: Connection) -> None:
        if health is not None:
            health.check()  # who waited for a connection has waited enough
        driver: Any = conn.connection.dbapi_connection
        driver.wait(first)
        for statement in statements:
            conn.exec_driver_sql(statement)
        driver.wait(wait)

    event.listen(found, "begin", begin)
    return found


def _leave_stale(context: ExceptionContext) -> None:
    """Give up connections to a server that takes no writes any more: another one does."""
    if is_stale(context.original_exception):
        context.is_disconnect = True
