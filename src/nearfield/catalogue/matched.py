"""Which items satisfy the conditions that were asked for lately, until an item changes."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from nearfield.catalogue.condition import Condition
from nearfield.types import Ids

_BYTES: Final = 32 << 20
"""The most that is kept of one catalogue: the keys of four million items."""


class Matched:
    """Keeps the keys that satisfy conditions. May be used from several threads.

    Conditions come from lists of choices as a rule, so the same ones come again and again, and
    a database that has to look at a million items takes a fifth of a second for each.
    """

    def __init__(self) -> None:
        self._revision = -1
        self._kept: OrderedDict[str, Ids] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def keys(self, condition: Condition, revision: int, read: Callable[[], Ids]) -> Ids:
        """Return the keys that satisfy a condition, rising; not to be written to.

        Parameters
        ----------
        condition : Condition
            As `parse_where` makes it.
        revision : int
            Rises whenever an item of the catalogue changes; asked for before `read` is called.
        read : callable
            Reads the keys.
        """
        name = repr(condition)  # where 1 and 1.0 are equal, their conditions need not be
        with self._lock:
            if revision > self._revision:
                self._kept.clear()
                self._bytes, self._revision = 0, revision
            elif revision == self._revision and name in self._kept:
                self._kept.move_to_end(name)
                return self._kept[name]
        found = read()
        found.setflags(write=False)
        with self._lock:
            if revision == self._revision and name not in self._kept and found.nbytes <= _BYTES:
                self._kept[name] = found
                self._bytes += found.nbytes
                while self._bytes > _BYTES:
                    self._bytes -= self._kept.popitem(last=False)[1].nbytes
        return found
