"""Whether a server answers: a circuit breaker. Pure: clock and chance come in."""

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, TypeAlias

State: TypeAlias = Literal["ok", "open", "probing"]


@dataclass(frozen=True, slots=True)
class Health:
    """Whether a server answered lately.

    Parameters
    ----------
    state : {"ok", "open", "probing"}
        "open": calls are refused at once, for several in a row reached nobody; "probing": the same
        while one call tries whether it is back.
    failures : int
        Calls in a row that reached nobody; 0 as soon as one is answered.
    since : datetime
        When the state was entered, in UTC.
    error : str
        What the last of them met; empty where there was none.
    """

    state: State
    failures: int
    since: datetime
    error: str


@dataclass(frozen=True, slots=True)
class Patience:
    """How soon a breaker opens, and how long it stays so.

    Parameters
    ----------
    failures : int
        In a row, after which it opens,
    seconds : float
        provided that they took so long together: all threads fail at once at a short break.
    pause, longest : float
        Seconds until the first probe, and at most between two; each pause is twice the one before.
    jitter : float
        Share of a pause that chance may take off, lest all processes ask at once.
    """

    failures: int = 3
    seconds: float = 1.0
    pause: float = 0.5
    longest: float = 5.0
    jitter: float = 0.3


class Breaker:
    """Refuses calls at once while a server is away. May be used from several threads.

    It opens after some failures in a row; then somebody is to probe after each `pause`. One answer
    closes it, but until another call was answered as well, one more failure opens it again,
    with the pause as long as it had grown.

    Parameters
    ----------
    patience : Patience
        When it opens, and for how long.
    clock : callable
        Returns the time as a datetime in UTC.
    chance : callable
        Returns a number in [0, 1).
    """

    def __init__(
        self,
        patience: Patience | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._patience = patience or Patience()
        self._clock = clock
        self._chance = chance
        self._lock = threading.Lock()
        self._health = Health("ok", 0, clock(), "")
        self._opened = 0  # times since a call other than a probe was answered
        self._trusted = True
        self._row = clock()  # when the first failure in a row began

    @property
    def health(self) -> Health:
        """What is known now."""
        return self._health

    @property
    def refuses(self) -> bool:
        """Whether calls are refused at once."""
        return self._health.state != "ok"

    def answered(self) -> None:
        """Tell that a call was answered, be it by a refusal; one begun earlier closes nothing."""
        if self._trusted and not self._health.failures:  # as nearly always
            return
        with self._lock:
            if self._health.state == "ok":
                self._health = Health("ok", 0, self._health.since, "")
                self._trusted, self._opened = True, 0

    def failed(self, error: str, seconds: float) -> bool:
        """Tell that a call took so long and reached nobody; return whether it opened this."""
        with self._lock:
            health, now = self._health, self._clock()
            if not health.failures:
                self._row = now - timedelta(seconds=seconds)
            failures = health.failures + 1
            lasting = (now - self._row).total_seconds() >= self._patience.seconds
            opens = not self._trusted or (failures >= self._patience.failures and lasting)
            if health.state != "ok" or not opens:
                self._health = Health(health.state, failures, health.since, error)
                return False
            self._health = Health("open", failures, now, error)
            self._opened += 1
            return True

    def pause(self) -> float:
        """Return the seconds to wait before the next probe."""
        grown = self._patience.pause * 2.0 ** min(self._opened - 1, 30)
        return min(self._patience.longest, grown) * (1 - self._patience.jitter * self._chance())

    def probe(self) -> None:
        """Tell that a probe begins."""
        with self._lock:
            health = self._health
            self._health = Health("probing", health.failures, health.since, health.error)

    def probed(self, error: str | None) -> None:
        """Tell how a probe went: `error` is what it met, None where it was answered."""
        with self._lock:
            health = self._health
            if error is None:
                self._trusted = False
                self._health = Health("ok", 0, self._clock(), "")
            else:
                self._opened += 1
                self._health = Health("open", health.failures + 1, health.since, error)
