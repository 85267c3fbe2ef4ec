"""Compare a fingerprint carefully with the songs of a catalogue that it may be of."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nearfield.pipelines.song_prints import Fingerprints, Indexes, Shelf
from nearfield.sound.band_fingerprint import FRAMES_A_SECOND, BandFingerprint
from nearfield.sound.matching.align import align
from nearfield.sound.matching.chroma_words import chroma_match, chroma_words
from nearfield.sound.matching.combine import Match, combined
from nearfield.sound.matching.compare import Stretches, Ways, compare_many
from nearfield.sound.matching.decide import Relation, relation
from nearfield.sound.matching.index import AS_IT_IS, Candidates
from nearfield.sound.matching.thresholds import says_same
from nearfield.types import Ids, no_ids


@dataclass(frozen=True, slots=True)
class Found:
    """A song that has something in common with what was asked for.

    Parameters
    ----------
    key : int
        Of the song.
    match : Match
        The song is its first, what was asked for its second recording.
    words : int
        Length of the song's fingerprint.
    """

    key: int
    match: Match
    words: int


class Comparer:
    """Finds the songs of which a fingerprint may be a copy, and compares it with each.

    The bands say what two sounds have in common. Where they do not put two together, perhaps since
    noise drowned them, Chromaprint may: it counts if it is sure by itself, and of more.

    Parameters
    ----------
    indexes : Indexes
        Over all songs.
    shelf : Shelf
        Where their fingerprints are read.
    most : int
        Songs that are compared for one fingerprint, of those that each index names.
    """

    def __init__(self, indexes: Indexes, shelf: Shelf, most: int = 20) -> None:
        self._indexes = indexes
        self._shelf = shelf
        self._most = most

    def compare(
        self, asked: Fingerprints, near: Ids | None = None, without: int | None = None
    ) -> list[Found]:
        """Return what has something in common with a fingerprint, in no order.

        Parameters
        ----------
        asked : Fingerprints
            Of a song or of a clip.
        near : int64, shape (any,), optional
            Songs that are compared beside those that the indexes name.
        without : int, optional
            Song that is not wanted: the one asked for.
        """
        found = {one.key: one for one in self._by_bands(asked, near, without)}
        length = len(asked.bands)
        sure = [key for key, one in found.items() if _puts_together(one, length)]
        for one in self._by_chroma(asked, sure, without):
            known = found.get(one.key)
            if known is None or not says_same(known.match) or _overlap(one) > _overlap(known):
                found[one.key] = one
        return list(found.values())

    def _by_bands(self, asked: Fingerprints, near: Ids | None, without: int | None) -> list[Found]:
        words = asked.bands
        named = self._indexes.bands.search(words, self._most, without)
        keys = np.unique(np.concatenate([named.keys, no_ids() if near is None else near]))
        songs = self._shelf.of(keys)
        if not songs:
            return []
        ways = _joined([_named_ways(named, keys), *_tried_ways(words, songs, keys, named)])
        found = []
        for place, rows in _stretches(words, songs, ways):
            chromaprints = (self._shelf.chromaprint(int(keys[place])), asked.chromaprint)
            match = combined(songs[place], words, rows, chromaprints)
            if match is not None:
                found.append(Found(int(keys[place]), match, len(songs[place])))
        return found

    def _by_chroma(
        self, asked: Fingerprints, sure: list[int], without: int | None
    ) -> Iterator[Found]:
        """Yield the songs that Chromaprint alone calls the same, but for those that are `sure`."""
        words = chroma_words(asked.chromaprint, asked.bands)
        named = self._indexes.chroma.search(words, self._most, without, AS_IT_IS)
        named = named.only(~np.isin(named.keys, sure))
        keys = np.unique(named.keys)
        if not len(keys):
            return
        bands = self._shelf.of(keys)
        prints = zip(self._shelf.chromaprints(keys), bands, strict=True)
        songs = [chroma_words(*both) for both in prints]
        for place, rows in _stretches(words, songs, _named_ways(named, keys)):
            match = chroma_match(songs[place], words, rows)
            if match is not None and says_same(match):
                yield Found(int(keys[place]), match, len(bands[place]))


def _puts_together(found: Found, length: int) -> bool:
    """Say whether a song and what was asked for, of so many words, are one recording."""
    told = relation(found.match, found.words / FRAMES_A_SECOND, length / FRAMES_A_SECOND)
    return told in (Relation.SAME, Relation.EXCERPT)


def _overlap(found: Found) -> float:
    return found.match.overlap


def _stretches(
    words: BandFingerprint, songs: list[BandFingerprint], ways: Ways
) -> Iterator[tuple[int, Stretches]]:
    """Yield the place of each song that has stretches in common with a fingerprint, and these."""
    bounds = np.concatenate([[0], np.cumsum([len(song) for song in songs])])
    found = compare_many(words, np.concatenate(songs), bounds.astype(np.int64), ways)
    for place in np.unique(found["song"]).tolist():
        yield place, found[found["song"] == place]


def _named_ways(named: Candidates, keys: Ids) -> Ways:
    """Return the ways that the index told."""
    return Ways(
        np.searchsorted(keys, named.keys).astype(np.int64),
        named.offsets.astype(np.float64),
        named.shifts.astype(np.int64),
        named.paces.astype(np.float64),
    )


def _tried_ways(
    words: BandFingerprint, songs: list[BandFingerprint], keys: Ids, named: Candidates
) -> Iterator[Ways]:
    """Yield ways to lie over songs that the index did not name."""
    for place in np.flatnonzero(~np.isin(keys, named.keys)).tolist():
        starts, shifts = align(songs[place], words)
        count = len(starts)
        yield Ways(np.full(count, place, dtype=np.int64), starts, shifts, np.ones(count))


def _joined(ways: list[Ways]) -> Ways:
    return Ways(
        np.concatenate([one.songs for one in ways]),
        np.concatenate([one.starts for one in ways]),
        np.concatenate([one.shifts for one in ways]),
        np.concatenate([one.paces for one in ways]),
    )
