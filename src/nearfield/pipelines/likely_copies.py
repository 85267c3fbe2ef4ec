"""Which songs may be copies of one: by the index over fingerprints, and by how they sound."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from nearfield.catalogue.catalogue import Catalogue
from nearfield.errors import NotFound
from nearfield.pipelines.names import PARTS, SOUND
from nearfield.pipelines.song_space import songs_of_parts
from nearfield.pipelines.stores import Stores
from nearfield.types import Ids, no_ids
from nearfield.vectors.index import VectorIndex

_SONGS: Final = 10
"""Nearest songs by the vectors of whole songs."""

_PARTS: Final = 5
"""Nearest parts to each part that is asked for."""

_ASKED: Final = 4
"""Parts of a song that are asked for: clips sound like a part, not like the whole."""


@dataclass(frozen=True, slots=True)
class _Space:
    version: str
    songs: VectorIndex
    parts: VectorIndex


class SoundNeighbours:
    """Songs that sound like one, from the spaces in Milvus. Nothing where none is published.

    Parameters
    ----------
    stores : Stores
        The home.
    catalogue : Catalogue
        Of songs.
    """

    def __init__(self, stores: Stores, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._space = _opened(stores, catalogue.name)

    def of(self, keys: Ids) -> dict[int, Ids]:
        """Return the keys of the songs that sound most like each of `keys`, without itself."""
        found = {key: no_ids() for key in keys.tolist()}
        if self._space is None or not len(keys):
            return found
        sounds = self._catalogue.sounds
        known, vectors = sounds.song_vectors(self._space.version, keys)
        if not len(known):
            return found
        hits = self._space.songs.search(vectors, _SONGS + 1)
        for key, near in zip(known.tolist(), hits.ids, strict=True):
            found[key] = near[near > 0]
        for key, parts in sounds.parts(self._space.version, keys):
            some = np.unique(np.linspace(0, len(parts.parts) - 1, _ASKED).round().astype(int))
            near = self._space.parts.search(parts.parts[some].astype(np.float32), _PARTS).ids
            songs, _ = songs_of_parts(near[near > 0])
            found[key] = np.concatenate([found[key], songs])
        return {key: np.setdiff1d(near, [key]) for key, near in found.items()}


def _opened(stores: Stores, name: str) -> _Space | None:
    try:
        space, songs = stores.spaces.open(name, SOUND)
        _, parts = stores.spaces.open(name, PARTS)
    except NotFound:
        return None
    return _Space(space.version, songs, parts)
