"""Songs as people name them: by id, by the path of a file in the library, or of any other file."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nearfield.catalogue.catalogue import Catalogue
from nearfield.errors import NotFound
from nearfield.pipelines.find_song import find_song
from nearfield.pipelines.names import SOUND
from nearfield.pipelines.progress import Progress, Steps
from nearfield.pipelines.stores import Stores
from nearfield.types import PublicId

if TYPE_CHECKING:
    from nearfield.sound.analyse import Analyser
    from nearfield.sound.encoding import SongVectors


@dataclass(frozen=True)
class NamedSongs:
    """What some names mean.

    Parameters
    ----------
    ids : dict
        Name to id, of songs in the library.
    guests : dict
        Name to vectors, of files that are not in it.
    """

    ids: dict[str, PublicId]
    guests: "dict[str, SongVectors]"


def guest_labels(named: NamedSongs) -> dict[str, str]:
    """Return what to call each file that is not in the library: its name, if no other has it."""
    short = {name: Path(name).name for name in named.guests}
    alone = Counter(short.values())
    return {name: label if alone[label] == 1 else name for name, label in short.items()}


def name_songs(stores: Stores, catalogue: Catalogue, names: Iterable[str]) -> Steps[NamedSongs]:
    """Find the songs that are meant; files that are not in the library are listened to.

    Raises
    ------
    NotFound
        If a name is neither an id nor a file, or no model answers yet.
    Unreadable
        If a file is no sound that can be used.
    """
    ids: dict[str, PublicId] = {}
    guests: dict[str, SongVectors] = {}
    analyser: Analyser | None = None
    for name in names:
        found = find_song(catalogue, name)
        if found is not None:
            ids[name] = found
            continue
        path = Path(name).expanduser().absolute()
        if not path.is_file():
            raise NotFound(
                f"{name!r} is neither the id of a song in catalogue '{catalogue.name}' nor a file. "
                f"Check the spelling; `nearfield music status` tells what there is."
            )
        yield Progress(f"Listening to {path.name}")
        if analyser is None:
            analyser = _open(stores, catalogue)
        guests[name] = analyser.analyse(path).vectors
    return NamedSongs(ids, guests)


def _open(stores: Stores, catalogue: Catalogue) -> "Analyser":
    # networks take seconds and memory, which who names songs of the library need not give
    from nearfield.pipelines.ears import Ears

    space, _ = stores.spaces.open(catalogue.name, SOUND)
    model = stores.models.get(catalogue.name, SOUND, space.version)
    return Ears(model.folder, stores.cache).open()
