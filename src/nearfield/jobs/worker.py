"""The worker: does the long work of a home, one job at a time, until it is stopped.

`python -m nearfield.jobs.worker` is the one that a service starts.
"""

import logging
import os
import secrets
import socket
import threading
import time
from pathlib import Path
from typing import Final

from nearfield.catalogue.jobs import Job, Jobs
from nearfield.errors import NearfieldError, Unavailable
from nearfield.jobs.parent import Places, TakenPlaces, read_places, when_parent_ends
from nearfield.jobs.queue import Carrier
from nearfield.jobs.run import run
from nearfield.jobs.stopping import stop_on_signals
from nearfield.locks import OwnerLock, lock_file, read_owner
from nearfield.pipelines.stores import Stores

WORKERS: Final = "workers"
"""Folder of the home with a lock for each worker; whose is free, has ended."""

LAST_SECONDS: Final = 3.0
"""How long a step may take to end once the worker is to; then the job is given back as it is."""

_LOOK_SECONDS: Final = 10.0
_NICE: Final = 10
_log = logging.getLogger("nearfield.jobs.worker")  # also where this file is what was started


class Worker:
    """Takes jobs and does them.

    Parameters
    ----------
    places : Places
        Where the state lies.
    stop : Event
        When set, the job in work is given back at its next step, and `run` returns.
    served : bool
        Whether a process beside this one serves Milvus Lite.
    """

    def __init__(self, places: Places, stop: threading.Event, served: bool = False) -> None:
        self._places = places
        self._served = served
        self._stop = stop
        self._stores = self._open()
        self._folder = self._stores.home / WORKERS
        self._stores.make()
        self._folder.mkdir(exist_ok=True)
        self._home = _identity(self._folder / "home")
        self.name = f"{socket.gethostname()[:32]}-{os.getpid()}-{secrets.token_hex(4)}@{self._home}"
        self._job = ""
        self._over = threading.Event()

    def run(self) -> None:
        """Do jobs until stopped."""
        lock = OwnerLock(self._folder / self.name)
        threading.Thread(target=self._last_moment, name="last moment", daemon=True).start()
        try:
            jobs = self._stores.catalogues.jobs
            carrier = Carrier(self._stores, self._places.redis_url)
            self._work(jobs, carrier)
            carrier.close()
        finally:
            self._over.set()
            self._stores.close()
            lock.release()
            lock_file(self._folder / self.name).unlink()

    def _work(self, jobs: Jobs, carrier: Carrier) -> None:
        looked = -_LOOK_SECONDS
        while not self._stop.is_set():
            if not carrier.receive(self._stop) and time.monotonic() - looked < _LOOK_SECONDS:
                continue
            looked = time.monotonic()
            try:
                self._do_all(jobs)
            except Exception as error:  # SQL is away
                known = isinstance(error, NearfieldError)
                _log.warning("no work can be had: %s", error, exc_info=not known)

    def _do_all(self, jobs: Jobs) -> None:
        """Do what there is, in the order in which it was asked for.

        The queue says only that there is something: what it tells may be old or lost, and a job
        that a kill cut off comes before what was asked for later.
        """
        self._release_abandoned(jobs)
        while not self._stop.is_set() and self._is_of_this_release():
            job = jobs.claim_next(self.name)
            if job is None:
                return
            self._do(jobs, job)

    def _is_of_this_release(self) -> bool:
        """Tell whether the schema is the one this release knows; without it each job would fail.

        While a cluster is upgraded the database is brought to the new schema first: what is asked
        for meanwhile waits for the workers of the new release.
        """
        if self._stores.catalogues.is_newest():
            return True
        _log.warning("the database has another schema than this release: jobs wait for another")
        return False

    def _do(self, jobs: Jobs, job: Job) -> None:
        _log.info("job %s begins: %s %s %s", job.id, job.kind, job.catalogue, dict(job.options))
        self._job = job.id
        try:
            with self._open() as stores:  # of its own: models and mirrors go with it
                run(stores, jobs, job, self._stop)
        finally:
            self._job = ""
        ended = jobs.get(job.id)
        _log.info("job %s is %s. %s", ended.id, ended.state, ended.message)

    def _release_abandoned(self, jobs: Jobs) -> None:
        """Queue the jobs of workers that have ended: the lock of each tells without a doubt.

        Of workers of another home, which may have the same database, nothing is known.
        """
        for worker in {job.worker for job in jobs.unfinished() if job.state == "running"}:
            if worker == self.name:  # its end could not be written; this one has none in work
                jobs.abandoned(worker)
            elif worker.endswith(f"@{self._home}") and read_owner(self._folder / worker) is None:
                _log.warning("worker %s ended in the middle of a job", worker)
                jobs.abandoned(worker)
        self._sweep()

    def _sweep(self) -> None:
        """Remove the locks of workers that have ended."""
        for file in self._folder.glob("*.lock"):
            if read_owner(file.with_suffix("")) is None:
                file.unlink(missing_ok=True)

    def _last_moment(self) -> None:
        """Give the job back and end by force where a step takes too long to end."""
        self._stop.wait()
        if self._over.wait(LAST_SECONDS):
            return
        if self._job:
            try:
                self._stores.catalogues.jobs.give_back(self._job, self.name)
            except Unavailable as error:
                _log.warning("the job cannot be given back: %s", error)
        os._exit(0)  # what a kill leaves is mended when the job is run again

    def _open(self) -> Stores:
        places = self._places
        return Stores(
            places.home,
            places.milvus_uri,
            places.milvus_token,
            places.database_url,
            self._served,
            places.milvus,
        )


def _identity(file: Path) -> str:
    """Return what tells a home from others, written by the first who asks."""
    try:
        with file.open("x") as written:
            written.write(secrets.token_hex(4))
    except FileExistsError:
        pass
    return file.read_text()


def work(places: Places, stop: threading.Event | None = None, served: bool = False) -> None:
    """Be a worker until stopped by SIGTERM or Ctrl-C, or by `stop`. Of the main thread only."""
    stop = stop or threading.Event()
    stop_on_signals(stop)
    prepare()
    Worker(places, stop, served).run()


def prepare() -> None:
    """Leave the machine to those who answer: before anything that computes is loaded."""
    if hasattr(os, "nice"):
        os.nice(_NICE)
    threads = max(1, (os.cpu_count() or 2) - 1)
    os.environ.setdefault("OMP_NUM_THREADS", str(threads))


def main() -> None:
    """Work beside the service that started this process, and end with it."""
    logging.basicConfig(format="%(asctime)s worker %(levelname)s %(message)s")
    logging.getLogger("nearfield").setLevel(logging.INFO)
    stop = threading.Event()
    places: TakenPlaces = read_places()
    when_parent_ends(stop.set)
    work(places, stop, served=places.milvus_uri is None)
    logging.shutdown()
    os._exit(0)  # to take the libraries down takes seconds, and there is nothing left to do


if __name__ == "__main__":
    main()
