"""Compare a fingerprint carefully with the songs of a catalogue that it may be of."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nearfield.pipelines.song_prints import Fingerprints, Shelf
from nearfield.sound.band_fingerprint import BandFingerprint
from nearfield.sound.matching.align import align
from nearfield.sound.matching.combine import Match, combined
from nearfield.sound.matching.compare import Ways, compare_many
from nearfield.sound.matching.index import Candidates, FingerprintIndex
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

    Parameters
    ----------
    index : FingerprintIndex
        Over all songs.
    shelf : Shelf
        Where their fingerprints are read.
    most : int
        Songs that are compared for one fingerprint, of those that the index names.
    """

    def __init__(self, index: FingerprintIndex, shelf: Shelf, most: int = 20) -> None:
        self._index = index
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
            Songs that are compared beside those that the index names.
        without : int, optional
            Song that is not wanted: the one asked for.
        """
        words = asked.bands
        named = self._index.search(words, self._most, without)
        keys = np.unique(np.concatenate([named.keys, no_ids() if near is None else near]))
        songs = self._shelf.of(keys)
        if not songs:
            return []
        bounds = np.concatenate([[0], np.cumsum([len(song) for song in songs])])
        ways = _joined([_named_ways(named, keys), *_tried_ways(words, songs, keys, named)])
        stretches = compare_many(words, np.concatenate(songs), bounds.astype(np.int64), ways)
        found = []
        for place in np.unique(stretches["song"]):
            chromaprints = (self._shelf.chromaprint(int(keys[place])), asked.chromaprint)
            rows = stretches[stretches["song"] == place]
            match = combined(songs[place], words, rows, chromaprints)
            if match is not None:
                found.append(Found(int(keys[place]), match, len(songs[place])))
        return found


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
