"""A lock among all machines that share a database; it goes with the process that holds it."""

import hashlib
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, Protocol

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from nearfield.catalogue.database import Database
from nearfield.catalogue.failures import translate
from nearfield.errors import InUse, NearfieldError, Unavailable
from nearfield.locks import OwnerLock, read_owner

_LONGEST: Final = 64
"""Characters of the name of a lock that MySQL takes."""

_KEPT_SECONDS: Final = 60
"""Without a word from its holder for so long, a server takes the lock back: a machine may be lost
without closing its connections."""

_WORD_SECONDS: Final = 15.0
_LOOK_SECONDS: Final = 0.1

_TAKE: Final = text("SELECT GET_LOCK(:name, :wait)")
_HOLDER: Final = text("SELECT IS_USED_LOCK(:name)")
_MINE: Final = text("SELECT IS_USED_LOCK(:name) = CONNECTION_ID()")
_GIVE_BACK: Final = text("SELECT RELEASE_LOCK(:name)")
_WHO: Final = text("SELECT host, time FROM information_schema.processlist WHERE id = :id")


class Held(Protocol):
    """A lock that is held."""

    def check(self) -> None:
        """Raise Unavailable if it was lost, as when the server was started anew.

        To be called before what nobody else must do at the same time.
        """


@contextmanager
def exclusive(database: Database, name: str, remedy: str, seconds: float = 0.0) -> Iterator[Held]:
    """Hold a lock for the time of the block.

    Parameters
    ----------
    database : Database
        Whoever uses the same one is kept out: on a server, other machines too.
    name : str
        Of what is locked.
    remedy : str
        What the one who is refused should do.
    seconds : float
        How long to wait for it.

    Raises
    ------
    InUse
        If another process or thread holds it.
    """
    if not database.sqlite:
        lock = _ServerLock(database, name, remedy, seconds)
        try:
            yield lock
        finally:
            lock.release()
        return
    file = _take_file(database, name, remedy, seconds)
    try:
        yield _FileLock()
    finally:
        file.release()


class _FileLock:
    """The operating system takes it back at the end of the process alone."""

    def check(self) -> None:
        return


def _lock_path(database: Database, name: str) -> Path:
    """Return a path beside the file of SQLite; `OwnerLock` adds its own ending."""
    file = Path(str(database.url.database).removeprefix("file:").partition("?")[0])
    return file.with_name(f"{file.name}.{_plain(name)}")


def _plain(name: str) -> str:
    plain = re.sub(r"[^a-z0-9.-]+", "-", name)
    return plain if plain == name else f"{plain[:80]}-{_digest(name)[:8]}"


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def _take_file(database: Database, name: str, remedy: str, seconds: float) -> OwnerLock:
    path, until = _lock_path(database, name), time.monotonic() + seconds
    while True:
        try:
            return OwnerLock(path)
        except InUse:
            if time.monotonic() >= until:
                owner = read_owner(path) or {}
                who = f"process {owner.get('pid', '(unknown)')} ({owner.get('command', '')})"
                raise InUse(f"{name!r} is in use by {who}: {remedy}") from None
        time.sleep(_LOOK_SECONDS)


class _ServerLock:
    """A named lock of MySQL or MariaDB, on a connection of its own that is kept alive.

    Parameters
    ----------
    database, name, remedy, seconds
        As of `exclusive`.
    """

    def __init__(self, database: Database, name: str, remedy: str, seconds: float) -> None:
        self._database = database
        self._name = name
        # of the whole server, which other databases share; case does not count in it
        whole = f"nearfield {database.url.database} {name}"
        digest = _digest(f"{database.url.database}\n{name}")[:16]
        self._bound = {"name": f"{whole[: _LONGEST - 17]} {digest}"}
        self._conn = database.connect_alone()
        try:
            self._take(self._conn, remedy, seconds)
        except BaseException:
            self._conn.close()
            raise
        self._asking = threading.Lock()
        self._over = threading.Event()
        self._lost: NearfieldError | None = None
        threading.Thread(target=self._keep, name=f"lock {name}", daemon=True).start()

    def check(self) -> None:
        with self._asking:
            self._ask()
        if self._lost is not None:
            raise Unavailable(
                f"the lock of {self._name!r} was lost, and another process may hold it by now. "
                f"Nothing more is changed; run the same command again. ({self._lost})"
            )

    def release(self) -> None:
        self._over.set()
        with self._asking:
            try:
                if self._lost is None:
                    self._conn.execute(_GIVE_BACK, self._bound)
            except DBAPIError:
                pass  # it goes with the connection, a moment later
            finally:
                with suppress(DBAPIError):
                    self._conn.close()

    def _take(self, conn: Connection, remedy: str, seconds: float) -> None:
        try:
            conn.exec_driver_sql(f"SET SESSION wait_timeout = {_KEPT_SECONDS}")
            if conn.execute(_TAKE, {**self._bound, "wait": round(seconds)}).scalar() == 1:
                return
            raise InUse(f"{self._name!r} is in use by {self._holder(conn)}: {remedy}")
        except DBAPIError as error:
            raise translate(error, self._database.url) from error

    def _holder(self, conn: Connection) -> str:
        number = conn.execute(_HOLDER, self._bound).scalar()
        row = conn.execute(_WHO, {"id": number}).first() if number is not None else None
        if row is None:
            return "another process, which may have ended by now"
        return f"another process ({row[0]}, connection {number} of the database)"

    def _keep(self) -> None:
        """Let the server know that the holder lives, and notice where it forgot the lock."""
        while not self._over.wait(_WORD_SECONDS):
            with self._asking:
                if self._over.is_set():
                    return
                self._ask()
                if self._lost is not None:
                    return

    def _ask(self) -> None:
        if self._lost is not None:
            return
        try:
            if self._conn.execute(_MINE, self._bound).scalar() != 1:
                self._lost = Unavailable("The server gave it to somebody else.")
        except DBAPIError as error:
            self._lost = translate(error, self._database.url)
