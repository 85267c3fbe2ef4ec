"""Compare songs that are new with all others, and keep which are the same recording."""

from collections.abc import Iterable
from typing import Final

import numpy as np

from nearfield.catalogue.catalogue import Catalogue
from nearfield.catalogue.pair_facts import DUPLICATE, SongPair
from nearfield.pipelines.compare_songs import Comparer, Found
from nearfield.pipelines.likely_copies import SoundNeighbours
from nearfield.pipelines.progress import Progress, Steps
from nearfield.pipelines.song_families import heal, regroup
from nearfield.pipelines.song_prints import Fingerprints, Shelf, update_index
from nearfield.pipelines.stores import Stores
from nearfield.sound import band_fingerprint
from nearfield.sound.band_fingerprint import FRAMES_A_SECOND
from nearfield.sound.matching.alignment import Alignment
from nearfield.sound.matching.decide import Relation, relation
from nearfield.sound.matching.index import FingerprintIndex
from nearfield.types import Ids

METHOD: Final = f"bands-{band_fingerprint.VERSION}-1"
"""Of comparing: songs that another one compared are compared again."""

_SONGS: Final = 32
"""Songs that are written down together: a kill costs the work on so many."""


def find_duplicates(stores: Stores, catalogue: Catalogue) -> Steps[int]:
    """Compare the songs that were not yet compared with all others.

    What was found is safe in SQL after every few songs; the next call goes on from there.

    Parameters
    ----------
    stores : Stores
        The home.
    catalogue : Catalogue
        Of songs.

    Returns
    -------
    int
        How many songs were compared.
    """
    waiting = catalogue.prints.unchecked(DUPLICATE, METHOD)
    if not len(waiting):
        heal(catalogue)
        return 0
    index = yield from update_index(stores, catalogue)
    finder = _Finder(stores, catalogue, index)
    for start in range(0, len(waiting), _SONGS):
        yield Progress("Looking for duplicates", start, len(waiting), "songs")
        finder.compare(waiting[start : start + _SONGS], waiting[start:])
    yield Progress("Looking for duplicates", len(waiting), len(waiting), "songs")
    regroup(catalogue, waiting)
    heal(catalogue)
    return len(waiting)


class _Finder:
    """Compares songs with the others of their catalogue."""

    def __init__(self, stores: Stores, catalogue: Catalogue, index: FingerprintIndex) -> None:
        self._catalogue = catalogue
        self._shelf = Shelf(catalogue)
        self._comparer = Comparer(index, self._shelf)
        self._neighbours = SoundNeighbours(stores, catalogue)
        self._there = catalogue.prints.digests()[0]

    def compare(self, keys: Ids, waiting: Ids) -> None:
        """Compare some songs and write down what was found.

        Parameters
        ----------
        keys : int64, shape (songs,)
            Which songs.
        waiting : int64, shape (any,)
            Songs whose pairs are of an older method, or not known: what is known of the others
            stays.
        """
        known = _by_song(
            pair
            for pair in self._catalogue.pairs.of(DUPLICATE, keys)
            if not np.isin([pair.low, pair.high], waiting).all()
        )
        near = self._neighbours.of(keys)
        found = {}
        for key, words in zip(keys.tolist(), self._shelf.of(keys), strict=True):
            likely = np.intersect1d(near[key], self._there)
            pairs = {**known.get(key, {})}
            asked = Fingerprints(words, self._shelf.chromaprint(key))
            for one in self._comparer.compare(asked, likely, without=key):
                pair = pair_of(key, len(words), one)
                if pair is not None:
                    pairs[one.key] = pair
            found[key] = list(pairs.values())
        self._catalogue.pairs.replace_for(DUPLICATE, METHOD, found)


def _by_song(pairs: Iterable[SongPair]) -> dict[int, dict[int, SongPair]]:
    """Return the pairs of each song, by the other song."""
    found: dict[int, dict[int, SongPair]] = {}
    for pair in pairs:
        found.setdefault(pair.low, {})[pair.high] = pair
        found.setdefault(pair.high, {})[pair.low] = pair
    return found


def pair_of(key: int, words: int, found: Found) -> SongPair | None:
    """Return what is kept of a song and another one; None where they are different."""
    match = found.match
    told = relation(match, found.words / FRAMES_A_SECOND, words / FRAMES_A_SECOND)
    if told is Relation.DIFFERENT:
        return None
    where = Alignment(match.similarity, match.offset, match.overlap, match.speed, match.semitones)
    first = found.key < key
    if not first:
        where = where.inverted()
    return SongPair(
        low=min(found.key, key),
        high=max(found.key, key),
        relation=str(told),
        similarity=where.similarity,
        offset=where.offset,
        overlap=where.overlap,
        speed=where.speed,
        semitones=where.semitones,
        share_low=match.share_a if first else match.share_b,
        share_high=match.share_b if first else match.share_a,
        evidence=match.evidence,
    )
