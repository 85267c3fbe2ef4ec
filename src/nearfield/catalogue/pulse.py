"""Notice cheaply whether something was committed since the last look."""

import sqlite3
import threading
import time
from collections.abc import Callable
from typing import Any, TypeAlias

from sqlalchemy import Engine

Beat: TypeAlias = tuple[int, int]
"""Equal to an earlier one where nothing was committed in between, as far as is known."""


class FilePulse:
    """Watches a SQLite file over a connection that writes nothing: 4 us, a question takes 60.

    May be used from several threads.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        Of the file.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Any = None
        self._opened = 0
        self._lock = threading.Lock()

    def read(self) -> Beat | None:
        """Return what each commit of anybody changes; None where the file cannot be read."""
        with self._lock:
            try:
                if self._connection is None:
                    self._connection = self._engine.raw_connection()
                    self._connection.detach()  # no pool counts or lends it
                    self._opened += 1  # another connection counts anew
                sqlite: sqlite3.Connection = self._connection.dbapi_connection
                (version,) = sqlite.execute("PRAGMA data_version").fetchone()
            except sqlite3.Error:
                self._close()
                return None
            return self._opened, version

    def committed(self) -> None:
        """Do nothing: the file tells."""

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class ServerPulse:
    """Knows what this process committed; what others did, some time later. Asks nobody.

    Parameters
    ----------
    fresh : float
        Seconds until what others committed is noticed; 0 is never sure of anything.
    clock : callable
        Returns seconds that never go back.
    """

    def __init__(self, fresh: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._fresh = fresh
        self._clock = clock
        self._commits = 0
        self._lock = threading.Lock()

    def read(self) -> Beat | None:
        """Return what changes with each commit of this process and with time; None if not sure."""
        return (self._commits, int(self._clock() / self._fresh)) if self._fresh else None

    def committed(self) -> None:
        """Note a commit, before whoever asked for it is told."""
        with self._lock:
            self._commits += 1

    def close(self) -> None:
        """Do nothing."""
