"""Songs in parts that grow together, except where two songs must stay apart."""

from collections import defaultdict
from collections.abc import Iterable


class Parts:
    """A partition of keys; every key begins alone.

    Parameters
    ----------
    keys : iterable of int
        All that will be asked for.

    Attributes
    ----------
    of : dict
        Key to the name of its part, which is the key of some member.
    members : dict
        Name to the keys of the part.
    """

    def __init__(self, keys: Iterable[int]) -> None:
        self.of = {key: key for key in keys}
        self.members = {key: {key} for key in self.of}
        self._apart: dict[int, set[int]] = defaultdict(set)

    def keep_apart(self, one: int, other: int) -> bool:
        """Let two songs never come together; return False where they are together already."""
        if self.of[one] == self.of[other]:
            return False
        self._apart[one].add(other)
        self._apart[other].add(one)
        return True

    def between(self, part: int, other: int) -> tuple[int, int] | None:
        """Return two songs, the lower first, that keep two parts apart; None if none do."""
        small, large = sorted((part, other), key=lambda name: len(self.members[name]))
        found = [
            (min(key, foe), max(key, foe))
            for key in self.members[small]
            if key in self._apart
            for foe in self._apart[key]
            if self.of[foe] == large
        ]
        return min(found, default=None)

    def join(self, part: int, other: int) -> int:
        """Make one part of two; return its name."""
        small, large = sorted((part, other), key=lambda name: len(self.members[name]))
        moved = self.members.pop(small)
        self.of.update(dict.fromkeys(moved, large))
        self.members[large] |= moved
        return large
