"""Whether the service is alive, and whether it can answer."""

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import Response

from nearfield.errors import NearfieldError
from nearfield.service.replies import reply
from nearfield.service.state import ServiceOf

router = APIRouter(tags=["health"])


class Alive(BaseModel):
    """The process answers."""

    status: str


class Ready(BaseModel):
    """What the service needs, and whether it is there."""

    status: str
    parts: dict[str, bool]


@router.get("/healthz", response_model=Alive)
async def healthz() -> Response:
    """Tell that the process answers."""
    return reply({"status": "ok"})


@router.get("/readyz", response_model=Ready, responses={503: {"model": Ready}})
def readyz(service: ServiceOf) -> Response:
    """Tell whether SQL, Milvus and the processes beside this one are there; 503 if not."""
    parts = {"database": _answers(service.stores.catalogues.names)}
    parts["milvus"] = _answers(service.stores.spaces.list)
    parts |= service.processes()
    ready = all(parts.values())
    return reply(
        {"status": "ready" if ready else "not ready", "parts": parts}, 200 if ready else 503
    )


def _answers(question: object) -> bool:
    assert callable(question)
    try:
        question()
    except NearfieldError:
        return False
    return True
