"""Keep the space in Milvus in which versions of songs are near to each other."""

from typing import Final

import numpy as np

from nearfield.catalogue.catalogue import Catalogue
from nearfield.pipelines.names import VERSIONS
from nearfield.pipelines.progress import Progress, Steps
from nearfield.pipelines.stores import Stores
from nearfield.sound.versions.harmony import unpack_harmony
from nearfield.sound.versions.vector import VERSIONS_NAME, version_vectors
from nearfield.types import Ids
from nearfield.vectors.embeddings import Embeddings
from nearfield.vectors.index import VectorIndex

_SONGS: Final = 100


def update_versions(
    stores: Stores, catalogue: Catalogue, changed: Ids
) -> Steps[VectorIndex | None]:
    """Let Milvus hold the vectors of all songs that are there, and return the space.

    Parameters
    ----------
    stores : Stores
        The home.
    catalogue : Catalogue
        Of songs.
    changed : int64, shape (songs,)
        Songs whose vectors may differ from what Milvus holds.

    Returns
    -------
    VectorIndex, optional
        None where no song has a vector.
    """
    present = catalogue.prints.digests()[0]
    yield from _renewed(catalogue)
    space = stores.spaces.active(catalogue.name, VERSIONS)
    if space is None or space.version != VERSIONS_NAME:
        keys, vectors = catalogue.prints.version_vectors(VERSIONS_NAME, present)
        if not len(keys):
            return None
        card = {"catalogue_uid": catalogue.uid}
        embeddings = Embeddings(keys, vectors, card)
        for step in stores.spaces.publish(catalogue.name, VERSIONS, VERSIONS_NAME, embeddings):
            yield Progress("Loading harmonies into Milvus", step.done, step.total, "songs")
        return stores.spaces.open(catalogue.name, VERSIONS)[1]
    changed = np.intersect1d(changed, present)
    keys, vectors = catalogue.prints.version_vectors(VERSIONS_NAME, changed)
    if len(keys):
        yield Progress("Loading harmonies into Milvus", 0, len(keys), "songs")
        stores.spaces.upsert(space, keys, vectors)
    if stores.spaces.count(space) > len(present):
        gone = np.setdiff1d(stores.spaces.held(space), present)
        if len(gone):
            stores.spaces.delete(space, gone)
    return stores.spaces.open(catalogue.name, VERSIONS)[1]


def _renewed(catalogue: Catalogue) -> Steps[None]:
    """Make the vectors anew that another Nearfield made in another way; nothing is listened to."""
    old = catalogue.prints.without_vector(VERSIONS_NAME)
    for start in range(0, len(old), _SONGS):
        yield Progress("Reading harmonies anew", start, len(old), "songs")
        made = {}
        for key, packed in catalogue.prints.harmonies(old[start : start + _SONGS]):
            vectors = version_vectors(unpack_harmony(packed))
            made[key] = vectors[0] if len(vectors) else np.zeros(0, dtype=np.float32)
        catalogue.prints.set_vectors(VERSIONS_NAME, made)
