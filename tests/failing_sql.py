"""SQL that fails for a moment, as when a server ends a connection, and then answers again."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from nearfield.catalogue.database import Database
from nearfield.errors import Unavailable, VectorsAway


@contextmanager
def failing(database: Database, at: int = 0) -> Iterator[list[str]]:
    """Let one statement fail, the `at`-th from 1, and no other; yields all that were asked for."""
    asked: list[str] = []

    def fail(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)
        if len(asked) == at:
            raise OperationalError(statement, None, sqlite3.OperationalError("gone for a moment"))

    event.listen(database._engine, "before_cursor_execute", fail)
    try:
        yield asked
    finally:
        event.remove(database._engine, "before_cursor_execute", fail)


def check_errors(database: Database, ask: Callable[[], object]) -> None:
    """Assert that a question is an error, and no lesser answer, whichever statement fails."""
    ask()  # what is asked for once only is asked for now
    with failing(database) as asked:
        ask()
    assert asked
    for at in range(1, len(asked) + 1):
        with failing(database, at), pytest.raises(Unavailable, match="gone for a moment") as told:
            ask()
        assert not isinstance(told.value, VectorsAway)
