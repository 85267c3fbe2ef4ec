"""Put the service together."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any, Final

from fastapi import APIRouter, FastAPI

from nearfield.service.config import ServiceConfig
from nearfield.service.problems import MEDIA_TYPE, Problem, add_problems
from nearfield.service.routes import (
    catalogues,
    events,
    health,
    items,
    jobs,
    models,
    pages,
    recommend,
)
from nearfield.service.state import Service

ROUTERS: Final[tuple[APIRouter, ...]] = (
    health.router,
    catalogues.router,
    items.router,
    recommend.router,
    events.router,
    models.router,
    jobs.router,
)
"""In the order in which an address is looked for; the pages come last: they answer to anything."""

_PROBLEMS: Final[dict[int | str, dict[str, Any]]] = {
    status: {
        "description": "see `detail`",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for status in (401, 403, 404, 409, 413, 422, 429, 503)
}


def create_app(
    config: ServiceConfig, processes: Callable[[], dict[str, bool]] | None = None
) -> FastAPI:
    """Return the application; nothing of the home is opened before it starts.

    Parameters
    ----------
    config : ServiceConfig
        Where the state lies, and how the service behaves.
    processes : callable, optional
        Tells which of the processes beside this one are alive, by name.
    """

    @asynccontextmanager
    async def opened(app: FastAPI) -> AsyncIterator[None]:
        with Service(config, processes) as service:
            app.state.service = service
            yield

    app = FastAPI(
        title="Nearfield",
        version=version("nearfield"),
        description="Recommends by nearest neighbours: learned vectors in Milvus, facts in SQL.",
        lifespan=opened,
        responses=_PROBLEMS,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
    )
    add_problems(app)
    for router in ROUTERS:
        app.include_router(router)
    app.mount("/static", pages.static)
    app.include_router(pages.router)
    _describe(app)
    return app


def _describe(app: FastAPI) -> None:
    """Let the OpenAPI document hold what problems look like."""
    plain = app.openapi

    def described() -> dict[str, Any]:
        found = plain()
        schemas = found.setdefault("components", {}).setdefault("schemas", {})
        if "Problem" not in schemas:
            told = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas.update(told.pop("$defs", {}))
            schemas["Problem"] = told
        return found

    app.openapi = described  # type: ignore[method-assign]
