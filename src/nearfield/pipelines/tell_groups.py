"""Turn groups of keys into what people and programs read."""

import math
from collections.abc import Iterable, Iterator

import numpy as np

from nearfield.catalogue.catalogue import Catalogue
from nearfield.pipelines.song_report import Doubt, Group, Member, Tie, in_order
from nearfield.sound.matching.alignment import Alignment
from nearfield.sound.matching.group_facts import REASONS, Grouping, Pair, Review
from nearfield.sound.matching.group_facts import Group as Keys
from nearfield.types import Ids

_BEST = Tie("best")
_SAME_BYTES = Tie("same bytes")


class Teller:
    """Knows titles, files and quality of songs, all looked up at once.

    Parameters
    ----------
    catalogue : Catalogue
        Of songs.
    keys : iterable of int
        Songs that will be told of.
    """

    def __init__(self, catalogue: Catalogue, keys: Iterable[int]) -> None:
        wanted: Ids = np.array(sorted(set(keys)), dtype=np.int64)
        self._items = {item.key: item for item in catalogue.items(wanted)} if len(wanted) else {}
        self._files = catalogue.sounds.contents(wanted)
        self._quality = catalogue.sounds.qualities(wanted)

    def files(self, key: int, first: Tie, others: Tie | None = None) -> list[Member]:
        """Return a song once for each of its files, and what they are to the best one."""
        item = self._items[key]
        paths = [file.path for file in self._files.get(key, [])] or [""]
        shown = item.attributes.get("path", "")
        paths.sort(key=lambda path: path != shown)
        return [
            Member(
                item=item.id,
                title=item.title,
                attributes=item.attributes,
                path=path,
                quality=self._quality[key],
                tie=(first if not place else others or first),
            )
            for place, path in enumerate(paths)
        ]

    def group(self, found: Keys) -> Group:
        """Return a group as it is read, the best song first, then those most like it."""
        members = self.files(found.canonical, _BEST, _SAME_BYTES)
        ties = [(member.key, _tie(member.relation, member.alignment)) for member in found.members]
        ties.sort(key=lambda one: (one[1].relation == "excerpt", -_or_one(one[1].similarity)))
        for key, tie in ties:
            members += self.files(key, tie)
        return Group(tuple(members))

    def doubt(self, review: Review) -> Doubt:
        """Return a pair that somebody should look at."""
        tie = Tie("decided", math.nan) if review.pair is None else _measured(review.pair)
        (one, *_), (other, *_) = self.files(review.low, _BEST), self.files(review.high, tie)
        return Doubt(one, other, REASONS[review.reason])


def tell(
    catalogue: Catalogue, found: Grouping, copies: Ids | None = None
) -> tuple[list[Group], list[Doubt]]:
    """Return groups and doubts as they are read.

    Parameters
    ----------
    catalogue : Catalogue
        Of songs.
    found : Grouping
        Groups of keys.
    copies : int64, shape (any,), optional
        Songs that are a group by themselves, because there are several files of the same bytes.
    """
    alone = set([] if copies is None else copies.tolist()) - found.canonicals().keys()
    teller = Teller(catalogue, [*_keys(found), *alone])
    groups = [teller.group(one) for one in found.groups]
    groups += [Group(tuple(teller.files(key, _BEST, _SAME_BYTES))) for key in alone]
    doubts = [teller.doubt(one) for one in found.reviews]
    doubts.sort(key=lambda one: (-_or_one(one.other.tie.similarity), one.one.path, one.other.path))
    return in_order(groups), doubts


def _keys(found: Grouping) -> Iterator[int]:
    yield from found.canonicals()
    for review in found.reviews:
        yield review.low
        yield review.high


def _tie(relation: str, where: Alignment | None) -> Tie:
    told = "decided" if relation == "person" else relation
    if where is None:
        return Tie(told, math.nan)
    return Tie(told, where.similarity, where.offset, where.overlap, where.speed, where.semitones)


def _measured(pair: Pair) -> Tie:
    return Tie(
        pair.relation, pair.similarity, pair.offset, pair.overlap, pair.speed, pair.semitones
    )


def _or_one(similarity: float) -> float:
    return 1.0 if math.isnan(similarity) else similarity
