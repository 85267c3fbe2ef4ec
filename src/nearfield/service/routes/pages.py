"""The pages: files that the browser puts together."""

from importlib.resources import files
from pathlib import Path
from typing import Final

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles

router = APIRouter(include_in_schema=False)

FOLDER: Final = Path(str(files("nearfield.service") / "static"))

_NOT_PAGES: Final = ("api", "rest", "static")
"""First parts of addresses under which there are no pages."""

static = StaticFiles(directory=FOLDER, check_dir=False)


@router.get("/{path:path}")
async def page(path: str) -> Response:
    """Answer every other address with the page, which shows what the address names."""
    if path.split("/", 1)[0] in _NOT_PAGES:
        raise HTTPException(404, f"there is nothing at /{path}. /docs lists what there is.")
    return FileResponse(FOLDER / "index.html", headers={"Cache-Control": "no-cache"})
