"""Embed a catalogue's items with a trained model and let them answer."""

from pathlib import Path
from typing import Final

from nearfield.catalogue.catalogue import Catalogue
from nearfield.errors import CheckFailed, InvalidInput
from nearfield.pipelines.kinds import DEFAULT, kind_of
from nearfield.pipelines.models import StoredModel, read_model
from nearfield.pipelines.progress import Progress, Steps
from nearfield.pipelines.stores import Stores
from nearfield.vectors.embeddings import Embeddings
from nearfield.vectors.spaces import Space

_WORDS: Final = {
    "fill": "Filling Milvus",
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
) -> Steps[Space]:
    """Make a model's vectors what answers, and return the space.

    What answered before does so until the new version is whole and checked. After a kill the
    same call does it again.

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
    """
    if recommender is not None:
        kind_of(recommender)
    found = stores.catalogue(catalogue)
    models = stores.models
    chosen = read_model(model) if model else models.newest(found.name, recommender)
    check_owner(chosen, found)
    chosen = models.adopt(chosen)
    yield Progress("Embedding the items")
    trained = kind_of(chosen.recommender).load(chosen.folder)
    ids, vectors = trained.embed_items(found.collection())
    embeddings = Embeddings(ids, vectors, chosen.summary())
    steps = stores.spaces.publish(found.name, chosen.recommender, chosen.version, embeddings)
    for step in steps:
        yield Progress(_WORDS[step.step], step.done, step.total, "items")
    space = stores.spaces.active(found.name, chosen.recommender)
    if space is None:
        raise CheckFailed(f"catalogue '{found.name}' was published, and removed meanwhile.")
    return space


def check_owner(model: StoredModel, catalogue: Catalogue) -> None:
    """Refuse a model whose keys are those of another catalogue."""
    if model.card.get("catalogue_uid") != catalogue.uid:
        raise InvalidInput(
            f"the model in {model.folder} was trained on another catalogue (named "
            f"'{model.catalogue}', identity {model.card.get('catalogue_uid')}), not on the present "
            f"'{catalogue.name}' ({catalogue.uid}): its items are not the same. Run `nearfield "
            f"train {model.recommender} --catalogue {catalogue.name}`."
        )


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
    kind_of(recommender)
    name = stores.catalogue(catalogue).name
    for space in stores.spaces.list():
        if (space.catalogue, space.recommender) == (name, recommender) and not space.active:
            stores.models.get(name, recommender, space.version)
    return stores.spaces.rollback(name, recommender)
