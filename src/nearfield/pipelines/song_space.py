"""Bring the spaces of songs in Milvus to what SQL holds: whole songs, and their parts."""

from typing import Final

import numpy as np

from nearfield.catalogue.catalogue import Catalogue
from nearfield.pipelines.models import StoredModel
from nearfield.pipelines.names import PARTS, SOUND
from nearfield.pipelines.progress import Progress, Steps
from nearfield.pipelines.stores import Stores
from nearfield.types import Ids, Vectors, no_ids
from nearfield.vectors.embeddings import Embeddings
from nearfield.vectors.spaces import Space

MOST_PARTS: Final = 4096
"""Parts of one song that can be told apart: part n of a song has the id ``key * 4096 + n``."""

_SONGS: Final = 1000
"""Songs that are written at a time."""


def part_ids(key: int, parts: int) -> Ids:
    """Return the ids of the first parts of a song in the space of parts, shape (parts,)."""
    return key * MOST_PARTS + np.arange(min(parts, MOST_PARTS), dtype=np.int64)


def songs_of_parts(ids: Ids) -> tuple[Ids, Ids]:
    """Return the song of each part, and which part of it, both of shape (ids,)."""
    return ids // MOST_PARTS, ids % MOST_PARTS


def bring_up_to_date(stores: Stores, catalogue: Catalogue, model: StoredModel) -> Steps[None]:
    """Let Milvus hold just the songs that are there, as one version embedded them.

    Where that version answers already, only what differs is written; where none answers, or
    another, it is published. A kill at any moment is mended by the next call.

    Parameters
    ----------
    stores : Stores
        The home.
    catalogue : Catalogue
        Of songs.
    model : StoredModel
        Whose vectors.
    """
    present = catalogue.sounds.present()
    keys = np.intersect1d(present, catalogue.sounds.embedded(model.version))
    space = stores.spaces.active(catalogue.name, SOUND)
    if not len(keys):
        if space is not None and not len(present):  # every song is gone
            stores.spaces.drop(catalogue.name, SOUND)
            stores.spaces.drop(catalogue.name, PARTS)
    elif space is None or space.version != model.version:
        yield from publish_songs(stores, catalogue, model)
    else:
        yield from _Change(stores, catalogue, model, space).run(keys)


def publish_songs(stores: Stores, catalogue: Catalogue, model: StoredModel) -> Steps[Space]:
    """Let a version answer with all songs that are there and that it has embedded."""
    present = catalogue.sounds.present()
    keys, vectors = catalogue.sounds.song_vectors(model.version, present)
    embeddings = Embeddings(keys, vectors, model.summary())
    for step in stores.spaces.publish(catalogue.name, SOUND, model.version, embeddings):
        yield Progress("Loading songs into Milvus", step.done, step.total, "songs")
    yield from _publish_parts(stores, catalogue, model, keys)
    space = stores.spaces.active(catalogue.name, SOUND)
    assert space is not None  # it was published
    return space


def _publish_parts(
    stores: Stores, catalogue: Catalogue, model: StoredModel, keys: Ids
) -> Steps[None]:
    ids, vectors, counts = _parts(catalogue, model, keys)
    embeddings = Embeddings(ids, vectors, model.summary())
    for step in stores.spaces.publish(catalogue.name, PARTS, model.version, embeddings):
        yield Progress("Loading parts of songs into Milvus", step.done, step.total, "parts")
    catalogue.sounds.set_loaded(model.version, counts)


def _parts(
    catalogue: Catalogue, model: StoredModel, keys: Ids
) -> tuple[Ids, Vectors, dict[int, int]]:
    """Return the ids and vectors of the parts of some songs, and how many each song has."""
    ids, vectors = [no_ids()], [np.empty((0, int(model.card["dim"])), dtype=np.float32)]
    counts = {}
    for key, found in catalogue.sounds.parts(model.version, keys):
        ids.append(part_ids(key, len(found.parts)))
        vectors.append(found.parts[:MOST_PARTS].astype(np.float32))
        counts[key] = len(ids[-1])
    return np.concatenate(ids), np.concatenate(vectors), counts


class _Change:
    """Writes what differs into the spaces that answer."""

    def __init__(
        self, stores: Stores, catalogue: Catalogue, model: StoredModel, space: Space
    ) -> None:
        self._spaces = stores.spaces
        self._stores = stores
        self._catalogue = catalogue
        self._model = model
        self._space = space

    def run(self, keys: Ids) -> Steps[None]:
        """Bring both spaces to the songs `keys`, rising; only vectors that differ are read."""
        parts = self._spaces.active(self._catalogue.name, PARTS)
        if parts is None or parts.version != self._model.version:  # killed before they were there
            yield from _publish_parts(self._stores, self._catalogue, self._model, keys)
            parts = self._spaces.active(self._catalogue.name, PARTS)
            assert parts is not None
        state = self._catalogue.sounds.held_parts(self._model.version, keys)
        new = np.array([key for key in keys.tolist() if not state[key][0]], dtype=np.int64)
        gone = no_ids()
        if self._spaces.count(self._space) != len(keys) - len(new):
            held = self._spaces.held(self._space)
            new = np.union1d(new, np.setdiff1d(keys, held))
            gone = np.setdiff1d(held, keys)
        for start in range(0, len(new), _SONGS):
            yield Progress("Loading songs into Milvus", start, len(new), "songs")
            some = new[start : start + _SONGS]
            self._load(parts, some, state)
        if len(gone):
            yield Progress("Removing songs that are gone from Milvus", 0, len(gone), "songs")
            self._remove(parts, gone)

    def _load(self, parts: Space, keys: Ids, state: dict[int, tuple[bool, int]]) -> None:
        ids, part_vectors, counts = _parts(self._catalogue, self._model, keys)
        stale = [part_ids(key, state[key][1])[count:] for key, count in counts.items()]
        surplus = np.concatenate([no_ids(), *stale])
        if len(surplus):
            self._spaces.delete(parts, surplus)
        self._spaces.upsert(parts, ids, part_vectors)
        songs = self._catalogue.sounds.song_vectors(self._model.version, keys)
        self._spaces.upsert(self._space, *songs)
        self._catalogue.sounds.set_loaded(self._model.version, counts)

    def _remove(self, parts: Space, keys: Ids) -> None:
        state = self._catalogue.sounds.held_parts(self._model.version, keys)
        # first: should a kill come now, Milvus holds more than SQL says, and that is found out
        counts = {key: held for key, (_, held) in state.items()}
        self._catalogue.sounds.set_loaded(self._model.version, counts, loaded=False)
        ids = [part_ids(key, held) for key, held in counts.items()]
        self._spaces.delete(parts, np.concatenate([no_ids(), *ids]))
        self._spaces.delete(self._space, keys)
