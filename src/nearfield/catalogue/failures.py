"""Turn what a database driver raises into one clear message."""

import sqlite3
from typing import Final

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, IntegrityError

from nearfield.errors import InUse, InvalidInput, NearfieldError, Unavailable

_RETRY: Final = "then run the same command again: nothing acknowledged is lost"

# SQLite's own names of what went wrong, by how they begin
_SQLITE: Final[tuple[tuple[str, type[NearfieldError], str], ...]] = (
    (
        "SQLITE_NOTADB",
        InvalidInput,
        "is not an SQLite database. Move that file away, or name another place "
        "with NEARFIELD_DATABASE_URL",
    ),
    (
        "SQLITE_CANTOPEN",
        Unavailable,
        "cannot be opened. Check that its folder exists and that you may write there",
    ),
    (
        "SQLITE_READONLY",
        Unavailable,
        "cannot be written. Check the permissions of the file and of its folder, " + _RETRY,
    ),
    ("SQLITE_FULL", Unavailable, "does not fit on its disk. Free some space, " + _RETRY),
    (
        "SQLITE_IOERR",
        Unavailable,
        "could not be read or written. Check that its disk is not full or failing, " + _RETRY,
    ),
    (
        "SQLITE_BUSY",
        InUse,
        "is being written by another process. Wait until that one is done, " + _RETRY,
    ),
    (
        "SQLITE_CORRUPT",
        Unavailable,
        "is damaged. Restore it from a backup, or move it away and import again",
    ),
)

# MySQL and MariaDB: error numbers of the server and the client
_AWAY: Final = "closed the connection. Check that it still runs, " + _RETRY
_NOT_WRITER: Final = "is read-only. Point NEARFIELD_DATABASE_URL at the server that takes writes"
_RIGHTS: Final = "refuses this user. Grant it all rights on the database"
_MYSQL: Final[dict[int, str]] = {
    1040: "has no free connection. Raise its max_connections or stop another client",
    1044: _RIGHTS,
    1045: "refuses this user or password, or wants TLS. Check NEARFIELD_DATABASE_URL",
    1049: "has no such database. Create it first: CREATE DATABASE ... CHARACTER SET utf8mb4",
    1053: "is shutting down. Wait until it runs again, " + _RETRY,
    1071: "cannot index names of 255 characters. Set innodb_default_row_format=DYNAMIC there",
    1114: "is full. Free some space on the server, " + _RETRY,
    1142: _RIGHTS,
    1153: "takes no statement of that length. Raise its max_allowed_packet to 16M or more",
    1203: "has no free connection for this user. Raise its max_user_connections",
    1235: "has no locks by name, as a Galera cluster has none. Use one server with replicas",
    1273: "is too old. MySQL 8.0.17 or MariaDB 10.6 is the oldest that is supported",
    1286: "has no InnoDB, which keeps what was committed. Let it load InnoDB",
    1290: _NOT_WRITER,
    1665: "writes statements into its log of changes. Set binlog_format=ROW or MIXED there",
    1792: _NOT_WRITER,
    1836: _NOT_WRITER,
    2003: "cannot be reached. Check that it runs and that host and port are right",
    2006: _AWAY,
    2013: _AWAY,
    2055: _AWAY,
}
_BUSY: Final = "is being used by others. Wait until they are done, " + _RETRY
_LOCKED: Final = (1020, 1205, 1213, 3101)
"""Changed since it was read, lock wait timeout, deadlock, refused by the group: rolled back."""

_SILENT: Final = (
    "did not answer in time. See whether it hangs, or the network loses what is sent; " + _RETRY
)
_LONG: Final = 1.0
"""Seconds in which a server that is there tells at least that it cannot be had."""

_STALE: Final = (1047, 1053, 1290, 1836)
"""Not in its cluster, shutting down, read-only: another server has taken over, or will."""


def passing(error: DBAPIError) -> bool:
    """Tell whether the same transaction may succeed when run again from its beginning.

    A server that does not answer in time is not asked again: who waits has waited enough.
    """
    if isinstance(error, IntegrityError):
        return True  # another process was first; the next try reads what that one wrote
    if error.connection_invalidated:
        return not _is_late(error.orig)
    return _number(error.orig) in _LOCKED


def is_silence(error: BaseException, seconds: float) -> bool:
    """Tell whether a driver's error says that nobody answered, for as long as was waited.

    A network without a way to the server says so itself, after some seconds.
    """
    return _is_late(error) or (isinstance(error.__context__, OSError) and seconds >= _LONG)


def is_stale(error: BaseException | None) -> bool:
    """Tell whether an error says that this server is not the one that takes writes any more."""
    return _number(error) in _STALE


def unknown_outcome(error: DBAPIError, url: URL) -> Unavailable:
    """Return what is to be said where a commit was sent and its answer never came."""
    return Unavailable(
        f"the database {shown(url)} went away in the middle of a commit, so it is not known "
        f"whether this change was made. See whether it was before you make it again. "
        f"(It says: {error.orig})"
    )


def translate(error: DBAPIError, url: URL) -> NearfieldError:
    """Return the error that the user should see.

    Parameters
    ----------
    error : DBAPIError
        As SQLAlchemy raised it.
    url : URL
        Of the database; its password is not shown.
    """
    where = f"the database {shown(url)}"
    if isinstance(error.orig, sqlite3.Error):
        name = getattr(error.orig, "sqlite_errorname", "")
        for prefix, kind, text in _SQLITE:
            if name.startswith(prefix):
                return kind(f"{where} {text}. (SQLite says: {error.orig})")
    number = _number(error.orig)
    if number in _LOCKED:
        return InUse(f"{where} {_BUSY}. (It says: {error.orig})")
    if _is_late(error.orig):
        return Unavailable(f"{where} {_SILENT}. (It says: {error.orig})")
    text = _MYSQL.get(number, "failed. Check it with `nearfield doctor`")
    return Unavailable(f"{where} {text}. (It says: {error.orig})")


def _is_late(error: BaseException | None) -> bool:
    return isinstance(getattr(error, "__context__", None), TimeoutError)


def shown(url: URL) -> str:
    """Return the address without its password."""
    return url.render_as_string(hide_password=True)


def _number(error: BaseException | None) -> int:
    arguments = getattr(error, "args", ())
    return arguments[0] if arguments and isinstance(arguments[0], int) else 0
