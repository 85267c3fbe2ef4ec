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
_MYSQL: Final[dict[int, str]] = {
    1040: "has no free connection. Raise its max_connections or stop another client",
    1044: "refuses this user. Grant it all rights on the database",
    1045: "refuses this user or password. Check both in NEARFIELD_DATABASE_URL",
    1049: "has no such database. Create it first: CREATE DATABASE ... CHARACTER SET utf8mb4",
    1114: "is full. Free some space on the server, " + _RETRY,
    1142: "refuses this user. Grant it all rights on the database",
    1290: "is read-only. Point NEARFIELD_DATABASE_URL at the server that takes writes",
    2003: "cannot be reached. Check that it runs and that host and port are right",
    2006: "closed the connection. Check that it still runs, " + _RETRY,
    2013: "closed the connection. Check that it still runs, " + _RETRY,
}
_MYSQL_PASSING: Final = (1205, 1213)  # lock wait timeout, deadlock: the server rolled back


def passing(error: DBAPIError) -> bool:
    """Tell whether the same transaction may succeed when run again from its beginning."""
    if isinstance(error, IntegrityError):
        return True  # another process was first; the next try reads what that one wrote
    return _number(error) in _MYSQL_PASSING


def translate(error: DBAPIError, url: URL) -> NearfieldError:
    """Return the error that the user should see.

    Parameters
    ----------
    error : DBAPIError
        As SQLAlchemy raised it.
    url : URL
        Of the database; its password is not shown.
    """
    where = f"the database {url.render_as_string(hide_password=True)}"
    if isinstance(error.orig, sqlite3.Error):
        name = getattr(error.orig, "sqlite_errorname", "")
        for prefix, kind, text in _SQLITE:
            if name.startswith(prefix):
                return kind(f"{where} {text}. (SQLite says: {error.orig})")
    text = _MYSQL.get(_number(error), "failed. Check it with `nearfield doctor`")
    return Unavailable(f"{where} {text}. (It says: {error.orig})")


def _number(error: DBAPIError) -> int:
    arguments = getattr(error.orig, "args", ())
    return arguments[0] if arguments and isinstance(arguments[0], int) else 0
