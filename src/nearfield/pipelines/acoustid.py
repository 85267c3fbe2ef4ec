"""Fingerprints in the form that AcoustID takes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nearfield.errors import NotFound
from nearfield.pipelines.find_song import find_song
from nearfield.pipelines.stores import Stores
from nearfield.sound.decode import SoundReader
from nearfield.sound.fingerprint import FingerprintStream, decompress, to_text


@dataclass(frozen=True, slots=True)
class Chromaprint:
    """A song as `fpcalc` tells of it.

    Parameters
    ----------
    seconds : float
        How long it lasts.
    text : str
        The fingerprint of the whole of it, in base 64.
    """

    seconds: float
    text: str

    def as_data(self) -> dict[str, Any]:
        """Return what `--json` prints, as `fpcalc -json` does."""
        return {"duration": round(self.seconds, 2), "fingerprint": self.text}

    def lines(self) -> str:
        """Return what `fpcalc` prints."""
        return f"DURATION={int(self.seconds)}\nFINGERPRINT={self.text}"


def chromaprint(stores: Stores, name: str | None, song: str) -> Chromaprint:
    """Return the fingerprint of a song of the library, or of any sound file.

    Parameters
    ----------
    stores : Stores
        The home.
    name : str, optional
        Catalogue that the song may be of; any where not given.
    song : str
        Its id, or its file; a file that is not in the library is listened to.

    Raises
    ------
    NotFound
        If it is neither.
    Unreadable
        If the file is no sound that can be used.
    """
    names = stores.catalogues.names()
    for one in names if name is None else {name} & set(names):
        catalogue = stores.catalogue(one)
        found = find_song(catalogue, song)
        if found is not None:
            keys = catalogue.item_keys([found])
            (packed,) = catalogue.sounds.fingerprints(keys).values()
            (quality,) = catalogue.sounds.qualities(keys).values()
            return Chromaprint(quality.duration, to_text(decompress(packed)))
    path = Path(song).expanduser().absolute()
    if not path.is_file():
        raise NotFound(f"{song!r} is neither a song of the library nor a file. Check the spelling.")
    return _heard(path)


def _heard(path: Path) -> Chromaprint:
    stream = FingerprintStream()
    with SoundReader(path) as reader:
        for block in reader.blocks():
            stream.feed(block)
        seconds = reader.info.duration
    return Chromaprint(seconds, to_text(stream.finish()))
