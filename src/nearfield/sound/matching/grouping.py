"""Groups of songs that are the same, from pairs that were compared and what people decided.

Pure: the same pairs and decisions give the same groups, in whatever order they come. A group is
decided by the songs that are connected with it alone, so some connected songs can be grouped
without the others.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeAlias

from nearfield.sound.matching.group_decisions import Decided, decide
from nearfield.sound.matching.group_facts import (
    DUPLICATES,
    Decision,
    Group,
    Grouping,
    Pair,
    Quality,
    Review,
    Rules,
)
from nearfield.sound.matching.group_links import Links
from nearfield.sound.matching.group_ties import Ties
from nearfield.sound.matching.medleys import Tie
from nearfield.sound.matching.parts import Parts

_Names: TypeAlias = tuple[int, int]
_Why: TypeAlias = tuple[str, _Names | None]  # a reason, and the two songs that stand against it

_NO_COPIES: Final[Mapping[int, int]] = {}


def group(
    pairs: Iterable[Pair],
    decisions: Iterable[Decision],
    quality: Mapping[int, Quality],
    rules: Rules = DUPLICATES,
    copies: Mapping[int, int] = _NO_COPIES,
) -> Grouping:
    """Group songs that are the same.

    People's decisions come first, the newer before the older. Then the most similar of two
    groups with a pair "same" are joined first, unless

    - a decision, or a medley, keeps two of their songs apart;
    - the chain would get too long: with `DUPLICATES`, every song must match the best one of its
      group, or one that does; with `VERSIONS`, the best one or two thirds of the others.

    A song that is a part of others ("excerpt") then goes to the one that it is most similar to,
    with its copies, and never brings two groups together. A file that holds two songs which have
    nothing in common is a medley: it is in the group of none of them.

    Parameters
    ----------
    pairs : iterable of Pair
        At most one of two songs.
    decisions : iterable of Decision
        What people said.
    quality : mapping
        Key of every song that is there to what tells the best file. Pairs and decisions of songs
        that are not in it are left out.
    rules : Rules
        `DUPLICATES` or `VERSIONS`.
    copies : mapping
        Key of a song to the best one of its recording, as `Grouping.canonicals` returns it for
        duplicates; all of these are in one group of versions.

    Returns
    -------
    Grouping
        Groups of two or more, and what a person should look at.
    """
    known = [pair for pair in pairs if pair.low in quality and pair.high in quality]
    known.sort(key=_names)
    said = [one for one in decisions if one.low in quality and one.high in quality]
    alike = {key: best for key, best in copies.items() if key in quality and best in quality}
    named = [*map(_names, known), *map(_names, said), *alike.items()]
    parts = Parts({key for names in named for key in names})
    decided = decide(parts, said, rules)
    _join_copies(parts, alike)
    links = Links(known, quality, rules, parts, alike)
    builder = _Builder(parts, links)
    builder.join()
    builder.attach(quality)
    ties = Ties(links, {_names(pair): pair for pair in known}, decided.joined, alike)
    groups = [
        Group(builder.best[part], ties.members(builder.best[part], members))
        for part, members in parts.joined.items()
    ]
    reviews = [*decided.reviews, *_reviews(known, builder, decided)]
    reviews.sort(key=lambda one: (one.low, one.high, one.reason))
    return Grouping(tuple(sorted(groups, key=lambda one: one.canonical)), tuple(reviews))


def _names(one: Pair | Decision) -> _Names:
    return one.low, one.high


def _join_copies(parts: Parts, copies: Mapping[int, int]) -> None:
    for key, best in sorted(copies.items()):
        one, other = parts.of[key], parts.of[best]
        if one != other and parts.between(one, other) is None:
            parts.join(one, other)


class _Builder:
    """Joins parts as far as they may be; remembers the best song of each and what was refused."""

    def __init__(self, parts: Parts, links: Links) -> None:
        self.parts = parts
        self.links = links
        self.refused: dict[_Names, _Why] = {}
        self.best = {name: links.best(members) for name, members in parts.joined.items()}

    def join(self) -> None:
        """Join parts of which two songs are the same, the most similar first."""
        waiting = sorted(self.links.same, key=_strongest)
        joined = True
        while joined:  # a group that has grown may hold a song that it did not before
            joined, left = False, []
            for one in waiting:
                low, high = self._parts_of(one)
                if low == high:
                    continue
                if self._try(one, low, high, self.links.best):
                    joined = True
                else:
                    left.append(one)
            waiting = left

    def attach(self, quality: Mapping[int, Quality]) -> None:
        """Join each part to the part of which it is an excerpt, the longest first."""
        wholes: dict[int, list[Tie]] = {}
        for one in sorted(self.links.excerpts, key=_strongest):
            wholes.setdefault(self.parts.of[one.part], []).append(one)
        order = {
            name: (-max(quality[key].duration for key in members), min(members))
            for name in wholes
            for members in [self.parts.members(name)]
        }
        for name in sorted(wholes, key=order.__getitem__):
            for one in wholes[name]:
                part, whole = self._parts_of(one)
                if part == whole or self._try(one, part, whole, self._keep(whole)):
                    break

    def _parts_of(self, one: Tie) -> _Names:
        return self.parts.of[one.part], self.parts.of[one.whole]

    def _keep(self, whole: int) -> Callable[[set[int]], int]:
        """Let the best of a whole stay the best with an excerpt."""
        best = self.best.get(whole, whole)
        return lambda _: best

    def _try(self, one: Tie, part: int, whole: int, choose: Callable[[set[int]], int]) -> bool:
        against = self.parts.between(part, whole)
        if against is not None:
            self.refused[_names(one.pair)] = ("apart", against)
            return False
        together = self.parts.members(part) | self.parts.members(whole)
        best = choose(together)
        if not self.links.hold(together, best):
            self.refused[_names(one.pair)] = ("chain", None)
            return False
        for name in (part, whole):
            self.best.pop(name, None)
        self.best[self.parts.join(part, whole)] = best
        return True


def _strongest(one: Tie) -> tuple[float, int, int]:
    return -one.pair.similarity, one.pair.low, one.pair.high


def _reviews(pairs: Iterable[Pair], builder: _Builder, decided: Decided) -> list[Review]:
    """Return the pairs that are not in one group, and why; not those that a person settled."""
    found = []
    of = builder.parts.of
    for pair in pairs:
        names = _names(pair)
        if of[pair.low] == of[pair.high] or names in decided.settled:
            continue
        reason, against = _why(pair, names, builder)
        found.append(Review(*names, reason, pair, against))
    return found


def _why(pair: Pair, names: _Names, builder: _Builder) -> _Why:
    if names in builder.links.mixed:
        return "mix", None
    if pair.relation == "excerpt":
        if names[1] not in builder.links.ties[names[0]]:
            return "partial", None
        return builder.refused.get(names, ("bridge", None))
    return builder.refused.get(names, (pair.relation, None))
