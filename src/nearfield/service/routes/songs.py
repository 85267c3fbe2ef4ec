"""Songs: play them, draw them."""

import mimetypes
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import FileResponse, Response

from nearfield.catalogue.catalogue import Catalogue
from nearfield.catalogue.sound_facts import SoundFile
from nearfield.errors import NotFound
from nearfield.pipelines.outlines import outline_of
from nearfield.service.replies import reply
from nearfield.service.state import CatalogueOf, ServiceOf
from nearfield.sound.scan import path_of

router = APIRouter(prefix="/api/catalogues/{catalogue}", tags=["songs"])

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


class OutlineReply(BaseModel):
    """How loud a song is from its beginning to its end."""

    duration: float
    """Seconds."""
    peaks: list[float]
    """In [0, 1], of equal parts of the song."""


@router.get(
    "/stream/{song}",
    response_class=FileResponse,
    responses={200: {"content": {"audio/*": {}}}, 206: {"description": "a part of the file"}},
)
def stream(catalogue: CatalogueOf, song: str) -> Response:
    """Return the file of a song as it is; parts of it where the request asks for a range."""
    path = path_of(file_of(catalogue, song).path)
    return FileResponse(path, media_type=media_type(path), headers={"Cache-Control": "private"})


@router.get("/waveform/{song}", response_model=OutlineReply)
def waveform(catalogue: CatalogueOf, service: ServiceOf, song: str) -> Response:
    """Return the outline of a song's loudness."""
    found = outline_of(file_of(catalogue, song), service.stores.cache)
    answer = reply({"duration": found.duration, "peaks": found.peaks})
    answer.headers["Cache-Control"] = "private, max-age=86400"
    return answer


def media_type(path: Path) -> str:
    """Return what browsers want to be told of a sound file."""
    ending = path.suffix.lower()
    return _TYPES.get(ending) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"


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
