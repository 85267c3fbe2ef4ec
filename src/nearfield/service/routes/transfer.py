"""Everything of a catalogue out as files, and files in."""

from typing import Annotated, Any, Final, Literal

from anyio import to_thread
from fastapi import APIRouter, Query, Request
from starlette.responses import Response, StreamingResponse

from nearfield.pipelines.uploaded import new_folder
from nearfield.service.receive import receive
from nearfield.service.routes.jobs import JobReply, job_reply
from nearfield.service.state import CatalogueOf, Service, ServiceOf

router = APIRouter(prefix="/api/catalogues/{catalogue}", tags=["transfer"])

_ZIP: Final = "application/zip"
_TYPES: Final = {"jsonl": "application/x-ndjson", "parquet": "application/vnd.apache.parquet"}
_FILE: Final[dict[str, Any]] = {"schema": {"type": "string", "format": "binary"}}
_BODY: Final[dict[str, Any]] = {
    "requestBody": {"required": True, "content": {"application/octet-stream": _FILE}}
}
_ANSWER: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "the file",
        "content": {kind: _FILE for kind in (_ZIP, *_TYPES.values())},
    }
}


@router.get("/export", response_class=Response, responses=_ANSWER)
def export(
    catalogue: CatalogueOf,
    service: ServiceOf,
    table: Literal[
        "items", "users", "events", "files", "sounds", "verdicts", "playlists", "all"
    ] = "all",
    format: Literal["jsonl", "parquet"] = "jsonl",
) -> Response:
    """Send one table, or a zip of all; import takes it back."""
    from nearfield.pipelines.export import export_stream

    whole = table == "all"
    name = f"{catalogue.name}.zip" if whole else f"{catalogue.name}-{table}.{format}"
    return StreamingResponse(
        export_stream(service.stores, catalogue.name, table, format),
        media_type=_ZIP if whole else _TYPES[format],
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@router.post("/import", response_model=JobReply, status_code=202, openapi_extra=_BODY)
async def import_file(
    request: Request,
    service: ServiceOf,
    catalogue: str,
    table: Annotated[
        Literal["items", "users", "events", "all"], Query(description="all: a zip of tables")
    ] = "all",
    format: Annotated[
        Literal["jsonl", "parquet", "csv", "tsv", "zip"] | None,
        Query(description="of the body; zip where all tables come, else jsonl"),
    ] = None,
) -> Response:
    """Take a file; the job that is answered imports it. The catalogue is made if there is none."""
    ending = format or ("zip" if table == "all" else "jsonl")
    folder = await to_thread.run_sync(_prepare, service, catalogue)
    path = folder / f"{table}.{ending}"
    await receive(path, request.stream())
    options = {"file": str(path), "table": table}
    job = await to_thread.run_sync(service.queue.submit, "import", catalogue, options)
    return job_reply(job, 202)


def _prepare(service: Service, catalogue: str) -> Any:
    service.stores.catalogues.create(catalogue)  # which refuses names that are no folders' either
    return new_folder(service.stores, catalogue)
