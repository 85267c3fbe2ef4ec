"""Which rows of jobs are meant, what is written into new ones, and moments as they are told."""

import secrets
import time
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import and_, or_, select

from nearfield.catalogue.schema import jobs


def held(job: str, worker: str, *states: int) -> Any:
    """Return the condition that a worker has a job in one of some states."""
    return and_(jobs.c.id == job, jobs.c.worker == worker, jobs.c.state.in_(states))


def is_before(job: str) -> Any:
    """Return the condition that a job was asked for before another one."""
    created = select(jobs.c.created).where(jobs.c.id == job).scalar_subquery()
    return or_(jobs.c.created < created, and_(jobs.c.created == created, jobs.c.id < job))


def new_id() -> str:
    """Return an id that sorts by the time of asking, also within a millisecond."""
    return f"{time.time_ns() // 1000:014x}{secrets.token_hex(3)}"


def now() -> int:
    """Return milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def moment(milliseconds: int) -> datetime | None:
    """Return a moment as it was written; None where there was none yet."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC) if milliseconds else None


def iso(moment: datetime | None) -> str | None:
    """Return a moment as JSON tells it."""
    return None if moment is None else moment.isoformat(timespec="milliseconds")
