"""What is noted while Milvus does not answer: how many answers were less than they could be."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Final

from nearfield.types import Degraded

QUIET: Final = 2.0
"""Seconds without such an answer, after which a whole one ends an outage: it may come and go."""

_log = logging.getLogger(__name__)


class Outage:
    """Counts degraded answers, and logs when they begin and end. May be used from several threads.

    Parameters
    ----------
    clock : callable
        Returns seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.counts: Counter[Degraded] = Counter()
        self._clock = clock
        self._began: float | None = None
        self._last = 0.0
        self._answers = 0
        self._lock = threading.Lock()

    @property
    def lasts(self) -> bool:
        """Whether answers are less than they could be at the moment."""
        return self._began is not None

    @property
    def is_recent(self) -> bool:
        """Whether the last such answer was given a moment ago."""
        return self._began is not None and self._clock() - self._last < QUIET

    def degraded(self, kind: Degraded, error: Exception) -> None:
        """Note an answer that is less than it could be, and why."""
        with self._lock:
            self.counts[kind] += 1
            self._last = self._clock()
            self._answers += 1
            begins = self._began is None
            if begins:
                self._began = self._last
        if begins:
            _log.warning("lists are the last good ones, or of what is popular: %s", error)

    def whole(self) -> None:
        """Note an answer of the full quality."""
        if self._began is None:  # as nearly always
            return
        with self._lock:
            now = self._clock()
            if self._began is None or now - self._last < QUIET:
                return
            lasted, answers = self._last - self._began, self._answers
            self._began, self._answers = None, 0
        _log.warning(
            "lists are whole again: for %.0f s, %d were not of the full quality", lasted, answers
        )
