"""Put the service together."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from starlette.middleware.cors import CORSMiddleware

from nearfield.service.access import Access, Origins
from nearfield.service.body_limit import BodyLimit
from nearfield.service.config import ServiceConfig
from nearfield.service.metrics import Metrics
from nearfield.service.problems import MEDIA_TYPE, Problem, add_problems
from nearfield.service.quick import Quick
from nearfield.service.routes import (
    care,
    catalogues,
    events,
    experiments,
    health,
    items,
    jobs,
    keys,
    login,
    maps,
    metrics,
    models,
    pages,
    playlists,
    recommend,
    songs,
    transfer,
    uploads,
    users,
)
from nearfield.service.state import Service
from nearfield.service.subsonic import routes as subsonic
from nearfield.service.subsonic.players import Players
from nearfield.service.traffic import Traffic

ROUTERS: Final[tuple[APIRouter, ...]] = (
    health.router,
    catalogues.router,
    items.router,
    recommend.router,
    events.router,
    models.router,
    users.router,
    transfer.router,
    experiments.router,
    maps.router,
    songs.router,
    care.router,
    uploads.router,
    jobs.router,
    keys.router,
    login.router,
    metrics.router,
    playlists.router,
    subsonic.router,
)
"""In the order in which an address is looked for; the pages come last: they answer to anything."""

_PROBLEMS: Final[dict[int | str, dict[str, Any]]] = {
    status: {
        "description": "see `detail`",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for status in (400, 401, 403, 404, 409, 413, 415, 421, 422, 429, 503)
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
            app.state.players = Players(service)
            app.state.metrics.watch(service)
            yield

    app = FastAPI(
        title="Nearfield",
        version=version("nearfield"),
        description="Recommends by nearest neighbours: learned vectors in Milvus, facts in SQL.",
        lifespan=opened,
        responses=_PROBLEMS,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
    )
    app.state.metrics = Metrics()
    add_problems(app)
    _add_layers(app, config)
    for router in ROUTERS:
        app.include_router(router)
    app.mount("/static", pages.static)
    app.include_router(pages.router)
    _describe(app)
    return app


def _add_layers(app: FastAPI, config: ServiceConfig) -> None:
    """Put around the routes what every request goes through; what is added last is outermost."""

    def find(key: str) -> tuple[str, frozenset[str]] | None:
        service: Service = app.state.service
        return service.stores.catalogues.keys.find(key)

    app.add_middleware(Quick)
    app.add_middleware(BodyLimit, limits=config.limits)
    app.add_middleware(
        Access,
        find=find if config.keys else None,
        origins=Origins(frozenset(config.origins), frozenset(config.hosts)),
        requests=config.limits.requests,
    )
    if config.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=config.origins,
            allow_methods=["GET", "POST", "PUT", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "X-API-Key"],
        )
    if config.tracing:
        # OpenTelemetry is an extra of its own
        from nearfield.service.tracing import Tracing, otlp

        app.add_middleware(Tracing, exporter=otlp(config.tracing))
    app.add_middleware(Traffic, metrics=app.state.metrics)


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
