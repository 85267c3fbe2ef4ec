"""Give items that came after training a vector, without training and without a new version."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from nearfield.catalogue.catalogue import Catalogue
from nearfield.errors import NotFound
from nearfield.pipelines.kinds import kind_of
from nearfield.pipelines.maps import keep_map
from nearfield.pipelines.names import RECOMMENDERS, SOUND, check_recommender
from nearfield.pipelines.progress import Progress, Steps
from nearfield.pipelines.recommenders import Recommenders
from nearfield.pipelines.song_space import bring_up_to_date
from nearfield.pipelines.space_lock import space_lock
from nearfield.pipelines.stores import Stores
from nearfield.recommend.retrieve import vectors_of
from nearfield.rising import rising, without

_SAME: Final = 1e-6
"""Numbers of a vector that differ by less are the same."""


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What became of one space.

    Parameters
    ----------
    catalogue, space, version : str
        Which one.
    later : int
        Items of which its model saw nothing in training.
    changed : int
        How many of them have a vector now that they had not before.
    """

    catalogue: str
    space: str
    version: str
    later: int
    changed: int


def refresh(
    stores: Stores,
    recommenders: Recommenders,
    catalogue: str | None = None,
    space: str | None = None,
) -> Steps[list[Refreshed]]:
    """Embed the items that came after training by what is known of them now.

    Only they and their events are read, and only vectors that changed are written, into the
    version that answers. Doing it again changes nothing until there are new events or items.

    Parameters
    ----------
    stores : Stores
        The home.
    recommenders : Recommenders
        Have the models of the spaces open, or open them.
    catalogue : str, optional
        Whose items; the only one where not given.
    space : str, optional
        Which space; all that answer where not given.

    Raises
    ------
    NotFound
        If there is no such catalogue, nothing is published, or a model is gone.
    InvalidInput
        If there is no such recommender.
    InUse
        If another process, on any machine, changes one of the spaces.
    """
    if space is not None:
        check_recommender(space)
    found = stores.catalogue(catalogue)
    answering = [one for one in stores.spaces.list() if one.catalogue == found.name and one.active]
    published = [one.recommender for one in answering if one.recommender in RECOMMENDERS]
    names = published if space is None else [space]
    if not names:
        raise NotFound(
            f"catalogue '{found.name}' has no published space. Run `nearfield publish --catalogue "
            f"{found.name}`."
        )
    done = []
    for name in names:
        with space_lock(stores, found.name, name):
            if name == SOUND:
                done.append((yield from _refresh_songs(stores, found)))
            else:
                done.append((yield from _refresh_items(stores, recommenders, found, name)))
    return done


def _refresh_items(
    stores: Stores, recommenders: Recommenders, found: Catalogue, name: str
) -> Steps[Refreshed]:
    yield Progress(f"Embedding what is new to {name}")
    keys = found.all_item_keys()
    opened = recommenders.open(found.name, name)
    # what answers users knows no item that came later
    stored = stores.models.get(found.name, name, opened.space.version)
    model = kind_of(name).load(stored.folder)
    later = keys[~model.learned(keys)]
    ids, vectors = model.embed_items(found.collection_of(later))
    changed = np.abs(vectors_of(opened.view.index, ids) - vectors).max(axis=1, initial=0) > _SAME
    if changed.any():
        yield Progress(f"Writing to the space {name}", 0, int(changed.sum()), "items")
        stores.spaces.upsert(opened.space, ids[changed], vectors[changed])
        yield from keep_map(stores, opened.space)
    version = opened.space.version
    return Refreshed(found.name, name, version, len(later), int(changed.sum()))


def _refresh_songs(stores: Stores, catalogue: Catalogue) -> Steps[Refreshed]:
    """Bring the space of songs to what SQL holds, as after an `add` that was cut off."""
    space, _ = stores.spaces.open(catalogue.name, SOUND)
    model = stores.models.get(catalogue.name, SOUND, space.version)
    before = stores.spaces.held(space)
    yield from bring_up_to_date(stores, catalogue, model)
    yield from keep_map(stores, space)
    present = catalogue.sounds.present()
    new = len(without(rising(present), rising(before)))
    return Refreshed(catalogue.name, SOUND, space.version, len(present), new)
