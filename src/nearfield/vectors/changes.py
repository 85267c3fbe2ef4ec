"""How processes that share a Milvus Lite folder tell each other that a space changed.

Of a server, `Watch` sees the same.

Each alias has a file whose length counts: one byte before a change, one after. A process that
copied a space remembers the length, and compares it by one look at the file.
"""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final, Protocol

from nearfield.errors import InUse
from nearfield.locks import OwnerLock, read_owner

REMEDY: Final = "One process at a time changes a space. Wait for it, then do it again."

_LONGEST: Final = 200
"""Characters of a file's name; spaces that share one by their length are read too often only."""


class Right(Protocol):
    """The right to change a space."""

    def marked(self) -> AbstractContextManager[tuple[int, int]]:
        """Count a change; yields the count without it, and with it."""


class Counts(Protocol):
    """How often each space has changed."""

    def count(self, alias: str) -> int:
        """Return the count of an alias."""

    def settled(self, alias: str) -> bool:
        """Tell whether nobody is in the middle of a change."""

    def changing(self, alias: str) -> AbstractContextManager[Right]:
        """Hold the right to change a space."""

    def saw(self, alias: str, collection: str) -> None:
        """Tell what was read of a space."""

    def close(self) -> None:
        """End what counts in the background."""


class Changes:
    """The counts of all spaces of one Milvus Lite folder.

    Parameters
    ----------
    folder : Path
        Where they are kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def count(self, alias: str) -> int:
        """Return the count of an alias; it is odd in the middle of a change."""
        try:
            return os.stat(self._file(alias)).st_size
        except FileNotFoundError:
            return 0

    def settled(self, alias: str) -> bool:
        """Tell whether nobody is in the middle of a change; one that a kill cut off is over."""
        if self.count(alias) % 2 == 0:
            return True
        if read_owner(self._file(alias)) is not None:
            return False
        try:
            with self.changing(alias):  # which closes it
                return True
        except InUse:
            return False

    @contextmanager
    def changing(self, alias: str) -> Iterator["Change"]:
        """Hold the right to change a space.

        Raises
        ------
        InUse
            If another process, or another thread, holds it.
        """
        file = self._file(alias)
        lock = OwnerLock(file, REMEDY)
        try:
            change = Change(file)
            if self.count(alias) % 2:  # a kill cut the last change off
                change.add()
            yield change
        finally:
            lock.release()

    def saw(self, alias: str, collection: str) -> None:
        """Do nothing: every change is counted in a file."""

    def close(self) -> None:
        """Do nothing, too."""

    def _file(self, alias: str) -> Path:
        return self._folder / alias[:_LONGEST]


class Change:
    """The right to change a space, while it is held.

    Parameters
    ----------
    file : Path
        Its count.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    @contextmanager
    def marked(self) -> Iterator[tuple[int, int]]:
        """Count a change: before it, and after it, also where it fails.

        Yields
        ------
        before, after : int
            The count without the change, and with it.
        """
        before = self.add() - 1
        try:
            yield before, before + 2
        finally:
            self.add()

    def add(self) -> int:
        """Count one further, and return the count."""
        file = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            os.write(file, b".")
            return os.fstat(file).st_size
        finally:
            os.close(file)
