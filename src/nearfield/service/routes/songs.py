"""Songs: play them, draw them."""

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import FileResponse, Response

from nearfield.pipelines.outlines import outline_of
from nearfield.service.replies import reply
from nearfield.service.sound_files import file_of, media_type
from nearfield.service.state import CatalogueOf, ServiceOf
from nearfield.sound.scan import path_of

router = APIRouter(prefix="/api/catalogues/{catalogue}", tags=["songs"])


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
    return FileResponse(
        path, media_type=media_type(path.suffix), headers={"Cache-Control": "private"}
    )


@router.get("/waveform/{song}", response_model=OutlineReply)
def waveform(catalogue: CatalogueOf, service: ServiceOf, song: str) -> Response:
    """Return the outline of a song's loudness."""
    found = outline_of(file_of(catalogue, song), service.stores.cache)
    answer = reply({"duration": found.duration, "peaks": found.peaks})
    answer.headers["Cache-Control"] = "private, max-age=86400"
    return answer
