"""Errors as problem details, with the same texts as on the command line.

References
----------
.. [1] RFC 9457, "Problem Details for HTTP APIs". https://www.rfc-editor.org/rfc/rfc9457
"""

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import compile_path

from nearfield.errors import CheckFailed, InUse, InvalidInput, NearfieldError, NotFound, Unavailable

MEDIA_TYPE: Final = "application/problem+json"

RETRY_SECONDS: Final = 2
"""When to ask again where a server is away: a cluster that lost a node is back by then."""

_STATUS: Final[Sequence[tuple[type[NearfieldError], int]]] = (
    (InvalidInput, 422),
    (NotFound, 404),
    (InUse, 409),
    (Unavailable, 503),
    (CheckFailed, 500),
)
"""The first that fits."""

_PLAIN: Final = {
    404: "there is nothing at {path}. /openapi.json tells what there is.",
    405: "{path} does not answer to {method}. /openapi.json tells what it answers to.",
}
"""What is told where no route was found: that of the library says less."""

_log = logging.getLogger("nearfield.service")


class FieldProblem(BaseModel):
    """What is wrong with one field."""

    field: str
    detail: str


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    instance: str
    errors: list[FieldProblem] = []


class Refusal(Exception):
    """A request that is refused with a status of its own.

    Parameters
    ----------
    status : int
        Of HTTP.
    detail : str
        What came, what was wanted, what to do.
    headers : mapping
        To send with it.
    """

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})


def problem(
    request: Request,
    status: int,
    detail: str,
    errors: Sequence[FieldProblem] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return the answer that tells what went wrong."""
    content: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": request.url.path,
    }
    if errors:
        content["errors"] = [one.model_dump() for one in errors]
    return JSONResponse(content, status, dict(headers or {}), MEDIA_TYPE)


def add_problems(app: FastAPI) -> None:
    """Let every error of an application be answered with problem details."""
    app.add_exception_handler(NearfieldError, _of_ours)
    app.add_exception_handler(Refusal, _of_refusal)
    app.add_exception_handler(RequestValidationError, _of_fields)
    app.add_exception_handler(HTTPException, _of_http)
    app.add_exception_handler(Exception, _of_anything)


def status_of(error: NearfieldError) -> int:
    """Return the status of an error of ours."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def problem_of(request: Request, error: NearfieldError | Refusal) -> Response:
    """Return the answer to an error that a route raised."""
    told = _of_refusal if isinstance(error, Refusal) else _of_ours
    return told(request, error)


def _of_ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, NearfieldError)
    status = status_of(error)
    headers = {"Retry-After": str(RETRY_SECONDS)} if status == 503 else {}
    return problem(request, status, str(error), headers=headers)


def _of_refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    return problem(request, error.status, error.detail, headers=error.headers)


def _of_fields(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = [
        FieldProblem(field=".".join(map(str, one["loc"])), detail=one["msg"])
        for one in error.errors()
    ]
    told = "; ".join(f"{one.field}: {one.detail}" for one in found[:5])
    return problem(request, 422, f"the request cannot be used: {told}.", found)


def _of_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = ", ".join(_methods(request))
    detail = _PLAIN.get(error.status_code, "{detail}").format(
        method=request.method, path=request.url.path, detail=error.detail
    )
    return problem(request, error.status_code, detail, headers=headers)


def _methods(request: Request) -> list[str]:
    """Return what an address answers to, over all its routes: each knows only its own.

    Where several patterns fit, the first is the narrower one.
    """
    for path, methods in request.app.openapi()["paths"].items():
        pattern, _, _ = compile_path(path)
        if pattern.match(request.url.path):
            return sorted(name.upper() for name in methods)
    return []


def _of_anything(request: Request, error: Exception) -> Response:
    _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return problem(request, 500, "the service failed; its log tells why.")
