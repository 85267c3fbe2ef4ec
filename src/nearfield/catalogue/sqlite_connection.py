"""How connections to SQLite are set up."""

import sqlite3
import time
from typing import Final

BUSY_SECONDS: Final = 30.0
"""How long one waits while another writes."""


def set_up(connection: sqlite3.Connection, _record: object) -> None:
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
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname != "SQLITE_BUSY" or time.monotonic() > deadline:
                raise
        time.sleep(0.01)
