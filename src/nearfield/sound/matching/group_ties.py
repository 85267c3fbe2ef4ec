"""How each song of a group is tied to the best one."""

from collections.abc import Iterator, Mapping, Set

from nearfield.sound.matching.alignment import Alignment
from nearfield.sound.matching.group_facts import Member, Pair
from nearfield.sound.matching.group_links import Links
from nearfield.sound.matching.medleys import Tie


class Ties:
    """Finds the comparison, or the decision, by which a song is in its group.

    Parameters
    ----------
    links : Links
        The pairs that may tie songs together.
    pairs : mapping
        Every pair, by its keys, the lower first.
    joined : mapping
        Song to the songs that a person said to be the same.
    copies : mapping
        Song to the best one of its recording.
    """

    def __init__(
        self,
        links: Links,
        pairs: Mapping[tuple[int, int], Pair],
        joined: Mapping[int, Set[int]],
        copies: Mapping[int, int],
    ) -> None:
        self._links = links
        self._pairs = pairs
        self._joined = joined
        self._copies = copies

    def members(self, best: int, members: Set[int]) -> tuple[Member, ...]:
        """Return the other songs of a group, by key, each with what ties it to the best one."""
        return tuple(self._member(key, best, members) for key in sorted(members - {best}))

    def _member(self, key: int, best: int, members: Set[int]) -> Member:
        """Take what was measured first: with the best one, then over one that was; then words."""
        direct = self._links.ties.get(best, {}).get(key)
        if direct is not None:
            return Member(key, direct.pair.relation, best, alignment(direct.pair, best))
        over = max(self._between(key, best, members), default=None)
        if over is not None:
            return self._over(key, best, -over[1])
        pair = self._pairs.get((min(key, best), max(key, best)))
        if pair is not None:
            return Member(key, pair.relation, best, alignment(pair, best))
        return self._unmeasured(key, best, members)

    def _between(self, key: int, best: int, members: Set[int]) -> Iterator[tuple[float, int]]:
        """Yield the songs, as -key, that were compared with both, each with how alike they are."""
        firsts = self._links.ties.get(best, {})
        for middle, second in self._links.ties.get(key, {}).items():
            first = firsts.get(middle)
            if first is None or middle not in members:
                continue
            if _reaches(first, middle) and _reaches(second, key):
                yield min(first.pair.similarity, second.pair.similarity), -middle

    def _over(self, key: int, best: int, middle: int) -> Member:
        first, second = self._links.ties[best][middle].pair, self._links.ties[key][middle].pair
        relation = "same" if first.relation == second.relation == "same" else "excerpt"
        lies = alignment(first, best).then(alignment(second, middle))
        return Member(key, relation, middle, lies)

    def _unmeasured(self, key: int, best: int, members: Set[int]) -> Member:
        """Name what brought a song here where nothing tells how it lies in the best one."""
        friends = self._joined.get(key, frozenset()) & members
        if friends:
            return Member(key, "person", best if best in friends else min(friends), None)
        if self._copies.get(key, key) != key and self._copies[key] in members:
            return Member(key, "recording", self._copies[key], None)
        ties = self._links.ties.get(key, {})
        tied = [one.pair for other, one in ties.items() if other in members]
        if not tied:  # others are copies of this one
            return Member(key, "recording", best, None)
        pair = max(tied, key=lambda one: (one.similarity, -one.low, -one.high))
        return Member(key, pair.relation, pair.high if pair.low == key else pair.low, None)


def _reaches(one: Tie, end: int) -> bool:
    """Tell whether a song is the same as the other, or a part of it."""
    return one.pair.relation == "same" or one.part == end


def alignment(pair: Pair, start: int) -> Alignment:
    """Return where the other song of a pair lies in `start`, which is one of the two."""
    lies = Alignment(pair.similarity, pair.offset, pair.overlap, pair.speed, pair.semitones)
    return lies if pair.low == start else lies.inverted()
