"""How many users chose each item, counted again as events come; many of them in the background."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from nearfield.errors import NearfieldError
from nearfield.types import Ids

Counted: TypeAlias = tuple[Ids, NDArray[np.int64]]

SMALL: Final = 20_000
"""Users of all items together that are counted within some milliseconds."""

SECONDS: Final = 30.0
"""How old a larger count may be: counting a million events takes half a second."""


@dataclass(frozen=True, slots=True)
class _Kept:
    revision: int
    counted: Counted
    moment: float

    @property
    def is_small(self) -> bool:
        return int(self.counted[1].sum()) <= SMALL


class Popularity:
    """Keeps the count. May be used from several threads.

    Parameters
    ----------
    count : callable
        Returns keys and numbers of users, shape (items,) each, most first.
    seconds : float
        How old a count of many may be.
    """

    def __init__(self, count: Callable[[], Counted], seconds: float = SECONDS) -> None:
        self._count = count
        self._seconds = seconds
        self._kept: _Kept | None = None
        self._counting = threading.Lock()

    def get(self, revision: int) -> Counted:
        """Return the count as of a revision of the catalogue, or one that is little older."""
        kept = self._kept
        if kept is None or (kept.revision != revision and kept.is_small):
            with self._counting:
                kept = self._kept
                if kept is None or kept.revision != revision:
                    kept = self._renew(revision)
        elif kept.revision != revision and time.monotonic() - kept.moment > self._seconds:
            threading.Thread(target=self._renew_behind, args=(revision,), daemon=True).start()
        return kept.counted

    def _renew(self, revision: int) -> _Kept:
        kept = self._kept = _Kept(revision, self._count(), time.monotonic())
        return kept

    def _renew_behind(self, revision: int) -> None:
        if not self._counting.acquire(blocking=False):
            return
        try:
            self._renew(revision)
        except NearfieldError:
            pass  # whoever asks next tries again
        finally:
            self._counting.release()
