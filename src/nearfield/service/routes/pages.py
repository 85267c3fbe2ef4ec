"""The pages: files that the browser puts together."""

from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter
from starlette.convertors import PathConvertor, register_url_convertor
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles

router = APIRouter(include_in_schema=False)

FOLDER: Final = Path(str(files("nearfield.service") / "static"))


class _PageAddress(PathConvertor):
    """Any address but those that are for programs: what is wrong there is no page."""

    regex = "(?!api/|rest/|static/|metrics$|openapi.json$).*"


register_url_convertor("page", _PageAddress())


class _Checked(StaticFiles):
    """Files that a browser asks about before it uses a copy: an old one does not fit a new one."""

    def file_response(self, *args: Any, **named: Any) -> Response:
        """Return a file, or that the browser's copy is the same."""
        found = super().file_response(*args, **named)
        found.headers["Cache-Control"] = "no-cache"
        return found


static = _Checked(directory=FOLDER, check_dir=False)


@router.get("/{path:page}")
async def page(path: str) -> Response:
    """Answer every other address with the page, which shows what the address names."""
    return FileResponse(FOLDER / "index.html", headers={"Cache-Control": "no-cache"})
