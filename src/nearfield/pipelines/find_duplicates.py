"""Compare songs that are new with all others, and keep which are the same recording."""

from dataclasses import replace
from typing import Final

import numpy as np

from nearfield.catalogue.catalogue import Catalogue
from nearfield.catalogue.pair_facts import DUPLICATE, SongPair
from nearfield.pipelines.compare_songs import Comparer, Found
from nearfield.pipelines.comparing import compare_in_turn, kept_pairs, song_pair
from nearfield.pipelines.likely_copies import SoundNeighbours
from nearfield.pipelines.progress import Steps
from nearfield.pipelines.song_families import heal
from nearfield.pipelines.song_prints import Fingerprints, Indexes, Shelf, update_indexes
from nearfield.pipelines.stores import Stores
from nearfield.sound import band_fingerprint
from nearfield.sound.band_fingerprint import FRAMES_A_SECOND
from nearfield.sound.matching.alignment import Alignment
from nearfield.sound.matching.decide import Relation, relation
from nearfield.types import Ids

METHOD: Final = f"bands-{band_fingerprint.VERSION}-2"
"""Of comparing: songs that another one compared are compared again."""


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
    indexes = yield from update_indexes(stores, catalogue)
    finder = _Finder(stores, catalogue, indexes)
    return (
        yield from compare_in_turn(catalogue, "Looking for duplicates", waiting, finder.compare)
    )


class _Finder:
    """Compares songs with the others of their catalogue."""

    def __init__(self, stores: Stores, catalogue: Catalogue, indexes: Indexes) -> None:
        self._catalogue = catalogue
        self._shelf = Shelf(catalogue)
        self._comparer = Comparer(indexes, self._shelf)
        self._neighbours = SoundNeighbours(stores, catalogue)
        self._there = indexes.bands.held()[0]

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
        found = kept_pairs(self._catalogue, DUPLICATE, keys, waiting)
        near = self._neighbours.of(keys)
        for key, words in zip(keys.tolist(), self._shelf.of(keys), strict=True):
            likely = np.intersect1d(near[key], self._there)
            asked = Fingerprints(words, self._shelf.chromaprint(key))
            for one in self._comparer.compare(asked, likely, without=key):
                pair = pair_of(key, len(words), one)
                if pair is not None:
                    found[key][one.key] = pair
        written = {key: list(pairs.values()) for key, pairs in found.items()}
        self._catalogue.pairs.replace_for(DUPLICATE, METHOD, written)


def pair_of(key: int, words: int, found: Found) -> SongPair | None:
    """Return what is kept of a song and another one; None where they are different."""
    match = found.match
    told = relation(match, found.words / FRAMES_A_SECOND, words / FRAMES_A_SECOND)
    if told is Relation.DIFFERENT:
        return None
    where = Alignment(match.similarity, match.offset, match.overlap, match.speed, match.semitones)
    shares = (match.share_a, match.share_b)
    low, high = shares if found.key < key else shares[::-1]
    pair = song_pair(found.key, key, str(told), where)
    return replace(pair, share_low=low, share_high=high, evidence=match.evidence)
