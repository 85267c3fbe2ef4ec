"""What ties songs together before they are grouped, and which one of some is the best."""

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from typing import Final

from nearfield.sound.matching.group_facts import Pair, Quality, Rules
from nearfield.sound.matching.medleys import Tie, find_medleys, tie
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
    ties : dict
        Song to the songs tied to it, each to what was found.
    same, excerpts : list of Tie
        By relation.
    mixed : set of tuple
        The pairs, lower key first, of a medley and a song in it: they tie nothing together.
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
        self._rank = {key: rank(key, quality[key]) for key in parts.of}
        # of songs that people joined, none may tell which one is whole
        said = [frozenset(keys) for keys in parts.joined.values()]
        self._said = {key: keys for keys in said for key in keys}
        relations = ("same", "excerpt") if rules.excerpts else ("same",)
        ties = [tie(pair, quality) for pair in pairs if pair.relation in relations]
        self.ties: dict[int, dict[int, Tie]] = defaultdict(dict)
        for one in ties:
            self.ties[one.part][one.whole] = self.ties[one.whole][one.part] = one
        self.mixed: set[tuple[int, int]] = set()
        if rules.excerpts:
            self._leave_medleys(ties, parts)
        ties = [one for one in ties if one.whole in self.ties[one.part]]
        self.same = [one for one in ties if one.pair.relation == "same"]
        self.excerpts = [one for one in ties if one.pair.relation == "excerpt"]
        self._holders: dict[int, set[int]] = defaultdict(set)  # songs that a song is a part of
        for one in self.excerpts:
            self._holders[one.part].add(one.whole)
        self._reached: dict[int, set[int]] = {}

    def _leave_medleys(self, ties: Sequence[Tie], parts: Parts) -> None:
        """Untie each medley from what is in it."""
        medleys = find_medleys(ties, self._quality, self._linked)
        for one in ties:
            inside = medleys.get(one.whole, _NOTHING)
            if inside and (one.part in inside or one.pair.relation == "excerpt"):
                self.mixed.add((one.pair.low, one.pair.high))
                del self.ties[one.part][one.whole], self.ties[one.whole][one.part]
                parts.keep_apart(one.part, one.whole)

    def _linked(self, key: int) -> Set[int]:
        return self.ties[key].keys() | self._said.get(key, _NOTHING)

    def best(self, members: Set[int]) -> int:
        """Return the best of some songs that are the same; never a part of another of them."""
        first = min(members, key=self._rank.__getitem__)
        if not self._is_part(first, members):
            return first
        ranked = sorted(members, key=self._rank.__getitem__)
        return next((key for key in ranked if not self._is_part(key, members)), first)

    def _is_part(self, key: int, members: Set[int]) -> bool:
        """Tell whether a song is a part, or a copy, of others that are better."""
        copied = self._copies.get(key, key)
        if copied != key and copied in members:
            return True
        if not self._holders.get(key, _NOTHING).isdisjoint(members):
            return True
        if not self._excerpts or key not in self._said:
            return False
        if not self.ties.get(key, {}).keys().isdisjoint(members):
            return False
        longest = max(self._quality[other].duration for other in members)
        return self._quality[key].duration < _WHOLE * longest

    def hold(self, members: Set[int], best: int) -> bool:
        """Tell whether songs are tied closely enough to the best one of them to be one group."""
        if len(members) < 3:  # they have a pair
            return True
        units = {self._unit[key] for key in members}
        top = self._unit[best]
        near = {unit for unit in units if unit == top or top in self._into(unit)}
        least = self._share * (len(units) - 1)
        for unit in units - near:
            if self._share and len(self._into(unit) & units) < least:
                return False
            if not self._share and self._into(unit).isdisjoint(near):
                return False
        return True

    def _into(self, unit: int) -> set[int]:
        """Return the units of songs that are the same as one of this unit, or hold it."""
        if unit not in self._reached:
            self._reached[unit] = {
                self._unit[other]
                for key in self._said.get(unit, {unit})
                for other, one in self.ties.get(key, {}).items()
                if one.pair.relation == "same" or one.part == key
            }
        return self._reached[unit]
