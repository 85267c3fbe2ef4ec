"""A small home of movies, and workers over copies of it."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from nearfield.catalogue.jobs import Job
from nearfield.jobs.parent import TakenPlaces
from nearfield.jobs.queue import JobQueue
from nearfield.jobs.worker import Worker
from nearfield.pipelines.stores import Stores
from service_process import wait_for
from small_home import fill_home

PATIENCE = 120.0


@dataclass
class Working:
    """A home whose jobs are done, or are going to be."""

    stores: Stores
    queue: JobQueue

    def ended(self, job: Job) -> Job:
        """Wait until a job has ended; return it."""
        return self.reaches(job, lambda found: found.state in ("done", "failed", "cancelled"))

    def reaches(self, job: Job, there: Callable[[Job], bool]) -> Job:
        """Wait until a job is so; return it."""

        def look() -> Job | None:
            found = self.queue.get(job.id)
            return found if there(found) else None

        reached: Job = wait_for(look, PATIENCE)
        return reached

    def at(self, job: Job, what: str) -> None:
        """Wait until a job is at a step."""
        self.reaches(job, lambda found: str(found.progress.get("what", "")).startswith(what))


@contextmanager
def opened(home: Path, redis: str | None = None) -> Iterator[Working]:
    """Open the queue of a home, without a worker."""
    with Stores(home) as stores, closing(JobQueue(stores, redis)) as queue:
        yield Working(stores, queue)


@contextmanager
def working(home: Path, redis: str | None = None) -> Iterator[Working]:
    """Let a thread be the worker of a home. It must have nothing to do when it is to end."""
    stop = threading.Event()
    worker = Worker(TakenPlaces(home, redis_url=redis), stop)
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        with opened(home, redis) as found:
            yield found
    finally:
        stop.set()
        thread.join()


@contextmanager
def worker_process(home: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Start a worker as a service does; it is killed at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "nearfield.jobs.worker"],
        stdin=subprocess.PIPE,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert process.stdin is not None
    try:
        places = TakenPlaces(home, milvus_uri=str(home / "milvus.db"))  # which it owns itself
        process.stdin.write(places.as_line())
        process.stdin.flush()
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdin.close()


def end(process: "subprocess.Popen[bytes]") -> int:
    """Ask a process to end as a service does; return its exit code."""
    process.send_signal(signal.SIGTERM)
    return process.wait(60)


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the catalogue "movies", one model and its space. Not to be changed."""
    return fill_home(tmp_path_factory.mktemp("jobs") / "home")


@pytest.fixture
def home(filled: Path, tmp_path: Path) -> Path:
    """A copy of it, to be changed."""
    return Path(shutil.copytree(filled, tmp_path / "home"))


def versions(stores: Stores) -> list[Any]:
    return [one.version for one in stores.models.list("movies")]
