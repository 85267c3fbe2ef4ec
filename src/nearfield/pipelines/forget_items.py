"""Delete items from SQL, from every space that answers, and from what is derived of songs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nearfield.catalogue.catalogue import Catalogue
from nearfield.catalogue.pair_facts import DUPLICATE, VERSION
from nearfield.pipelines.names import PARTS, RECOMMENDERS, VERSIONS
from nearfield.pipelines.song_space import part_ids
from nearfield.pipelines.stores import Stores
from nearfield.types import Ids, PublicId, no_ids


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What deleting items did.

    Parameters
    ----------
    rows : dict
        How many rows went, by table of SQL.
    spaces : tuple of str
        The spaces that answer without them now.
    """

    rows: dict[str, int]
    spaces: tuple[str, ...]


def forget_items(stores: Stores, name: str, ids: Sequence[PublicId]) -> Forgotten:
    """Delete items with the events on them.

    SQL goes last: a kill before leaves items that are there and without vectors, which deleting
    them again, or `refresh`, mends. Models that were trained before keep a row of numbers for
    each, which belongs to a key that is never given out again.

    Parameters
    ----------
    stores : Stores
        The home.
    name : str
        Of the catalogue.
    ids : sequence of ids
        Of the items.

    Raises
    ------
    NotFound
        If an item is unknown; nothing is deleted then.
    InUse
        If one of the spaces is being published; run it again afterwards.
    """
    catalogue = stores.catalogue(name)
    keys = np.unique(catalogue.item_keys(ids))
    spaces = tuple(_delete_vectors(stores, catalogue, keys))
    songs = catalogue.sounds.any()
    around = _around(catalogue, keys) if songs else keys[:0]
    rows = catalogue.delete_items(ids)
    if songs:
        _tidy_songs(stores, catalogue, around)
    return Forgotten(rows, spaces)


def _delete_vectors(stores: Stores, catalogue: Catalogue, keys: Ids) -> list[str]:
    found = []
    for name in (*RECOMMENDERS, VERSIONS, PARTS):
        space = stores.spaces.active(catalogue.name, name)
        if space is None:
            continue
        ids = _parts(catalogue, space.version, keys) if name == PARTS else keys
        stores.spaces.delete(space, ids)
        found.append(name)
    return found


def _parts(catalogue: Catalogue, version: str, keys: Ids) -> Ids:
    held = catalogue.sounds.held_parts(version, keys)
    return np.concatenate([no_ids(), *(part_ids(key, parts) for key, (_, parts) in held.items())])


def _around(catalogue: Catalogue, keys: Ids) -> Ids:
    """Return the songs whose groups may change."""
    copies = catalogue.pairs.around(DUPLICATE, keys)
    return np.setdiff1d(catalogue.pairs.around(VERSION, copies), keys)


def _tidy_songs(stores: Stores, catalogue: Catalogue, around: Ids) -> None:
    # decoders and networks of sound may not be installed where no songs are
    from nearfield.pipelines.progress import finish
    from nearfield.pipelines.song_families import regroup
    from nearfield.pipelines.song_prints import index_folder, update_indexes

    if len(around):
        regroup(catalogue, around)
    if index_folder(stores, catalogue).is_dir():
        finish(update_indexes(stores, catalogue))
