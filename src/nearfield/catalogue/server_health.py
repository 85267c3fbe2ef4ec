"""Whether a server of SQL answers: where it hung for one who asked, others need not wait, too."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from nearfield.catalogue.failures import is_silence
from nearfield.errors import Unavailable
from nearfield.health import Breaker, Health, Patience

_PATIENCE: Final = Patience(failures=1, seconds=0.0, pause=0.2, longest=1.0)
"""One who waited in vain is enough, for the wait was long; it is asked again at once, then soon."""

_SURE: Final = timedelta(seconds=1)
"""A server that is there answers whoever asks meanwhile."""

_log = logging.getLogger(__name__)


class ServerHealth:
    """Notes whether a server answers. May be used from several threads.

    When nobody was answered for as long as somebody waited, a thread asks; until it is answered,
    whoever asks is refused at once.

    Parameters
    ----------
    shown : str
        The address, without its password.
    probe : callable
        Makes a connection and ends it; raises where that fails.
    clock : callable
        Returns seconds.
    """

    def __init__(
        self,
        shown: str,
        probe: Callable[[], object],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._shown = shown
        self._probe = probe
        self._clock = clock
        self._breaker = Breaker(_PATIENCE)
        self._answered = float("-inf")  # when somebody was answered last
        self._closed = threading.Event()

    @property
    def health(self) -> Health:
        """What is known now."""
        return self._breaker.health

    @property
    def is_silent(self) -> bool:
        """Whether who waits already waits in vain: the one who asks was not answered, either."""
        refuses = self._breaker.refuses  # as a rule it does not
        return refuses and datetime.now(UTC) - self._breaker.health.since >= _SURE

    def check(self) -> None:
        """Raise `Unavailable` where whoever asks would wait in vain."""
        if not self._breaker.refuses:  # as nearly always
            return
        health = self._breaker.health
        raise Unavailable(
            f"the database {self._shown} has not answered since {health.since:%H:%M:%S} UTC, so "
            f"it is not asked until it does. See whether it hangs, or the network loses what is "
            f"sent; then do the same again: nothing acknowledged is lost. (It says: "
            f"{health.error})"
        )

    def answered(self) -> None:
        """Tell that somebody was answered."""
        self._answered = self._clock()
        self._breaker.answered()

    def failed(self, error: BaseException, began: float) -> None:
        """Tell what came of a question that was asked at a moment of the clock."""
        if is_silence(error, self._clock() - began):
            self.doubt(str(error), began)

    def doubt(self, why: str, began: float) -> None:
        """Tell that a question waited long for its answer, or in vain.

        Where others were answered meanwhile it is a long one: the server is there.
        """
        if self._answered > began or self._closed.is_set():
            return
        if self._breaker.failed(why, self._clock() - began):
            threading.Thread(target=self._ask, args=(why,), name="asking SQL", daemon=True).start()

    def close(self) -> None:
        """Stop asking."""
        self._closed.set()

    def _ask(self, why: str) -> None:
        """Ask until something comes, be it a refusal: then whoever asks next is told that one."""
        told = False
        while self._is_silent_to_us():
            if not told:
                _log.warning("the database %s does not answer: %s", self._shown, why)
                told = True
            if self._closed.wait(self._breaker.pause()):
                return
        if told:
            _log.warning("the database %s answers again", self._shown)

    def _is_silent_to_us(self) -> bool:
        self._breaker.probe()
        began = self._clock()
        try:
            self._probe()
        except Exception as error:  # of the driver, of the network, or ours
            if is_silence(error, self._clock() - began):
                self._breaker.probed(str(error))
                return True
        self._answered = self._clock()
        self._breaker.probed(None)
        return False
