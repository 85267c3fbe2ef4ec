"""Bulk work on a Ray cluster, through Ray Data. This process alone reads jobs and keeps results."""

import pickle
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Generic, Self

import ray
from ray.exceptions import RayError

from nearfield.bulk.cluster import STORE, Machine, check_machines, joined, room_for
from nearfield.bulk.desk import DeskActor, Given, Plan, Turn
from nearfield.bulk.mapper import Order
from nearfield.bulk.parcels import MOST_SENT, Seen, files_below
from nearfield.bulk.work import CRASHED, Fault, JobT, ResultT, Work, here
from nearfield.errors import Unavailable

_HEAD: Final = {"node:__internal_head__": 0.001}
"""Where the desk is: on the machine without which there is no cluster."""

_LOST: Final = Fault(
    CRASHED,
    "was lost three times with the machine that worked on it. It may need more memory than there "
    "is: give the workers more, or remove it.",
)


class OnRay(Generic[JobT, ResultT]):
    """A run on a cluster.

    Parameters
    ----------
    work : Work
        What to do.
    address : str, optional
        Of the cluster; see `cluster.joined`. One is started on this machine where not given.
    workers : int, optional
        At most so many; as many as there is room for where not given.
    """

    def __init__(self, work: Work[JobT, ResultT], address: str | None, workers: int | None) -> None:
        self._work = work
        self._address = address
        self._workers = workers
        self._open = ExitStack()
        self._machines: list[Machine] | None = None
        self._sent: dict[Path, Any] = {}  # the shared files that workers asked for

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._sent.clear()
        self._open.close()
        self._machines = None

    def prepare(self) -> None:
        """Load here what the jobs share, and look whether the machines can do the work.

        Raises
        ------
        Unavailable
            If the cluster does not answer, or has no room.
        InvalidInput
            If its machines have another Nearfield, or lack a package.
        """
        self._work.open(here)
        self._join()

    def run(self, jobs: Iterable[JobT]) -> Iterator[tuple[JobT, ResultT]]:
        """Yield what came of each job, in the order in which they are done."""
        source = iter(jobs)
        first = list(islice(source, 1))
        if not first:
            return
        plan = self._plan()
        desk = DeskActor.options(
            num_cpus=0,
            resources=_HEAD,
            max_concurrency=plan.workers + 4,  # each worker may ask, and some are for itself
        ).remote()
        try:
            leading = desk.lead.remote(desk, plan)
            yield from self._served(desk, _chained(first, source), plan)
            _answer(leading)
        finally:
            ray.kill(desk)

    def _served(
        self, desk: Any, source: Iterator[JobT], plan: Plan
    ) -> Iterator[tuple[JobT, ResultT]]:
        """Bring jobs and files to the desk, and yield what it has done."""
        held: dict[int, JobT] = {}
        numbers = 0
        given = Given()
        while True:
            turn: Turn = _answer(desk.turn.remote(given))
            for number, packed in turn.results:
                job = held.pop(number)
                lost = packed is None
                yield job, self._work.failed(job, _LOST) if lost else pickle.loads(packed or b"")
            if turn.over:
                _check(turn.error)
                return
            fresh = dict(enumerate(islice(source, turn.hungry), numbers))
            numbers += len(fresh)
            held.update(fresh)
            given = Given(
                orders=[(number, self._order(job)) for number, job in fresh.items()],
                last=len(fresh) < turn.hungry,
                files={number: self._file(path, plan) for number, path in turn.wanted.items()},
            )

    def _join(self) -> list[Machine]:
        if self._machines is None:
            self._machines = self._open.enter_context(joined(self._address, self._workers))
            check_machines(self._machines, self._work.packages)
        return self._machines

    def _plan(self) -> Plan:
        workers = room_for(self._join(), self._work.memory, self._workers)
        shared = files_below(self._work.folders)
        return Plan(self._work, shared, workers, self._work.memory, STORE)

    def _order(self, job: JobT) -> bytes:
        files = (Seen.of(path) for path in self._work.files(job))
        order = Order(job, tuple(one for one in files if one is not None))
        return pickle.dumps(order, pickle.HIGHEST_PROTOCOL)

    def _file(self, path: Path, plan: Plan) -> Any:
        """Return a reference to the bytes of a file in a list, or why there are none."""
        if path in self._sent:
            return [self._sent[path]]
        try:
            with path.open("rb") as file:
                content = file.read(MOST_SENT + 1)
        except OSError as error:
            return f"cannot be read any more ({error.strerror}). Scan the folder again."
        reference = ray.put(content)
        if any(path == one.path for one in plan.shared):
            self._sent[path] = reference
        return [reference]


def _chained(first: list[JobT], rest: Iterator[JobT]) -> Iterator[JobT]:
    yield from first
    yield from rest


def _answer(reference: Any) -> Any:
    """Wait for an answer of the desk; Unavailable where it is gone."""
    try:
        return ray.get(reference)
    except (RayError, ConnectionError) as error:
        raise Unavailable(
            f"the Ray cluster is gone ({str(error).strip().splitlines()[0]}). What was done is "
            f"kept: run the same command again."
        ) from error


def _check(error: str) -> None:
    if error:
        raise Unavailable(
            f"the workers of the Ray cluster cannot go on: {error} What was done is kept: run the "
            f"same command again."
        )
