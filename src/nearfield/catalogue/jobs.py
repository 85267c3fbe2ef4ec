"""Long work and how far it is: one row a job, the truth that the queue only carries about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, and_, func, insert, select, update

from nearfield.catalogue.database import Database
from nearfield.catalogue.job_rows import held, is_before, iso, moment, new_id, now
from nearfield.catalogue.schema import jobs
from nearfield.errors import InvalidInput, NotFound

JOB_STATES: Final = ("queued", "running", "done", "failed", "cancelled")
"""What a job can be; its number in SQL is the place here."""

MOST_ATTEMPTS: Final = 3
"""Times that a job is begun: work that ends its worker each time is not begun for ever."""

_QUEUED, _RUNNING, _DONE, _FAILED, _CANCELLED = range(5)
_ENDING: Final = 5
"""Running, to be cancelled at its next step; told as running."""

_AT_WORK: Final = (_RUNNING, _ENDING)
_NO_PROGRESS: Final = {"what": "", "done": 0, "total": 0, "unit": "", "note": ""}
_GONE_WORKER: Final = (
    f"the worker ended {MOST_ATTEMPTS} times in the middle of it, without a word. Look into its "
    f"log, and whether there is memory enough."
)


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of long work.

    Parameters
    ----------
    id : str
        Sorts by the time of asking.
    kind, catalogue : str
        What is to be done, and with which catalogue ("" with none).
    options : mapping
        How, as it was asked for.
    state : str
        One of `JOB_STATES`.
    progress : mapping
        What, done, total, unit and note of the last step told; empty before the first.
    result : Any
        What came of it, as JSON has it; None where nothing did.
    message : str
        Why it failed, or what else there is to say.
    attempts : int
        How often it was begun.
    worker : str
        Who runs it, or did last.
    created : datetime
        In UTC, as the others.
    started, ended : datetime, optional
        None is not yet.
    """

    id: str
    kind: str
    catalogue: str
    options: Mapping[str, Any]
    state: str
    progress: Mapping[str, Any]
    result: Any
    message: str
    attempts: int
    worker: str
    created: datetime
    started: datetime | None
    ended: datetime | None

    def as_data(self) -> dict[str, Any]:
        """Return what programs are shown, as JSON has it."""
        return {
            "id": self.id,
            "kind": self.kind,
            "catalogue": self.catalogue,
            "options": dict(self.options),
            "state": self.state,
            "progress": {**_NO_PROGRESS, **self.progress},
            "result": self.result,
            "message": self.message,
            "attempts": self.attempts,
            "created": iso(self.created),
            "started": iso(self.started),
            "ended": iso(self.ended),
        }


