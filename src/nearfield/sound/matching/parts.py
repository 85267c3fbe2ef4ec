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
    joined : dict
        Name to the keys of each part of two or more.
    """

    def __init__(self, keys: Iterable[int]) -> None:
        self.of = {key: key for key in keys}
        self.joined: dict[int, set[int]] = {}
        self._apart: dict[int, set[int]] = defaultdict(set)

    def members(self, part: int) -> set[int]:
        """Return the keys of the part of a name."""
        return self.joined.get(part) or {part}

    def keep_apart(self, one: int, other: int) -> bool:
        """Let two songs never come together; return False where they are together already."""
        if self.of[one] == self.of[other]:
            return False
        self._apart[one].add(other)
        self._apart[other].add(one)
        return True

    def between(self, part: int, other: int) -> tuple[int, int] | None:
        """Return two songs, the lower first, that keep two parts apart; None if none do."""
        if not self._apart:
            return None
        small, large = self._by_size(part, other)
        found = [
            (min(key, foe), max(key, foe))
            for key in self.members(small)
            if key in self._apart
            for foe in self._apart[key]
            if self.of[foe] == large
        ]
        return min(found, default=None)

    def join(self, part: int, other: int) -> int:
        """Make one part of two; return its name."""
        small, large = self._by_size(part, other)
        moved = self.joined.pop(small, None) or {small}
        self.of.update(dict.fromkeys(moved, large))
        self.joined.setdefault(large, {large}).update(moved)
        return large

    def _by_size(self, part: int, other: int) -> tuple[int, int]:
        if len(self.joined.get(part, ())) > len(self.joined.get(other, ())):
            return other, part
        return part, other
