"""Whether the service is alive, and whether it can answer."""

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import Response

from nearfield.service.replies import reply
from nearfield.service.state import ServiceOf

router = APIRouter(tags=["health"])


class Alive(BaseModel):
    """The process answers."""

    status: str


class Ready(BaseModel):
    """What the service needs, and whether it is there."""

    status: Literal["ready", "degraded", "not ready"]
    parts: dict[str, bool]


@router.get("/healthz", response_model=Alive)
async def healthz() -> Response:
    """Tell that the process answers."""
    return reply({"status": "ok"})


@router.get("/readyz", response_model=Ready, responses={503: {"model": Ready}})
async def readyz(service: ServiceOf) -> Response:
    """Tell whether SQL, Milvus and the processes beside this one are there.

    503 where SQL is not. Where anything else is not, the answers are less than they could be: 200
    and `degraded`, for all services of a cluster lose the same Milvus, and none of them must go.
    """
    parts = await service.vitals.ask()
    for name, lives in service.processes().items():
        parts[name] = lives and parts.get(name, True)
    status = "ready" if all(parts.values()) else "degraded"
    if not parts["database"]:
        status = "not ready"
    return reply({"status": status, "parts": parts}, 503 if status == "not ready" else 200)
