"""Embed a catalogue's items with a trained model and let them answer."""

from pathlib import Path
from typing import Final

import numpy as np

from nearfield.bulk.places import Place
from nearfield.catalogue.catalogue import Catalogue
from nearfield.catalogue.exclusive import Held
from nearfield.errors import CheckFailed
from nearfield.pipelines.kinds import DEFAULT, kind_of
from nearfield.pipelines.maps import keep_map
from nearfield.pipelines.model_owner import check_owner
from nearfield.pipelines.models import StoredModel, read_model
from nearfield.pipelines.names import PARTS, SOUND, check_recommender
from nearfield.pipelines.progress import Progress, Steps
from nearfield.pipelines.serve import export, is_served
from nearfield.pipelines.song_space import publish_songs
from nearfield.pipelines.space_lock import space_lock
from nearfield.pipelines.stores import Stores
from nearfield.vectors.embeddings import Embeddings
from nearfield.vectors.spaces import Space

_HERE: Final = Place()

_WORDS: Final = {
    "fill": "Filling Milvus",
    "index": "Indexing the vectors",
    "load": "Bringing the vectors into memory",
    "check": "Checking what Milvus holds",
    "swap": "Letting it answer",
    "canary": "Letting it answer",
    "done": "Letting it answer",
}


def publish(
    stores: Stores,
    catalogue: str | None = None,
    model: Path | None = None,
    recommender: str | None = None,
    place: Place = _HERE,
) -> Steps[Space]:
    """Make a model's vectors what answers, and return the space.

    What answered before does so until the new version is whole and checked. After a kill the
    same call does it again. Once it answers, its map is drawn where the extra `map` is installed.

    Parameters
    ----------
    stores : Stores
        The home.
    catalogue : str, optional
        Whose items; the only one where not given.
    model : Path, optional
        Folder of a model; copied into the home if it lies elsewhere. The newest where not given.
    recommender : str, optional
        Whose newest model; where not given, the newest of all, so that what was trained last
        answers and nothing else changes.

    Raises
    ------
    NotFound
        If there is no such catalogue or model.
    InvalidInput
        If there is no such recommender, or the model was trained on another catalogue.
    CheckFailed
        If Milvus does not hold what was sent.
    InUse
        If another process, on any machine, changes the same space.
    """
    if recommender is not None:
        check_recommender(recommender)
    found = stores.catalogue(catalogue)
    models = stores.models
    chosen = read_model(model) if model else models.newest(found.name, recommender)
    check_owner(chosen, found)
    chosen = models.adopt(chosen)
    with space_lock(stores, found.name, chosen.recommender) as held:
        if chosen.recommender == SOUND:
            yield from _embed_songs(stores, found, chosen, place)
            held.check()
            space = yield from publish_songs(stores, found, chosen)
        else:
            space = yield from _publish_items(stores, found, chosen, held)
    yield from keep_map(stores, space)
    return space


def _publish_items(
    stores: Stores, found: Catalogue, chosen: StoredModel, held: Held
) -> Steps[Space]:
    """Embed the items and let them answer."""
    yield Progress("Embedding the items")
    trained = kind_of(chosen.recommender).load(chosen.folder)
    if not is_served(chosen.folder):
        export(trained, chosen.folder)
    ids, vectors = trained.embed_items(found.collection())
    embeddings = Embeddings(ids, vectors, chosen.summary())
    steps = stores.spaces.publish(found.name, chosen.recommender, chosen.version, embeddings)
    for step in steps:
        if step.step == "swap":
            held.check()
        yield Progress(_WORDS[step.step], step.done, step.total, "items")
    space = stores.spaces.active(found.name, chosen.recommender)
    if space is None:
        raise CheckFailed(f"catalogue '{found.name}' was published, and removed meanwhile.")
    return space


def _embed_songs(
    stores: Stores, catalogue: Catalogue, model: StoredModel, place: Place
) -> Steps[None]:
    """Embed the songs that a version has not heard yet."""
    sounds = catalogue.sounds
    if len(np.setdiff1d(sounds.present(), sounds.embedded(model.version))):
        # the networks of sound need packages that nobody else does
        from nearfield.pipelines.embed_songs import embed_songs

        yield from embed_songs(stores, catalogue, model, place)


def rollback(
    stores: Stores,
    catalogue: str | None = None,
    recommender: str = DEFAULT,
) -> Space:
    """Let the version answer again that did before, and return it.

    Raises
    ------
    NotFound
        If there is none, or its model is gone: without it nobody could be answered.
    InvalidInput
        If there is no such recommender.
    """
    check_recommender(recommender)
    name = stores.catalogue(catalogue).name
    for space in stores.spaces.list():
        if (space.catalogue, space.recommender) == (name, recommender) and not space.active:
            stores.models.get(name, recommender, space.version)
    with space_lock(stores, name, recommender):
        if recommender == SOUND and stores.spaces.active(name, PARTS) is not None:
            stores.spaces.rollback(name, PARTS)
        return stores.spaces.rollback(name, recommender)
