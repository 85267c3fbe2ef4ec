"""The spaces that a process has open; read anew in the background when another changes one."""

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

import numpy as np

from nearfield.errors import NearfieldError, VectorsAway
from nearfield.vectors.changes import Counts
from nearfield.vectors.index import VectorIndex
from nearfield.vectors.milvus import MilvusIndex
from nearfield.vectors.mirror import MirrorIndex
from nearfield.vectors.names import SpaceName
from nearfield.vectors.space import Space

Key: TypeAlias = tuple[str, str]
"""Catalogue and recommender."""

Answer: TypeAlias = tuple[Space, VectorIndex]

_AGAIN_SECONDS: Final = 1.0
"""Pause after a reading that failed, before it is tried again."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Opened:
    """A version that answers here.

    Parameters
    ----------
    answer : (Space, VectorIndex)
        The version, to be searched.
    count : int
        How often the space had changed when it was read; see `Changes`.
    """

    answer: Answer
    count: int


class OpenSpaces:
    """What is open, by catalogue and recommender. May be used from several threads.

    Parameters
    ----------
    changes : Counts
        Tells whether another process changed a space.
    read : callable
        Reads the version of a space that answers now; None where none does any more. Called in a
        thread of its own.
    """

    def __init__(self, changes: Counts, read: Callable[[Key], Answer | None]) -> None:
        self._changes = changes
        self._read = read
        self._opened: dict[Key, Opened] = {}
        self._reading: dict[Key, threading.Thread] = {}
        self._lock = threading.Lock()
        self.closed = threading.Event()

    def get(self, key: Key) -> Opened | None:
        """Return what is open; where it was changed elsewhere, it is being read anew by then."""
        opened = self._opened.get(key)
        if opened is not None and self.count(key) != opened.count and key not in self._reading:
            self._read_anew(key)
        return opened

    def count(self, key: Key) -> int:
        """Return how often a space has changed."""
        return self._changes.count(alias_of(key))

    def put(self, key: Key, answer: Answer, count: int) -> Opened:
        """Let a version answer from now on, read when the space had changed `count` times."""
        opened = Opened(answer, count)
        with self._lock:
            self._close(self._opened.get(key), answer)
            self._opened[key] = opened
        return opened

    def pop(self, key: Key) -> None:
        """Forget what is open."""
        with self._lock:
            self._close(self._opened.pop(key, None), None)

    def copy(self, stored: MilvusIndex) -> MirrorIndex:
        """Copy all rows of a version; VectorsAway where all is closed meanwhile."""
        parts = []
        for part in stored.scan():
            if self.closed.is_set():
                raise VectorsAway(f"{stored.collection} is not read: the connection was closed.")
            parts.append(part)
        mirror = MirrorIndex(stored.dim)
        if parts:
            ids, vectors = zip(*parts, strict=True)
            mirror.upsert(np.concatenate(ids), np.concatenate(vectors))
        return mirror

    def close(self) -> None:
        """Forget all, and wait for what is being read to be given up."""
        self.closed.set()
        for thread in list(self._reading.values()):
            thread.join()
        self._changes.close()
        for key in list(self._opened):
            self.pop(key)

    def __iter__(self) -> Iterator[Key]:
        return iter(list(self._opened))

    def _read_anew(self, key: Key) -> None:
        """Start reading a space, unless that runs already, or a change of it is not over."""
        if not self._changes.settled(alias_of(key)):
            return
        with self._lock:
            if key in self._reading or self.closed.is_set():
                return
            thread = threading.Thread(
                target=self._work, args=(key,), name=f"reading {alias_of(key)}", daemon=True
            )
            self._reading[key] = thread
            thread.start()

    def _work(self, key: Key) -> None:
        try:
            before, count = self._opened.get(key), self.count(key)
            answer = self._read(key)
            with self._lock:
                if self._opened.get(key) is not before:  # changed here meanwhile
                    return
                self._close(before, answer)
                if answer is None:
                    self._opened.pop(key, None)
                else:
                    self._opened[key] = Opened(answer, count)
        except NearfieldError as error:
            if not self.closed.is_set():
                _log.warning("%s is not read anew yet: %s", alias_of(key), error)
                self.closed.wait(_AGAIN_SECONDS)
        finally:
            with self._lock:
                del self._reading[key]

    @staticmethod
    def _close(opened: Opened | None, answer: Answer | None) -> None:
        """Stop what a mirror that is replaced still builds; who searches it at the moment may."""
        index = None if opened is None else opened.answer[1]
        if isinstance(index, MirrorIndex) and (answer is None or answer[1] is not index):
            index.close()


@lru_cache(maxsize=1000)
def alias_of(key: Key) -> str:
    """Return the alias of the version that answers."""
    return SpaceName(key[0], key[1], "-").alias
