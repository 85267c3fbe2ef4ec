"""A song of the library as people name it: by its id, or by its file. Loads no network."""

from pathlib import Path

import numpy as np

from nearfield.catalogue.catalogue import Catalogue
from nearfield.catalogue.sound_facts import GONE
from nearfield.errors import NotFound
from nearfield.sound.scan import content_hash, path_text
from nearfield.types import PublicId


def find_song(catalogue: Catalogue, name: str) -> PublicId | None:
    """Return the id of a song in the library: given as it is, or by the path of its file."""
    try:
        (key,) = catalogue.item_keys([name])
    except NotFound:
        path = Path(name).expanduser().absolute()
        file = catalogue.sounds.file(path_text(path))
        found = None if file is None or file.state == GONE else file.item
        if found is None and path.is_file():
            found = catalogue.sounds.with_content(content_hash(path))
        if found is None:
            return None
        key = found
    return catalogue.item_ids(np.array([key], dtype=np.int64))[0]
