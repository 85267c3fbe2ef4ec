"""Items that were read lately, until one of the catalogue changes."""

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Final, Generic, TypeAlias, TypeVar

from nearfield.catalogue.facts import Item

Name = TypeVar("Name")
Fact = TypeVar("Fact")

Read: TypeAlias = Callable[[list[Name]], Mapping[Name, Fact]]
"""Reads facts by name, of those names that exist."""

MOST: Final = 20_000
"""Items that are kept, at least: some 20 to 40 MB."""

_FEW: Final = 1_000
"""Names of one question; who asks for more reads a part of the catalogue once."""


class Known(Generic[Name, Fact]):
    """Keeps facts by name, the newest of them. May be used from several threads.

    Facts that were not asked for while `most` others were are forgotten.

    Parameters
    ----------
    most : int
        How many are kept; at times twice as many.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._revision = -1
        self._young: dict[Name, Fact] = {}
        self._old: dict[Name, Fact] = {}
        self._lock = threading.Lock()

    def find(self, names: list[Name], revision: int, read: Read[Name, Fact]) -> dict[Name, Fact]:
        """Return the facts of those names that exist.

        Parameters
        ----------
        names : list
            Of what is wanted.
        revision : int
            Rises whenever a fact changes; asked for before this was called.
        read : callable
            Reads what is not kept.
        """
        if len(names) > _FEW:
            return dict(read(names))
        with self._lock:
            if revision > self._revision:
                self._young, self._old, self._revision = {}, {}, revision
            found = self._kept(names) if revision == self._revision else {}
        missing = [name for name in names if name not in found]
        if missing:
            new = read(missing)
            found.update(new)
            self._keep(new.items(), revision)
        return found

    def _kept(self, names: list[Name]) -> dict[Name, Fact]:
        found: dict[Name, Fact] = {}
        for name in names:
            fact = self._young.get(name)
            if fact is None:
                fact = self._old.get(name)
                if fact is None:
                    continue
                self._young[name] = fact
            found[name] = fact
        self._age()
        return found

    def _keep(self, facts: Iterable[tuple[Name, Fact]], revision: int) -> None:
        with self._lock:
            if revision == self._revision:
                self._young.update(facts)
                self._age()

    def _age(self) -> None:
        if len(self._young) >= self._most:
            self._young, self._old = {}, self._young


class KnownItems:
    """Keys and facts of one catalogue's items, as of one revision of these.

    Recommending asks for the same items again and again: the popular ones.
    """

    def __init__(self) -> None:
        self.keys: Known[str, int] = Known()
        self.facts: Known[int, Item] = Known()
