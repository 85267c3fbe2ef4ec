"""Compare songs that are new with all others, and keep which are versions of one song."""

from typing import Final

import numpy as np

from nearfield.catalogue.catalogue import Catalogue
from nearfield.catalogue.pair_facts import VERSION, SongPair
from nearfield.pipelines.comparing import compare_in_turn, kept_pairs, song_pair
from nearfield.pipelines.progress import Steps
from nearfield.pipelines.song_families import copies_of, heal
from nearfield.pipelines.stores import Stores
from nearfield.pipelines.version_space import update_versions
from nearfield.sound.matching.alignment import Alignment
from nearfield.sound.versions.decide import decide
from nearfield.sound.versions.harmony import Harmony, unpack_harmony
from nearfield.sound.versions.qmax import VersionMatch, compare_versions_many
from nearfield.sound.versions.vector import VERSIONS_NAME, version_vectors
from nearfield.types import Ids, no_ids
from nearfield.vectors.index import VectorIndex

METHOD: Final = f"{VERSIONS_NAME}-1"
"""Of comparing: songs that another one compared are compared again."""

CANDIDATES: Final = 20
"""Songs that are compared carefully with one."""


def find_versions(stores: Stores, catalogue: Catalogue) -> Steps[int]:
    """Compare the songs that were not yet compared with all others; as `find_duplicates`.

    Of copies of a recording only the best one is compared.

    Returns
    -------
    int
        How many songs were compared.
    """
    changed = catalogue.prints.unchecked(VERSION, METHOD)
    worse = _worse(catalogue)
    waiting = np.setdiff1d(changed, worse)
    if not len(waiting):
        heal(catalogue)
        return 0
    index = yield from update_versions(stores, catalogue, changed)
    finder = _Finder(catalogue, index, worse)
    return (yield from compare_in_turn(catalogue, "Looking for versions", waiting, finder.compare))


def uncompared(catalogue: Catalogue) -> Ids:
    """Return the songs that were not yet compared with all others, rising."""
    return np.setdiff1d(catalogue.prints.unchecked(VERSION, METHOD), _worse(catalogue))


def _worse(catalogue: Catalogue) -> Ids:
    """Return the songs of which a better copy is there."""
    copies = copies_of(catalogue)
    return np.array([key for key, best in copies.items() if key != best], dtype=np.int64)


class _Finder:
    """Compares songs with the others of their catalogue.

    Parameters
    ----------
    catalogue : Catalogue
        Of songs.
    index : VectorIndex, optional
        Over their vectors; None where no song has one.
    worse : int64, shape (any,)
        Songs that are not compared: copies.
    """

    def __init__(self, catalogue: Catalogue, index: VectorIndex | None, worse: Ids) -> None:
        self._catalogue = catalogue
        self._index = index
        self._worse = worse

    def compare(self, keys: Ids, waiting: Ids) -> None:
        """Compare some songs and write down what was found.

        Parameters
        ----------
        keys : int64, shape (songs,)
            Which songs.
        waiting : int64, shape (any,)
            Songs whose pairs are not known yet: what is known of the others stays.
        """
        found = kept_pairs(self._catalogue, VERSION, keys, waiting)
        harmonies = self._harmonies(keys)
        near = {key: self._near(key, harmony) for key, harmony in harmonies.items()}
        others = self._harmonies(np.unique(np.concatenate([no_ids(), *near.values()])))
        for key, likely in near.items():
            names = [other for other in likely.tolist() if other in others]
            matches = compare_versions_many(harmonies[key], [others[name] for name in names])
            for name, match in zip(names, matches, strict=True):
                made = _pair(key, name, match)
                if made is not None:
                    found[key][name] = made
        written = {key: list(pairs.values()) for key, pairs in found.items()}
        self._catalogue.pairs.replace_for(VERSION, METHOD, written)

    def _harmonies(self, keys: Ids) -> dict[int, Harmony]:
        found = self._catalogue.prints.harmonies(keys)
        return {key: unpack_harmony(packed) for key, packed in found}

    def _near(self, key: int, harmony: Harmony) -> Ids:
        """Return the songs that are most likely versions of one."""
        vectors = version_vectors(harmony)
        if self._index is None or not len(vectors):
            return no_ids()
        out = np.concatenate([self._worse, [key]])
        return nearest(self._index, vectors, CANDIDATES, out)


def nearest(index: VectorIndex, vectors: np.ndarray, k: int, out: Ids) -> Ids:
    """Return the `k` ids nearest to any of some vectors, the best first."""
    hits = index.search(vectors, k, exclude=out)
    order = np.argsort(-hits.scores.ravel(), kind="stable")
    ids = hits.ids.ravel()[order]
    ids = ids[ids > 0]
    _, first = np.unique(ids, return_index=True)
    found: Ids = ids[np.sort(first)][:k]
    return found


def _pair(key: int, other: int, match: VersionMatch) -> SongPair | None:
    """Return what is kept of a song and another one; None where they are different."""
    told = decide(match)
    if told == "different":
        return None
    where = Alignment(
        similarity=match.similarity,
        offset=match.start_a - match.speed * match.start_b,
        overlap=match.seconds,
        speed=match.speed,
        semitones=float(match.semitones),
    )
    return song_pair(key, other, told, where)
