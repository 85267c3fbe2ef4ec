"""Small reads of what is asked all the time, and whether it may have changed since."""

import sqlite3
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, TypeAlias

from sqlalchemy import Dialect, Engine, Select

Beat: TypeAlias = tuple[int, int]
"""Equal to an earlier one where nothing was committed in between, as far as is known."""

Rows: TypeAlias = list[tuple[Any, ...]]

_MOST: Final = 100
"""Values in the list of one statement: each number of them is a statement of its own."""


class FileReads:
    """Reads a SQLite file over one connection, without SQLAlchemy. Safe in several threads.

    A question takes 4 to 30 us in SQLite, and 50 to 110 more on the usual way to it and back.

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

    def beat(self) -> Beat | None:
        """Return what each commit of anybody changes; None where the file cannot be read."""
        rows = self._run("PRAGMA data_version", ())
        return None if rows is None else (self._opened, rows[0][0])

    def rows(
        self, statement: Select[Any], given: Mapping[str, Any], some: Sequence[Any]
    ) -> Rows | None:
        """Return the rows of a statement that has one list of values, as SQLite holds them.

        Parameters
        ----------
        statement : Select
            With parameters by name; the last one is the list.
        given : mapping
            Values of the others.
        some : sequence
            The list.

        Returns
        -------
        list of tuple or None
            None where it is to be asked in the usual way, which also tells what is wrong.
        """
        if len(some) > _MOST:
            return None
        text, order = _spread(statement, self._engine.dialect, len(some))
        values = [given[one] if isinstance(one, str) else one[0] for one in order]
        return self._run(text, (*values, *some))

    def committed(self) -> None:
        """Do nothing: the file tells."""

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._close()

    def _run(self, text: str, values: tuple[Any, ...]) -> Rows | None:
        with self._lock:
            try:
                if self._connection is None:
                    self._connection = self._engine.raw_connection()
                    self._connection.detach()  # no pool counts or lends it
                    self._opened += 1  # another connection counts beats anew
                sqlite: sqlite3.Connection = self._connection.dbapi_connection
                return sqlite.execute(text, values).fetchall()
            except sqlite3.Error:
                self._close()
                return None

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class ServerReads:
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

    def beat(self) -> Beat | None:
        """Return what changes with each commit of this process and with time; None if not sure."""
        return (self._commits, int(self._clock() / self._fresh)) if self._fresh else None

    def rows(
        self, _statement: Select[Any], _given: Mapping[str, Any], _some: Sequence[Any]
    ) -> Rows | None:
        """Return None: a server is asked in the usual way."""
        return None

    def committed(self) -> None:
        """Note a commit, before whoever asked for it is told."""
        with self._lock:
            self._commits += 1

    def close(self) -> None:
        """Do nothing."""


@lru_cache(maxsize=10 * _MOST)
def _spread(
    statement: Select[Any], dialect: Dialect, length: int
) -> tuple[str, tuple[str | tuple[Any], ...]]:
    """Write a statement out for a list of so many values.

    Returns
    -------
    text : str
    order : tuple
        What comes before the list: names of parameters, and constants in a tuple each.
    """
    compiled = statement.compile(dialect=dialect)
    constants = {name: value for name, value in compiled.params.items() if value is not None}
    names = [name for name in compiled.params if name not in constants]
    lists = [name for name in names if compiled.binds[name].expanding]
    sample = {name: [None] * length if name in lists else None for name in names}
    state = compiled.construct_expanded_state(sample)
    order = (state.positiontup or [])[: len(state.positiontup or []) - length]
    return state.statement, tuple((constants[one],) if one in constants else one for one in order)
