"""Whether what the service needs answers: asked seldom, and never waited for long."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Final

import anyio
import anyio.to_thread

from nearfield.errors import NearfieldError

FRESH: Final = 1.0
"""Seconds for which an answer is taken for true."""

PATIENCE: Final = 1.0
"""Seconds after which a part that does not answer is taken for away."""

_log = logging.getLogger(__name__)


class Pulse:
    """Whether one part answers.

    Parameters
    ----------
    name : str
        Of the part.
    question : callable
        Asks it for something small; raises an error of ours where it does not answer.
    """

    def __init__(self, name: str, question: Callable[[], object]) -> None:
        self._name = name
        self._question = question
        self._is_asked = threading.Lock()
        self._limiter: anyio.CapacityLimiter | None = None
        self._told = -FRESH
        self.beats = True

    async def ask(self) -> bool:
        """Return whether it answers: now, or as of a second ago."""
        now = time.monotonic()
        if now - self._told < FRESH:
            return self.beats
        self._told = now  # others need not ask, too
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(2)  # lest all threads be taken by others
        found = False
        with anyio.move_on_after(PATIENCE):
            found = await anyio.to_thread.run_sync(
                self._ask, abandon_on_cancel=True, limiter=self._limiter
            )
        self._tell(found)
        return found

    def _ask(self) -> bool:
        """Ask, unless whoever asked before still waits."""
        if not self._is_asked.acquire(blocking=False):
            return False
        try:
            self._question()
        except NearfieldError:
            return False
        finally:
            self._is_asked.release()
        return True

    def _tell(self, beats: bool) -> None:
        self._told = time.monotonic()
        if beats != self.beats:
            _log.warning("%s %s", self._name, "answers again" if beats else "does not answer")
        self.beats = beats


class Vitals:
    """Whether each of several parts answers.

    Parameters
    ----------
    questions : mapping
        Name of each to what asks it; see `Pulse`.
    """

    def __init__(self, questions: Mapping[str, Callable[[], object]]) -> None:
        self._pulses = {name: Pulse(name, question) for name, question in questions.items()}

    async def ask(self) -> dict[str, bool]:
        """Return whether each part answers, in a second or two at the longest."""
        async with anyio.create_task_group() as group:
            for pulse in self._pulses.values():
                group.start_soon(pulse.ask)
        return self.known()

    def known(self) -> dict[str, bool]:
        """Return what was answered last."""
        return {name: pulse.beats for name, pulse in self._pulses.items()}
