"""What Prometheus reads."""

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from nearfield.service.state import ServiceOf

router = APIRouter(tags=["health"])


@router.get("/metrics", include_in_schema=False)
async def metrics(request: Request, service: ServiceOf) -> Response:
    """Return the figures of this process."""
    await service.vitals.ask()
    told = await run_in_threadpool(generate_latest, request.app.state.metrics.registry)
    return Response(told, media_type=CONTENT_TYPE_LATEST)
