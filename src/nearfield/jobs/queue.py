"""The queue: SQL says what is to be done, huey carries the word that there is something."""

import hashlib
import json
import logging
import threading
from collections.abc import Mapping
from typing import Any, Final

from huey import Huey, RedisHuey, SqliteHuey
from huey.registry import Message
from huey.serializer import Serializer

from nearfield.catalogue.jobs import Job
from nearfield.errors import InvalidInput
from nearfield.jobs.kinds import checked
from nearfield.pipelines.stores import Stores

QUEUE_FILE: Final = "queue.db"
"""In the home, where no Redis is given."""

_NAME: Final = "nearfield"
_POLL_SECONDS: Final = 0.5
_AWAY_SECONDS: Final = 5.0
_log = logging.getLogger(__name__)


class JobQueue:
    """Takes long work of one home, and tells how far it is. May be used from several threads.

    A job is safe as soon as `submit` returns: it lies in SQL. Should the queue lose it, or hold
    it twice, a worker finds out from SQL.

    Parameters
    ----------
    stores : Stores
        The home.
    redis_url : str, optional
        ``redis://host:6379/0``; SQLite inside the home where not given.
    """

    def __init__(self, stores: Stores, redis_url: str | None = None) -> None:
        self._jobs = stores.catalogues.jobs  # which makes the home
        self._carrier = Carrier(stores, redis_url)

    def submit(
        self, kind: str, catalogue: str | None = None, options: Mapping[str, Any] | None = None
    ) -> Job:
        """Ask for long work.

        Parameters
        ----------
        kind : str
            A name in `KINDS`.
        catalogue : str, optional
            With which catalogue.
        options : mapping
            How; see the model of the kind.

        Raises
        ------
        InvalidInput
            If there is no such kind, or an option cannot be used.
        """
        asked = checked(kind, catalogue, options or {})
        job = self._jobs.add(kind, catalogue or "", asked)
        self._carrier.send(job.id)
        return job

    def get(self, job: str) -> Job:
        """Return a job by its id; NotFound where there is none."""
        return self._jobs.get(job)

    def list(self, limit: int = 50, before: str | None = None) -> list[Job]:
        """Return jobs, the newest first; see `Jobs.list`."""
        return self._jobs.list(limit, before)

    def counts(self) -> dict[str, int]:
        """Return how many jobs there are in each state."""
        return self._jobs.counts()

    def waits(self) -> float:
        """Return for how many seconds the oldest queued job has waited; see `Jobs.waits`."""
        return self._jobs.waits()

    def cancel(self, job: str) -> Job:
        """Cancel a job; see `Jobs.cancel`."""
        return self._jobs.cancel(job)

    def close(self) -> None:
        """Close the connection of the queue."""
        self._carrier.close()


class Carrier:
    """Tells workers that there is something to do, by huey.

    Parameters
    ----------
    stores : Stores
        The home.
    redis_url : str, optional
        As of `JobQueue`.

    Raises
    ------
    InvalidInput
        If the address of Redis cannot be read.
    """

    def __init__(self, stores: Stores, redis_url: str | None = None) -> None:
        stores.make()
        self._huey = _open(stores, redis_url)
        self._send = self._huey.task(name="run")(_run)

    def send(self, job: str) -> None:
        """Tell a worker of a job; where that fails, one finds it in SQL some moments later."""
        try:
            self._send(job)
        except Exception:  # of whatever carries it: Redis, SQLite
            _log.warning("job %s is safe in SQL, but the queue did not take it", job, exc_info=True)

    def receive(self, stop: threading.Event) -> bool:
        """Wait a moment for the word of a job; return whether it came.

        Parameters
        ----------
        stop : Event
            Ends the waiting.
        """
        try:
            task = self._huey.dequeue()
        except Exception as error:  # of whatever carries it, or a word that nobody can read
            _log.warning("the queue cannot be read: %s", error)
            stop.wait(_AWAY_SECONDS)
            return False
        if task is None and not getattr(self._huey.storage, "blocking", False):
            stop.wait(_POLL_SECONDS)  # Redis waits itself
        return task is not None

    def close(self) -> None:
        """Close the connection; the next use opens it again."""
        self._huey.storage.close()


class JsonSerializer(Serializer):  # type: ignore[misc]  # huey has no types
    """Messages as JSON. Huey's own are pickles, which whoever writes them could make run code."""

    def _serialize(self, data: Any) -> bytes:
        return json.dumps(list(data)).encode()

    def _deserialize(self, data: bytes) -> Message:
        return Message(*json.loads(bytes(data)))


def _open(stores: Stores, redis_url: str | None) -> Huey:
    options = {"results": False, "serializer": JsonSerializer()}
    if redis_url is None:
        return SqliteHuey(_NAME, filename=str(stores.home / QUEUE_FILE), timeout=30, **options)
    # homes that share a Redis have a queue each; workers on several machines one database
    home = hashlib.sha256(stores.database_url.encode()).hexdigest()[:12]
    try:
        return RedisHuey(f"{_NAME}_{home}", url=redis_url, **options)
    except ValueError as error:
        raise InvalidInput(
            f"NEARFIELD_REDIS_URL cannot be read ({error}). Write redis://host:6379/0."
        ) from error


def _run(job: str) -> None:
    """Name what is carried; a worker does not call this, but looks into SQL."""