class Jobs:
    """All jobs of one home; made by `Catalogues.jobs`. May be used by several processes.

    Parameters
    ----------
    database : Database
        Where they are kept.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, kind: str, catalogue: str, options: Mapping[str, Any]) -> Job:
        """Keep a new job, to be run when a worker comes to it."""
        row = {
            "id": new_id(),
            "kind": kind,
            "catalogue": catalogue,
            "options": dict(options),
            "state": _QUEUED,
            "progress": {},
            "result": None,
            "message": "",
            "attempts": 0,
            "worker": "",
            "created": now(),
            "started": 0,
            "ended": 0,
        }

        def work(conn: Connection) -> None:
            if conn.execute(select(jobs.c.id).where(jobs.c.id == row["id"])).first() is None:
                conn.execute(insert(jobs), [row])

        self._database.write(work, repeatable=True)
        return self.get(str(row["id"]))

    def get(self, job: str) -> Job:
        """Return a job by its id; NotFound where there is none."""
        with self._database.reading() as conn:
            row = conn.execute(select(jobs).where(jobs.c.id == job)).first()
        if row is None:
            raise NotFound(f"there is no job {job!r}. `nearfield jobs` lists them.")
        return _read(row)

    def list(self, limit: int = 50, before: str | None = None) -> list[Job]:
        """Return jobs, the newest first.

        Parameters
        ----------
        limit : int
            How many at most.
        before : str, optional
            Id of the last one that is known already: only older ones are returned.
        """
        if limit < 1:
            raise InvalidInput(f"a list of {limit} jobs is none. Ask for 1 or more.")
        query = select(jobs).order_by(jobs.c.created.desc(), jobs.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(is_before(before))
        with self._database.reading() as conn:
            return [_read(row) for row in conn.execute(query)]

    def counts(self) -> dict[str, int]:
        """Return how many jobs there are in each state."""
        query = select(jobs.c.state, func.count()).group_by(jobs.c.state)
        found = dict.fromkeys(JOB_STATES, 0)
        with self._database.reading() as conn:
            for state, count in conn.execute(query):
                found[_name(state)] += count
        return found

    def waits(self) -> float:
        """Return for how many seconds the oldest queued job has waited; 0 where none is queued."""
        query = select(func.min(jobs.c.created)).where(jobs.c.state == _QUEUED)
        with self._database.reading() as conn:
            oldest = conn.execute(query).scalar()
        return 0.0 if oldest is None else max(0, now() - oldest) / 1000

    def unfinished(self) -> "Sequence[Job]":
        """Return the jobs that are queued or running, the oldest first."""
        query = select(jobs).where(jobs.c.state.in_([_QUEUED, *_AT_WORK]))
        with self._database.reading() as conn:
            rows = conn.execute(query.order_by(jobs.c.created, jobs.c.id))
            return [_read(row) for row in rows]

    def claim(self, job: str, worker: str) -> Job | None:
        """Take a queued job to run it; None where it is queued no more. One worker gets it."""
        begun = now()
        change = {
            "state": _RUNNING,
            "worker": worker,
            "attempts": jobs.c.attempts + 1,
            "started": begun,
            "message": "",
        }
        queued = and_(jobs.c.id == job, jobs.c.state == _QUEUED)
        claimed = and_(held(job, worker, _RUNNING), jobs.c.started == begun)
        return self.get(job) if self._change(queued, change, claimed) else None

    def claim_next(self, worker: str) -> Job | None:
        """Take the job that was asked for first of those that are queued; None where none is."""
        query = select(jobs.c.id).where(jobs.c.state == _QUEUED)
        query = query.order_by(jobs.c.created, jobs.c.id).limit(1)
        while True:
            with self._database.reading() as conn:
                first = conn.execute(query).scalar()
            if first is None:
                return None
            claimed = self.claim(first, worker)
            if claimed is not None:  # else another worker was quicker
                return claimed

    def tell(self, job: str, worker: str, progress: Mapping[str, Any]) -> bool:
        """Write down how far a job is; return whether it is to go on.

        It is not where somebody cancelled it, or another worker has it.
        """
        return self._change(held(job, worker, _RUNNING), {"progress": dict(progress)})

    def end(self, job: str, worker: str, state: str, result: Any = None, message: str = "") -> bool:
        """Write down what came of a job; return whether the worker still had it.

        Parameters
        ----------
        job, worker : str
            Which, and who ran it.
        state : {"done", "failed", "cancelled"}
            How it ended.
        result : Any
            What JSON can hold.
        message : str
            Why it failed.
        """
        if state not in JOB_STATES[_DONE:]:
            raise InvalidInput(f"a job does not end {state!r}: {', '.join(JOB_STATES[_DONE:])}.")
        number = JOB_STATES.index(state)
        over = now()
        change = {"state": number, "result": result, "message": message, "ended": over}
        ended = and_(held(job, worker, number), jobs.c.ended == over)
        return self._change(held(job, worker, *_AT_WORK), change, ended)

    def give_back(self, job: str, worker: str) -> bool:
        """Queue a job again that its worker is not going to finish, as if it had not begun."""
        change = {"state": _QUEUED, "attempts": jobs.c.attempts - 1, "worker": ""}
        return self._change(held(job, worker, _RUNNING), change)

    def abandoned(self, worker: str) -> None:
        """Queue the jobs of a worker that is no more; those begun too often fail.

        Only whoever knows that the worker has ended may say so.
        """
        of_worker = jobs.c.worker == worker
        running = and_(of_worker, jobs.c.state == _RUNNING)
        spent = {"state": _FAILED, "message": _GONE_WORKER, "ended": now()}
        self._change(and_(of_worker, jobs.c.state == _ENDING), _cancelled())
        self._change(and_(running, jobs.c.attempts >= MOST_ATTEMPTS), spent)
        self._change(running, {"state": _QUEUED})

    def cancel(self, job: str) -> Job:
        """Cancel a job: at once where it is queued, at its next step where it is running.

        Nothing happens where it has ended.
        """
        self.get(job)  # NotFound where there is none
        if not self._change(and_(jobs.c.id == job, jobs.c.state == _QUEUED), _cancelled()):
            running = and_(jobs.c.id == job, jobs.c.state == _RUNNING)
            self._change(running, {"state": _ENDING, "message": "ends at its next step"})
        return self.get(job)

    def _change(self, which: Any, change: Mapping[str, Any], changed: Any = None) -> bool:
        """Change some rows in one statement; return whether there were any.

        `changed` is how they are afterwards, where it matters that this call changed them: it may
        run again because the server went away before it could say so.
        """

        def work(conn: Connection) -> bool:
            if conn.execute(update(jobs).where(which).values(change)).rowcount > 0:
                return True
            if changed is None:
                return False
            return conn.execute(select(jobs.c.id).where(changed)).first() is not None

        return self._database.write(work, repeatable=True)


def _cancelled() -> dict[str, Any]:
    return {"state": _CANCELLED, "message": "cancelled", "ended": now()}


def _read(row: Row[Any]) -> Job:
    fields = dict(row._mapping)
    fields["state"] = _name(row.state)
    for name in ("created", "started", "ended"):
        fields[name] = moment(fields[name])
    return Job(**fields)


def _name(state: int) -> str:
    return JOB_STATES[_RUNNING if state == _ENDING else state]
