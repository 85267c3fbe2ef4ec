"""Long work: begin it, watch it, cancel it."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from nearfield.catalogue.jobs import Job
from nearfield.jobs.kinds import KINDS
from nearfield.service.bodies import Body
from nearfield.service.replies import reply
from nearfield.service.state import CatalogueOf, ServiceOf

router = APIRouter(prefix="/api", tags=["jobs"])


class ProgressReply(BaseModel):
    """How far a step is."""

    what: str = ""
    done: int = 0
    total: int = 0
    unit: str = ""
    note: str = ""


class JobReply(BaseModel):
    """Work for the worker; times are ISO 8601, in UTC."""

    id: str
    kind: str
    catalogue: str
    options: dict[str, Any]
    state: str
    progress: ProgressReply
    result: Any
    message: str
    attempts: int
    created: str
    started: str | None
    ended: str | None


class JobsReply(BaseModel):
    """Jobs, newest first."""

    jobs: list[JobReply]


class JobBody(Body):
    """What is to be done."""

    kind: Annotated[str, Field(json_schema_extra={"enum": list(KINDS)})]
    options: dict[str, Any] = Field(default_factory=dict)


def job_reply(job: Job, status: int = 200) -> Response:
    """Return a job; 202 where it was just accepted, with the address to watch it."""
    found = reply(job.as_data(), status)
    if status == 202:
        found.headers["Location"] = f"/api/jobs/{job.id}"
    return found


@router.get("/jobs", response_model=JobsReply)
def list_jobs(service: ServiceOf, limit: Annotated[int, Query(ge=1, le=500)] = 50) -> Response:
    """List the jobs, newest first."""
    return reply({"jobs": [one.as_data() for one in service.queue.list(limit)]})


@router.get("/jobs/{job}", response_model=JobReply)
def get_job(service: ServiceOf, job: str) -> Response:
    """Tell how far a job is."""
    return job_reply(service.queue.get(job))


@router.delete("/jobs/{job}", response_model=JobReply)
def cancel_job(service: ServiceOf, job: str) -> Response:
    """Cancel a job: at once where it waits, at its next step where it runs."""
    return job_reply(service.queue.cancel(job))


@router.post("/catalogues/{catalogue}/jobs", response_model=JobReply, status_code=202)
def submit_job(service: ServiceOf, catalogue: CatalogueOf, body: JobBody) -> Response:
    """Begin long work."""
    return job_reply(service.queue.submit(body.kind, catalogue.name, body.options), 202)
