"""Run one job: its pipeline step by step, its progress and its end written down."""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from typing import Any, Final, TypeVar

from nearfield.catalogue.jobs import Job, Jobs
from nearfield.errors import NearfieldError, Unavailable
from nearfield.jobs.kinds import KINDS
from nearfield.jobs.plain import plain
from nearfield.jobs.steps import Work
from nearfield.pipelines.extras import missing
from nearfield.pipelines.progress import Progress, finish
from nearfield.pipelines.stores import Stores

T = TypeVar("T")

TELL_SECONDS: Final = 0.5
"""Progress is written down no more often than this."""

PAUSES: Final = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Seconds before work is begun again that met another process, or a service that was away."""

INTERNAL: Final = "internal error, see the log"

_log = logging.getLogger(__name__)


class Ended(BaseException):
    """Somebody cancelled the job, or the worker is to end; passes through pipelines."""


def run(stores: Stores, jobs: Jobs, job: Job, stop: threading.Event) -> None:
    """Do the work of a job that was claimed, and write down what came of it.

    Parameters
    ----------
    stores : Stores
        The home.
    jobs : Jobs
        Where to write; of stores that outlive the job.
    job : Job
        As `Jobs.claim` returned it.
    stop : Event
        When set, the job is given back at its next step.
    """
    report = Report(jobs, job, stop)
    try:
        result = _with_patience(lambda: _do(stores, job, report), report)
        report.flush()
        _settle(stop, lambda: jobs.end(job.id, job.worker, "done", result))
    except Ended:
        if stop.is_set():
            jobs.give_back(job.id, job.worker)
        # where somebody cancelled it meanwhile, it is not given back
        jobs.end(job.id, job.worker, "cancelled", message="cancelled")
    except NearfieldError as error:
        message = str(error)
        _settle(stop, lambda: jobs.end(job.id, job.worker, "failed", message=message))
    except Exception as error:
        told = missing(error) if isinstance(error, ModuleNotFoundError) else None
        if told is None:
            _log.exception("job %s (%s) met an internal error", job.id, job.kind)
        _settle(stop, lambda: jobs.end(job.id, job.worker, "failed", message=told or INTERNAL))


class Report:
    """Takes progress of a job, and ends it where it is not to go on.

    Parameters
    ----------
    jobs : Jobs
        Where to write.
    job : Job
        Which.
    stop : Event
        Of the worker.
    """

    def __init__(self, jobs: Jobs, job: Job, stop: threading.Event) -> None:
        self._jobs = jobs
        self._job = job
        self.stop = stop
        self._last = Progress("")
        self._written = -TELL_SECONDS

    def tell(self, progress: Progress) -> None:
        """Take progress; write it down where the last was written long enough ago.

        Raises
        ------
        Ended
            If the job is not to go on.
        """
        self._last = progress
        if self.stop.is_set():
            raise Ended
        if time.monotonic() - self._written >= TELL_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write the last progress down; raises as `tell`."""
        self._written = time.monotonic()
        if not self._jobs.tell(self._job.id, self._job.worker, asdict(self._last)):
            raise Ended


def _do(stores: Stores, job: Job, report: Report) -> Any:
    kind = KINDS[job.kind]
    options = kind.options.model_validate(dict(job.options))
    work = Work(stores, job.catalogue or None, report.tell)
    with closing(kind.steps(work, options)) as steps:
        return plain(finish(steps, report.tell))


def _with_patience(work: Callable[[], T], report: Report) -> T:
    """Do work; begin it again where another process or a restarting one was in its way."""
    for pause in PAUSES:
        try:
            return work()
        except Unavailable as error:
            if isinstance(error.__cause__, ModuleNotFoundError):  # it does not come by waiting
                raise
            _log.warning("waiting %.0f s before it is tried again: %s", pause, error)
            report.tell(Progress("Waiting", note=str(error)))
        until = time.monotonic() + pause
        while (left := until - time.monotonic()) > 0:
            report.stop.wait(min(left, TELL_SECONDS))
            report.tell(Progress("Waiting"))
    return work()


def _settle(stop: threading.Event, write: Callable[[], object]) -> None:
    """Write down how a job ended, however long SQL is away: without it, it would be done again."""
    pause = TELL_SECONDS
    while True:
        try:
            write()
            return
        except Unavailable as error:
            _log.warning("the end of a job cannot be written yet: %s", error)
        if stop.wait(pause):
            return  # the next worker does it again
        pause = min(2 * pause, PAUSES[-1])
