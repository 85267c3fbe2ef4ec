"""Which collections of a server answer, asked in the background, so that no request waits for it.

The counterpart of `Changes` where Milvus itself, not a folder, tells what other processes changed.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from nearfield.errors import Unavailable

SECONDS: Final = 1.0
"""How old an answer may be before it is asked for again."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was last seen of an alias: where it leads, when, and how often that had changed."""

    target: str | None
    at: float
    count: int


class Watch:
    """The counts of the spaces of a server. May be used from several threads.

    Parameters
    ----------
    target : callable
        Returns the collection that an alias leads to, None if there is no such alias.
    clock : callable
        Returns seconds that never go back.
    """

    def __init__(
        self,
        target: Callable[[str], str | None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._target, self._clock = target, clock
        self._seen: dict[str, _Seen] = {}
        self._asking: dict[str, threading.Thread] = {}
        self._lock = threading.Lock()
        self._closed = False

    def count(self, alias: str) -> int:
        """Return how often an alias was seen to lead elsewhere, a second ago at worst.

        Raises
        ------
        Unavailable
            If Milvus does not answer, and nothing was ever seen.
        """
        seen = self._seen.get(alias)
        if seen is None:
            return self._ask(alias).count
        if self._clock() - seen.at >= SECONDS:
            self._ask_behind(alias)
        return seen.count

    def settled(self, alias: str) -> bool:
        """Tell that nobody is in the middle of a change: an alias moves at once."""
        return True

    @contextmanager
    def changing(self, alias: str) -> Iterator["WatchedChange"]:
        """Change a space; who else does is seen to in SQL (`Catalogues.exclusive`)."""
        yield WatchedChange(self, alias)

    def saw(self, alias: str, collection: str) -> None:
        """Tell what was read of a space: it may have moved away and back since it was seen."""
        with self._lock:
            seen = self._seen.get(alias)
            if seen is not None and seen.target != collection:
                self._seen[alias] = _Seen(collection, seen.at, seen.count + 1)

    def close(self) -> None:
        """Wait for what is being asked."""
        with self._lock:
            self._closed = True
            asking = list(self._asking.values())
        for thread in asking:
            thread.join()

    def move(self, alias: str) -> None:
        """Tell that this process changed a space."""
        self._ask(alias, has_moved=True)

    def _ask(self, alias: str, has_moved: bool = False) -> _Seen:
        try:
            target = self._target(alias)
        except Unavailable:
            if not has_moved:
                raise
            target = None  # what is seen next differs
        with self._lock:
            before = self._seen.get(alias)
            count = 0 if before is None else before.count
            if has_moved or (before is not None and before.target != target):
                count += 1
            seen = self._seen[alias] = _Seen(target, self._clock(), count)
        return seen

    def _ask_behind(self, alias: str) -> None:
        """Ask in a thread, one for each alias at most."""
        with self._lock:
            if alias in self._asking or self._closed:
                return
            thread = threading.Thread(
                target=self._work, args=(alias,), name=f"watching {alias}", daemon=True
            )
            self._asking[alias] = thread
            thread.start()

    def _work(self, alias: str) -> None:
        try:
            self._ask(alias)
        except Unavailable as error:
            _log.debug("%s is not seen: %s", alias, error)
            with self._lock:  # what was seen last holds, for another second
                seen = self._seen[alias]
                self._seen[alias] = _Seen(seen.target, self._clock(), seen.count)
        finally:
            with self._lock:
                del self._asking[alias]


class WatchedChange:
    """The right to change a space of a server.

    Parameters
    ----------
    watch : Watch
        Counts the change.
    alias : str
        Of the space.
    """

    def __init__(self, watch: Watch, alias: str) -> None:
        self._watch, self._alias = watch, alias

    @contextmanager
    def marked(self) -> Iterator[tuple[int, int]]:
        """Count a change when it is done, also where it fails; yields as `Change.marked`."""
        before = self._watch.count(self._alias)
        try:
            yield before, before + 1
        finally:
            self._watch.move(self._alias)
