"""A connection to MySQL or MariaDB that costs one round trip a question."""

import select
import ssl
import threading
import time
from typing import Any, Final

from pymysql.connections import Connection
from pymysql.constants.SERVER_STATUS import SERVER_STATUS_IN_TRANS
from pymysql.err import MySQLError

from nearfield.catalogue.addresses import Wait
from nearfield.catalogue.server_health import ServerHealth

IDLE_SECONDS: Final = 5.0
"""A connection that was used since is not asked whether it still answers."""

LOCK_SECONDS: Final = 10
"""How long a statement waits for a row that another transaction holds."""

TABLE_SECONDS: Final = 60
"""How long a migration waits for a table that somebody reads: all others wait behind it."""

PATIENT_SECONDS: Final = 600
"""How long one statement may take that changes or reads a whole table."""

_LOOK_SECONDS: Final = 0.5
_LEAST_SECONDS: Final = 0.001

# strict: what does not fit is an error, never cut; no other mode changes what a statement means
_MODE: Final = "STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,ONLY_FULL_GROUP_BY"

# a statement sees what was committed before it began: a writer that got its lock sees all that
# the one before it wrote, and no gaps are locked, which is where most deadlocks come from
_ISOLATION: Final = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"
_SETTINGS: Final = (
    f"SET SESSION sql_mode = '{_MODE}', time_zone = '+00:00', "
    f"innodb_lock_wait_timeout = {LOCK_SECONDS}, lock_wait_timeout = {TABLE_SECONDS}"
)

_contexts: dict[str, ssl.SSLContext] = {}
_making = threading.Lock()


class ServerConnection(Connection):  # type: ignore[misc]  # PyMySQL has no types
    """PyMySQL's connection, without the round trips that tell nothing.

    Outside of BEGIN and COMMIT every statement is a transaction of its own, so nothing is to be
    rolled back when it goes back to the pool.

    Parameters
    ----------
    health : ServerHealth, optional
        Is told of each answer, and of each that did not come.
    **given
        As of PyMySQL, and `answer_timeout`.
    """

    def __init__(self, health: ServerHealth | None = None, **given: Any) -> None:
        self._used = time.monotonic()
        self._health = health
        self._quick = given["connect_timeout"]  # to greet and to be asked for a sign of life, too
        self._sending = given["write_timeout"]
        self._seconds: dict[Wait, float] = {
            "answer": given.pop("answer_timeout"),
            "work": given.pop("read_timeout"),
            "table": PATIENT_SECONDS,
        }
        try:
            self._open(given)
        except MySQLError as error:
            self._tell(error, self._used)
            raise
        self.wait("work")

    def _open(self, given: dict[str, Any]) -> None:
        fixed = {"charset": "utf8mb4", "autocommit": True, "local_infile": False}
        super().__init__(**{**given, **fixed}, read_timeout=self._quick)
        with self.cursor() as cursor:
            cursor.execute(_SETTINGS)
            cursor.execute(_ISOLATION)

    def wait(self, what: Wait) -> None:
        """Wait for the answers to come as long as they may take."""
        self._read_timeout = self._seconds[what]
        # as long for both, for PyMySQL tells the socket of each change
        self._write_timeout = self._read_timeout if what == "answer" else self._sending

    def ping(self, reconnect: bool = False) -> None:
        """Tell whether it still answers, without asking where it was used a moment ago.

        A server that ended, or that ended this connection, has closed it: then there is something
        to read. PyMySQL raises its own error where the server does not answer.
        """
        if time.monotonic() - self._used > IDLE_SECONDS or self._is_readable():
            self._read_timeout = self._quick
            began = time.monotonic()
            try:
                super().ping(reconnect=False)
            except MySQLError as error:
                self._tell(error, began)
                raise

    def rollback(self) -> None:
        """Roll back, where there is something to be rolled back."""
        self._used = time.monotonic()
        if self.server_status & SERVER_STATUS_IN_TRANS:
            super().rollback()

    def _read_query_result(self, unbuffered: bool = False) -> Any:
        if self._health is None:
            return super()._read_query_result(unbuffered)
        began = time.monotonic()
        try:
            self._await(self._health)
            affected = super()._read_query_result(unbuffered)
        except MySQLError as error:
            self._tell(error, began)
            raise
        self._health.answered()
        return affected

    def _read_ok_packet(self) -> Any:
        if self._health is not None:
            self._await(self._health)
        return super()._read_ok_packet()

    def _await(self, health: ServerHealth) -> None:
        """Wait for an answer to begin; where all others wait in vain, too, no longer."""
        began = time.monotonic()
        while not self._is_readable(_LOOK_SECONDS):
            waited = time.monotonic() - began
            if waited >= self._seconds["answer"]:
                health.doubt(f"nothing came for {waited:.0f} s", began)
            if waited >= self._read_timeout or health.is_silent:
                self._read_timeout = _LEAST_SECONDS  # then whoever reads gives up
                return

    def _tell(self, error: MySQLError, began: float) -> None:
        if self._health is not None:
            self._health.failed(error, began)

    def _is_readable(self, seconds: float = 0.0) -> bool:
        """Tell whether there is something to read, or soon is."""
        if self._sock is None:
            return True
        if hasattr(select, "poll"):
            poll = select.poll()
            poll.register(self._sock, select.POLLIN)
            return bool(poll.poll(1000 * seconds))
        return bool(select.select([self._sock], [], [], seconds)[0])  # Windows

    def _create_ssl_ctx(self, given: Any) -> ssl.SSLContext:
        """Return the context of such settings, made once: the system's certificates take 20 ms."""
        if isinstance(given, ssl.SSLContext):
            return given
        with _making:
            settings = repr(sorted(given.items()))
            if settings not in _contexts:
                _contexts[settings] = super()._create_ssl_ctx(given)
            return _contexts[settings]
