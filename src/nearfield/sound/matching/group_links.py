"""What ties songs together before they are grouped, and which one of some is the best."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Final

from nearfield.sound.matching.group_facts import Pair, Quality, Rules
from nearfield.sound.matching.medleys import find_medleys, shorter_is_low
from nearfield.sound.matching.parts import Parts

_WHOLE: Final = 0.75
"""A song shorter than this share of another that is the same is a part of it."""

_WORTH: Final = {
    "opus": 1.7,
    "aac": 1.3,
    "vorbis": 1.3,
    "wmapro": 1.2,
    "mp2": 0.7,
    "mp1": 0.6,
    "flac": 1.6,
    "alac": 1.6,
    "ape": 1.7,
    "wavpack": 1.6,
    "tta": 1.6,
}
"""What a bit is worth beside one of MP3 (lossy), or of PCM (lossless): rough, by reputation."""

_NOTHING: Final[frozenset[int]] = frozenset()


def rank(key: int, quality: Quality) -> tuple[bool, float, float, int]:
    """Return what is lowest for the best song: lossless, many bits, long, known first."""
    worth = quality.bitrate * _WORTH.get(quality.codec, 1.0)
    return not quality.lossless, -worth, -quality.duration, key


class Links:
    """The pairs that may tie songs together.

    Parameters
    ----------
    pairs : sequence of Pair
        All that were measured.
    quality : mapping
        Of every song.
    rules : Rules
        Whether parts of songs count.
    parts : Parts
        Joined by people so far; each part stands together from now on. Medleys and the songs in
        them are kept apart in it.
    copies : mapping
        Song to the best one of its recording, where it is not that itself.

    Attributes
    ----------
    pairs : dict
        Song to the songs tied to it, each to the pair.
    same, excerpts : list of Pair
        The pairs by relation, those of medleys left out.
    mixed : set of tuple
        The pairs, lower key first, that were left out.
    """

    def __init__(
        self,
        pairs: Sequence[Pair],
        quality: Mapping[int, Quality],
        rules: Rules,
        parts: Parts,
        copies: Mapping[int, int],
    ) -> None:
        self._quality = quality
        self._copies = copies
        self._unit = dict(parts.of)
        self._share = rules.share
        self._excerpts = rules.excerpts
        relations = ("same", "excerpt") if rules.excerpts else ("same",)
        ties = [pair for pair in pairs if pair.relation in relations]
        self.mixed = self._mixed(ties, parts) if rules.excerpts else set()
        ties = [pair for pair in ties if (pair.low, pair.high) not in self.mixed]
        for low, high in sorted(self.mixed):
            parts.keep_apart(low, high)
        self.same = [pair for pair in ties if pair.relation == "same"]
        self.excerpts = [pair for pair in ties if pair.relation == "excerpt"]
        self.pairs: dict[int, dict[int, Pair]] = defaultdict(dict)
        self._holders: dict[int, set[int]] = defaultdict(set)  # songs that a song is a part of
        self._into: dict[int, set[int]] = defaultdict(set)  # units whose tie reaches a unit
        self._read(ties)

    def _mixed(self, ties: Sequence[Pair], parts: Parts) -> set[tuple[int, int]]:
        """Return the pairs of a medley and what is in it."""
        linked: dict[int, set[int]] = defaultdict(set)
        for pair in ties:
            linked[pair.low].add(pair.high)
            linked[pair.high].add(pair.low)
        for members in parts.members.values():
            if len(members) > 1:
                for key in members:
                    linked[key] |= members
        medleys = find_medleys(ties, self._quality, linked)
        found = set()
        for pair in ties:
            part, whole = self.part_and_whole(pair)
            inside = medleys.get(whole, _NOTHING)
            if inside and (part in inside or pair.relation == "excerpt"):
                found.add((pair.low, pair.high))
        return found

    def _read(self, ties: Iterable[Pair]) -> None:
        for pair in ties:
            self.pairs[pair.low][pair.high] = pair
            self.pairs[pair.high][pair.low] = pair
            part, whole = self.part_and_whole(pair)
            self._into[self._unit[part]].add(self._unit[whole])
            if pair.relation == "excerpt":
                self._holders[part].add(whole)
            else:
                self._into[self._unit[whole]].add(self._unit[part])

    def part_and_whole(self, pair: Pair) -> tuple[int, int]:
        """Return the song that is a part of the other, and the other."""
        if shorter_is_low(pair, self._quality):
            return pair.low, pair.high
        return pair.high, pair.low

    def best(self, members: Set[int]) -> int:
        """Return the best of some songs that are the same; never a part of another of them."""
        longest = max(self._quality[key].duration for key in members)
        wholes = [
            key
            for key in members
            if not self._is_copy(key, members) and not self._is_part(key, members, longest)
        ]
        return min(wholes or members, key=lambda key: rank(key, self._quality[key]))

    def _is_copy(self, key: int, members: Set[int]) -> bool:
        best = self._copies.get(key, key)
        return best != key and best in members

    def _is_part(self, key: int, members: Set[int], longest: float) -> bool:
        if not self._excerpts:
            return False
        if not self._holders.get(key, _NOTHING).isdisjoint(members):
            return True
        measured = any(other in members for other in self.pairs.get(key, ()))
        return not measured and self._quality[key].duration < _WHOLE * longest

    def hold(self, members: Set[int], best: int) -> bool:
        """Tell whether songs are tied closely enough to the best one of them to be one group."""
        units = {self._unit[key] for key in members}
        top = self._unit[best]
        near = {unit for unit in units if unit == top or top in self._into.get(unit, _NOTHING)}
        least = self._share * (len(units) - 1)
        for unit in units - near:
            ties = self._into.get(unit, _NOTHING)
            if self._share and len(ties & units) < least:
                return False
            if not self._share and ties.isdisjoint(near):
                return False
        return True
