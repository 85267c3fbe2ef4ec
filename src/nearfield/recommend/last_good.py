"""Remember the last good answer to each question, for the time when the vectors are away."""

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from nearfield.recommend.ask import Ask
from nearfield.recommend.profile import Profile
from nearfield.types import PublicId, Reason

Question: TypeAlias = bytes
"""Stands for a question: equal questions have equal ones."""

Reasons: TypeAlias = tuple[Reason, ...]
"""Of one item."""

_ENTRY: Final = 1000
_ROW: Final = 150
_REASON: Final = 250
"""Bytes of an answer, of each of its items and of each reason besides its text; rounded up."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """How much is remembered.

    Parameters
    ----------
    seconds : float
        No older answer is given; 0 remembers nothing.
    size : int
        Bytes of all answers; those that were not asked for longest are forgotten first.
    """

    seconds: float = 3600.0
    size: int = 32 << 20


@dataclass(frozen=True, slots=True)
class Remembered:
    """An answer of the full quality.

    Parameters
    ----------
    items : tuple of ids
        Best first.
    scores : tuple of float
        Of each.
    k : int
        How many were asked for; where there are fewer, there were no more.
    space : str
        What answered.
    models : mapping
        Space to the version that answered.
    reasons : tuple of tuples of Reason
        Of each item; of `similar` none, for they are made anew from the items themselves.
    profile : bytes
        Stands for all that was known of who asked.
    read : int
        How many of their newest events that is.
    moment : float
        When it was given, by the clock of `LastGood`.
    """

    items: tuple[PublicId, ...]
    scores: tuple[float, ...]
    k: int
    space: str
    models: Mapping[str, str]
    reasons: tuple[Reasons, ...] = ()
    profile: bytes = b""
    read: int = 1
    moment: float = 0.0

    @property
    def nbytes(self) -> int:
        """About the memory that it takes."""
        reasons = (why for of_item in self.reasons for why in of_item)
        return _ENTRY + _ROW * len(self.items) + sum(_REASON + 2 * len(why.text) for why in reasons)

    def has(self, k: int) -> bool:
        """Tell whether a list of `k` can be cut from it."""
        return self.k >= k or len(self.items) < self.k


class LastGood:
    """The newest good answer to each question, as many as fit. May be used from several threads.

    Parameters
    ----------
    keeping : Keeping
        How much is remembered.
    clock : callable
        Returns seconds.
    """

    def __init__(
        self, keeping: Keeping | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.keeping = keeping or Keeping()
        self.clock = clock
        self.nbytes = 0
        self._kept: OrderedDict[Question, Remembered] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def keeps(self) -> bool:
        """Whether anything is remembered at all."""
        return self.keeping.seconds > 0

    def keep(self, question: Question, answer: Remembered) -> None:
        """Remember an answer instead of the one before, unless that one is longer and new."""
        size = answer.nbytes
        if not self.keeps or size > self.keeping.size:
            return
        with self._lock:
            before = self._kept.get(question)
            if before is not None:
                young = answer.moment - before.moment < self.keeping.seconds / 2
                if young and before.k > answer.k and before.profile == answer.profile:
                    return
                self._drop(question)
            self._kept[question] = answer
            self.nbytes += size
            while self.nbytes > self.keeping.size:
                self._drop(next(iter(self._kept)))

    def find(self, question: Question, k: int) -> Remembered | None:
        """Return what was answered, at least `k` long; None where that is not known or too old."""
        with self._lock:
            found = self._kept.get(question)
            if found is None:
                return None
            if self.clock() - found.moment > self.keeping.seconds:
                self._drop(question)
                return None
            self._kept.move_to_end(question)
        return found if found.has(k) else None

    def _drop(self, question: Question) -> None:
        self.nbytes -= self._kept.pop(question).nbytes


def question_of(kind: str, of: tuple[object, ...], ask: Ask) -> Question:
    """Return what stands for a question; how long the answer shall be does not count.

    Parameters
    ----------
    kind : str
        What is asked: "recommend", "similar", ...
    of : tuple
        Of what: the catalogue, the spaces, an item.
    ask : Ask
        The rest.
    """
    guests = [
        (name, guest.weight, guest.vector.tobytes()) for name, guest in sorted(ask.guests.items())
    ]
    allow = None if ask.allow is None else list(map(str, ask.allow))
    told = [
        [(str(item), weight) for item, weight in weights.items()]
        for weights in (ask.likes, ask.listens, ask.dislikes)
    ]
    return _digest(
        kind,
        of,
        None if ask.user is None else str(ask.user),
        sorted((name, str(value)) for name, value in ask.attributes.items()),
        told,
        guests,
        sorted(map(str, ask.exclude)),
        (ask.repeat, sorted(ask.at_most.items()), allow, ask.where, ask.diversity, ask.explain),
    )


def fingerprint(profile: Profile) -> bytes:
    """Return what stands for all that a model could read of who asks."""
    query = profile.query
    arrays = (query.items, query.values, query.weights, profile.kinds)
    return _digest(query.user, sorted(query.attributes.items()), [one.tobytes() for one in arrays])


def _digest(*parts: object) -> bytes:
    text = repr(parts).encode("utf-8", "backslashreplace")
    return hashlib.blake2b(text, digest_size=16).digest()
