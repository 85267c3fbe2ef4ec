"""Take sound files: to disk while they come, then a job listens to them."""

import re
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any, Final

from anyio import to_thread
from fastapi import APIRouter, Query, Request
from python_multipart.multipart import parse_options_header
from starlette.responses import Response

from nearfield.service.multipart import file_in
from nearfield.service.problems import Refusal
from nearfield.service.receive import receive
from nearfield.service.routes.jobs import JobReply, job_reply
from nearfield.service.state import CatalogueOf, ServiceOf
from nearfield.sound.formats import EXTENSIONS

router = APIRouter(prefix="/api/catalogues/{catalogue}", tags=["songs"])

UPLOADS: Final = "uploads"
"""Folder in the home; a folder in it for each catalogue."""

_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            },
        },
    }
}


@router.post("/uploads", response_model=JobReply, status_code=202, openapi_extra=_BODY)
async def upload(
    request: Request,
    catalogue: CatalogueOf,
    service: ServiceOf,
    name: Annotated[
        str, Query(max_length=255, description="of the file, where the body is the file")
    ] = "",
) -> Response:
    """Take one sound file; the job that is answered listens to it and adds it.

    The file is the body, with its name in `name`, or the field `file` of a form.
    """
    called, chunks = await _file(request, name)
    ending = Path(called).suffix.lower()
    if ending not in EXTENSIONS:
        raise Refusal(
            415,
            f"{called!r} is no sound file by its name. Wanted is one that ends in "
            f"{', '.join(sorted(EXTENSIONS))}: as the body with ?name=song.flac, or as the field "
            f"`file` of a form.",
        )
    folder = service.stores.home / UPLOADS / catalogue.name
    path = await to_thread.run_sync(_place, folder, called)
    await receive(path, chunks)
    options = {"paths": [str(path)]}
    job = await to_thread.run_sync(service.queue.submit, "add-music", catalogue.name, options)
    return job_reply(job, 202)


async def _file(request: Request, name: str) -> tuple[str, AsyncIterator[bytes]]:
    """Return the name of what comes, and its bytes as they come."""
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != b"multipart/form-data":
        return name, request.stream()
    boundary = options.get(b"boundary")
    if not boundary:
        raise Refusal(422, "the form names no boundary. Send it as multipart/form-data.")
    found, chunks = await file_in(request.stream(), boundary, "file")
    return name or found, chunks


def _place(folder: Path, name: str) -> Path:
    """Return a path that nothing else has: a folder of its own, the name as far as it is safe."""
    own = folder / secrets.token_hex(8)
    own.mkdir(parents=True)
    stem = re.sub(r"[^\w .()'&+-]", "_", Path(name).stem)[:100].strip(" .") or "song"
    return own / f"{stem}{Path(name).suffix.lower()}"
