"""What Ray Data calls for each job: it sees to the files, and lets a process of its own do it.

The process is what keeps one file from hurting others: a decoder that crashes, or is ended for
want of memory, takes itself along, and this actor tells of it.
"""

import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, Generic, TypeAlias

import ray

from nearfield.bulk.parcels import Seen, Unseen, at_hand, below, unpack
from nearfield.bulk.processes import Processes
from nearfield.bulk.work import At, Fault, JobT, ResultT, Task

NUMBER: Final = "number"
ORDER: Final = "order"
RESULT: Final = "result"

Row: TypeAlias = dict[str, Any]
"""What Ray Data carries: the number of a job, and a pickle of it or of its result."""


@dataclass(frozen=True, slots=True)
class Order(Generic[JobT]):
    """A job, and its files as the machine that asked sees them."""

    job: JobT
    files: tuple[Seen, ...]


@dataclass(frozen=True, slots=True)
class Placed(Generic[JobT]):
    """A job, and where those of its files lie that were fetched."""

    job: JobT
    places: Mapping[Path, Path]


@dataclass(frozen=True, slots=True)
class PlacedTask(Generic[JobT, ResultT]):
    """A task on another machine than the one that asked.

    Parameters
    ----------
    task : Task
        Which.
    root : Path, optional
        Below which its folders lie; None where they lie where the task says.
    """

    task: Task[JobT, ResultT]
    root: Path | None

    def open(self, at: At) -> Callable[[Placed[JobT], At], ResultT]:
        """Load what the jobs share from where it lies."""
        do = self.task.open(at if self.root is None else partial(below, self.root))
        return lambda placed, _: do(placed.job, lambda path: placed.places.get(path, path))

    def failed(self, job: Placed[JobT], fault: Fault) -> ResultT:
        """As the task has it."""
        return self.task.failed(job.job, fault)


class Mapper:
    """One worker of a Ray cluster.

    Parameters
    ----------
    desk : actor
        The `Desk` that leads the run.
    task : Task
        What to do.
    shared : tuple of Seen
        Files that it reads when it is opened.

    Raises
    ------
    NearfieldError
        If the task cannot be opened here.
    """

    def __init__(self, desk: Any, task: Task[Any, Any], shared: tuple[Seen, ...]) -> None:
        self._desk = desk
        self._task = task
        placed = PlacedTask(task, unpack(shared, self._fetch))
        self._process: Processes[Placed[Any], Any] = Processes(placed, 1, apart=True)
        self._process.start()

    def __call__(self, row: Row) -> Row:
        """Do one job."""
        order: Order[Any] = pickle.loads(row[ORDER])
        result = pickle.dumps(self._result(order), pickle.HIGHEST_PROTOCOL)
        return {NUMBER: row[NUMBER], RESULT: result}

    def __del__(self) -> None:
        """End the process; Ray lets go of its workers so."""
        process = getattr(self, "_process", None)
        if process is not None:
            process.close()

    def _result(self, order: Order[Any]) -> Any:
        try:
            with at_hand(order.files, self._fetch) as places:
                ((_, result),) = self._process.run([Placed(order.job, places)])
        except Unseen as unseen:
            return self._task.failed(order.job, unseen.fault)
        return result

    def _fetch(self, path: Path) -> bytes | memoryview | str:
        """Ask the machine that asked for a file; see `parcels.Fetch`."""
        found = ray.get(self._desk.fetch.remote(path))
        return found if isinstance(found, str) else memoryview(ray.get(found[0]))
