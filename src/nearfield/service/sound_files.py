"""The files of songs, as the service hands them out."""

import mimetypes
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from nearfield.catalogue.catalogue import Catalogue
from nearfield.catalogue.sound_facts import SoundFile
from nearfield.errors import NotFound
from nearfield.sound.scan import path_of

_TYPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        ".flac": "audio/flac",
        ".m4a": "audio/mp4",
        ".mka": "audio/x-matroska",
        ".mp3": "audio/mpeg",
        ".oga": "audio/ogg",
        ".ogg": "audio/ogg",
        ".opus": "audio/ogg",
        ".wav": "audio/wav",
    }
)
"""What browsers want to be told; they refuse some of what the system's list says."""


def media_type(ending: str) -> str:
    """Return what browsers want to be told of a sound file, by the ending of its name.

    >>> media_type(".MP3")
    'audio/mpeg'
    """
    small = ending.lower()
    return _TYPES.get(small) or mimetypes.guess_type(f"_{small}")[0] or "application/octet-stream"


def file_of(catalogue: Catalogue, song: str) -> SoundFile:
    """Return a file of a song that is still there; NotFound where none is."""
    keys = catalogue.item_keys([song])
    for file in catalogue.sounds.contents(keys).get(int(keys[0]), []):
        if path_of(file.path).is_file():
            return file
    raise NotFound(
        f"no file of song {song!r} is where it was. Run `nearfield music add` on the folder that "
        f"it was moved to."
    )
