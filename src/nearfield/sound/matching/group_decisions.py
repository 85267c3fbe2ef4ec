"""What people decided of songs: the later of two decisions that contradict each other stands."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from nearfield.sound.matching.group_facts import Decision, Review, Rules
from nearfield.sound.matching.parts import Parts


@dataclass(frozen=True)
class Decided:
    """Which decisions stand.

    Parameters
    ----------
    joined : mapping
        Song to the songs that a person said to be the same.
    settled : frozenset
        The pairs, lower key first, of which there is nothing more to say.
    reviews : tuple of Review
        Decisions that later ones contradict.
    """

    joined: Mapping[int, set[int]]
    settled: frozenset[tuple[int, int]]
    reviews: tuple[Review, ...]


def decide(parts: Parts, decisions: Iterable[Decision], rules: Rules) -> Decided:
    """Join and part songs as people said.

    Parameters
    ----------
    parts : Parts
        Every song alone; changed in place.
    decisions : iterable of Decision
        In any order.
    rules : Rules
        What a verdict means.
    """
    joined: dict[int, set[int]] = {}
    when: dict[tuple[int, int], int] = {}
    reviews: list[Review] = []
    newest = sorted(decisions, key=lambda one: (-one.time, one.low, one.high, one.verdict))
    for one in newest:
        names = (one.low, one.high)
        if names in when:  # a later word on the same two
            continue
        if one.verdict in rules.parts:
            against = _part(parts, names, joined, when)
        elif one.verdict in rules.joins:
            against = _join(parts, names, joined)
        else:
            continue
        when[names] = one.time
        if against is not None:
            reviews.append(Review(*names, "contradiction", against=against))
    return Decided(joined, frozenset(when), tuple(reviews))


def _join(
    parts: Parts, names: tuple[int, int], joined: dict[int, set[int]]
) -> tuple[int, int] | None:
    low, high = (parts.of[key] for key in names)
    against = None if low == high else parts.between(low, high)
    if against is None:
        for key, other in (names, names[::-1]):
            joined.setdefault(key, set()).add(other)
        if low != high:
            parts.join(low, high)
    return against


def _part(
    parts: Parts,
    names: tuple[int, int],
    joined: Mapping[int, set[int]],
    when: Mapping[tuple[int, int], int],
) -> tuple[int, int] | None:
    """Keep two songs apart; return the oldest decision that holds them together, if any does."""
    if parts.keep_apart(*names):
        return None
    steps = _path(*names, joined)
    return min(steps, key=lambda step: (when[step], step))


def _path(start: int, end: int, joined: Mapping[int, set[int]]) -> list[tuple[int, int]]:
    """Return the decisions, lower key first, over which two songs are joined."""
    before = {start: start}
    queue = [start]
    for key in queue:  # grows while it is read
        for other in sorted(joined[key] - before.keys()):
            before[other] = key
            queue.append(other)
    steps = []
    while end != start:
        steps.append((min(end, before[end]), max(end, before[end])))
        end = before[end]
    return steps
