"""Models: what was trained, what answers, publish and roll back."""

import json
from typing import Any, Final, Literal

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import Response

from nearfield.errors import NotFound, Unavailable
from nearfield.pipelines.models import StoredModel
from nearfield.service.replies import reply
from nearfield.service.routes.jobs import JobReply, job_reply
from nearfield.service.state import CatalogueOf, Service, ServiceOf, patiently

router = APIRouter(prefix="/api/catalogues/{catalogue}", tags=["models"])

Name = Literal["fusion", "graph", "sound"]

_TOLD: Final = ("created", "items", "users", "events", "seconds", "curve", "config", "dim")


class ModelReply(BaseModel):
    """A trained model."""

    recommender: str
    version: str
    active: bool
    """Whether it answers."""
    published: bool
    """Whether Milvus holds its vectors."""
    created: str | None
    items: int | None
    users: int | None
    events: int | None
    seconds: float | None
    dim: int | None
    curve: list[float]
    config: dict[str, Any]


class ModelsReply(BaseModel):
    """Models, newest first."""

    models: list[ModelReply]


class EvaluationReply(BaseModel):
    """The rows of the last evaluation."""

    created: str
    rows: list[dict[str, Any]]


@router.get("/models", response_model=ModelsReply)
@patiently
def list_models(catalogue: CatalogueOf, service: ServiceOf) -> Response:
    """List the trained models, newest first."""
    states = _states(service, catalogue.name)
    found = sorted(
        service.stores.models.list(catalogue.name), key=lambda one: one.version, reverse=True
    )
    return reply({"models": [_model(one, states) for one in found]})


@router.post("/models/{recommender}/{version}/publish", response_model=JobReply, status_code=202)
def publish_model(
    catalogue: CatalogueOf, service: ServiceOf, recommender: Name, version: str
) -> Response:
    """Let a model answer."""
    service.stores.models.get(catalogue.name, recommender, version)
    wanted = {"space": recommender, "version": version}
    return job_reply(service.queue.submit("publish", catalogue.name, wanted), 202)


@router.post("/spaces/{space}/rollback", response_model=JobReply, status_code=202)
def rollback_space(catalogue: CatalogueOf, service: ServiceOf, space: Name) -> Response:
    """Let the version answer again that did before."""
    return job_reply(service.queue.submit("rollback", catalogue.name, {"space": space}), 202)


@router.get("/evaluation", response_model=EvaluationReply)
def get_evaluation(catalogue: CatalogueOf, service: ServiceOf) -> Response:
    """Return the last evaluation that a job made."""
    file = service.stores.home / "reports" / f"{catalogue.name}.json"
    try:
        return reply(json.loads(file.read_text("utf-8")))
    except FileNotFoundError:
        raise NotFound(
            f"catalogue '{catalogue.name}' was not evaluated yet. Begin a job of the kind "
            f"'evaluate'."
        ) from None


def _states(service: Service, catalogue: str) -> dict[tuple[str, str], bool]:
    """Return whether each version in Milvus answers; nothing while Milvus is away."""
    try:
        found = service.stores.spaces.list()
    except Unavailable:
        return {}
    return {
        (one.recommender, one.version): one.active for one in found if one.catalogue == catalogue
    }


def _model(model: StoredModel, states: dict[tuple[str, str], bool]) -> dict[str, Any]:
    name = model.recommender, model.version
    told = {key: model.card.get(key) for key in _TOLD}
    return {
        "recommender": model.recommender,
        "version": model.version,
        "active": states.get(name, False),
        "published": name in states,
        **told,
        "curve": told["curve"] or [],
        "config": told["config"] or {},
    }
