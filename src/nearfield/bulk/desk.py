"""Leads a run inside of the cluster: Ray Data pulls jobs from here, and brings the results here.

Ray Data has to be driven from within a cluster; whoever asks from outside speaks with this actor.
It holds no more jobs and results than a few for each worker.
"""

import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import ray

from nearfield.bulk.mapper import NUMBER, RESULT, Mapper, Row
from nearfield.bulk.parcels import Seen
from nearfield.bulk.work import Task

_AHEAD: Final = 2
"""Jobs that wait for each worker, so that none is ever idle."""

_WAVE: Final = 4096
"""Jobs that one data set is made of. Those that were lost with a machine come again in the next."""

_ATTEMPTS: Final = 3
"""How many machines a job may take down before it is given up."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do, and with how much.

    Parameters
    ----------
    task : Task
        What each worker does.
    shared : tuple of Seen
        Files that it reads when it is opened.
    workers : int
        How many at most.
    memory : int
        Bytes that each needs.
    store : int
        Bytes of the object store that jobs and results may take.
    """

    task: Task[Any, Any]
    shared: tuple[Seen, ...]
    workers: int
    memory: int
    store: int


@dataclass(frozen=True, slots=True)
class Given:
    """What the machine that asked brings.

    Parameters
    ----------
    orders : list of (int, bytes)
        Further jobs: the number and the pickled `Order` of each.
    last : bool
        Whether these were the last.
    files : dict
        Answers to `Turn.wanted`: a list of one reference to the bytes, or why there are none.
    """

    orders: list[tuple[int, bytes]] = field(default_factory=list)
    last: bool = False
    files: dict[int, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Turn:
    """What the desk has for the machine that asked.

    Parameters
    ----------
    results : list of (int, bytes or None)
        The number and the pickled result of each job that is done; None where it was lost with
        its machine again and again.
    wanted : dict
        Files that workers do not see, by the number of the question.
    hungry : int
        How many further jobs are wanted.
    over : bool
        Whether this was all.
    error : str
        Why it is over too early; "" where it is not.
    """

    results: list[tuple[int, bytes | None]]
    wanted: dict[int, Path]
    hungry: int
    over: bool
    error: str


class Desk:
    """The actor. Its methods run side by side, each in a thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._orders: deque[tuple[int, bytes]] = deque()
        self._out: dict[int, bytes] = {}
        self._attempts: dict[int, int] = {}
        self._results: list[tuple[int, bytes | None]] = []
        self._wanted: dict[int, Path] = {}
        self._files: dict[int, Any] = {}
        self._questions = 0
        self._ahead = 1
        self._wave = 0
        self._last = False
        self._over = False
        self._error = ""

    def turn(self, given: Given) -> Turn:
        """Take what is given, and wait until there is something to tell or to ask."""
        with self._changed:
            self._orders.extend(given.orders)
            self._last |= given.last
            self._files.update(given.files)
            self._changed.notify_all()
            self._changed.wait_for(
                lambda: self._results or self._wanted or self._hungry() or self._over
            )
            turn = Turn(self._results, self._wanted, self._hungry(), self._over, self._error)
            self._results, self._wanted = [], {}
            self._changed.notify_all()
            return turn

    def fetch(self, path: Path) -> Any:
        """Ask the machine that asked for a file: a list of one reference, or why not."""
        with self._changed:
            self._questions += 1
            question = self._questions
            self._wanted[question] = path
            self._changed.notify_all()
            self._changed.wait_for(lambda: question in self._files or self._over)
            return self._files.pop(question, "could not be sent: the run is over.")

    def take(self) -> tuple[int, bytes] | None:
        """Return the next job; None when a data set has enough, or there is no more."""
        with self._changed:
            if self._wave >= _WAVE:
                return None
            self._changed.wait_for(lambda: self._orders or self._last)
            if not self._orders:
                return None
            number, order = self._orders.popleft()
            self._wave += 1
            self._out[number] = order
            self._changed.notify_all()
            return number, order

    def lead(self, me: Any, plan: Plan) -> None:
        """Run it all; `me` is this actor as others see it."""
        try:
            with self._changed:
                self._ahead = plan.workers * _AHEAD
            while self._begin_wave():
                # what was lost goes alone to a worker, so that none is lost for another's fault
                for row in _mapped(me, plan, ahead=1 if self._attempts else _AHEAD):
                    self._done(row)
                self._end_wave()
        except Exception as error:
            self._error = f"{type(error).__name__}: {error}"
        finally:
            with self._changed:
                self._over = True
                self._changed.notify_all()

    def _hungry(self) -> int:
        return 0 if self._last or self._over else max(0, self._ahead - len(self._orders))

    def _begin_wave(self) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._orders or self._last)
            self._wave = 0
            return bool(self._orders)

    def _done(self, row: Row) -> None:
        number = int(row[NUMBER])
        with self._changed:
            # no more is taken from Ray than is fetched from here
            self._changed.wait_for(lambda: len(self._results) < self._ahead)
            if self._out.pop(number, None) is not None:
                self._attempts.pop(number, None)
                self._results.append((number, row[RESULT]))
            self._changed.notify_all()

    def _end_wave(self) -> None:
        """Give what was lost with a machine into the next data set."""
        with self._changed:
            for number, order in self._out.items():
                self._attempts[number] = self._attempts.get(number, 0) + 1
                if self._attempts[number] < _ATTEMPTS:
                    self._orders.append((number, order))
                else:
                    del self._attempts[number]
                    self._results.append((number, None))
            self._out.clear()
            self._changed.notify_all()


def _mapped(desk: Any, plan: Plan, ahead: int) -> Iterator[Row]:
    """Yield the results of one data set as they come; `ahead` jobs are with each worker."""
    # only who leads a run needs Ray Data, and it takes a second
    from ray.data import ActorPoolStrategy, DataContext, ExecutionResources, read_datasource

    from nearfield.bulk.job_source import JobSource

    context = DataContext.get_current()
    context.enable_progress_bars = False
    context.max_errored_blocks = -1  # what is lost is given again, see `_end_wave`
    context.target_max_block_size = 1  # each job by itself: done, told and lost alone
    context.target_min_block_size = 1
    limits = ExecutionResources(cpu=plan.workers, object_store_memory=plan.store)
    context.execution_options.resource_limits = limits
    jobs = read_datasource(JobSource(desk), override_num_blocks=1, num_cpus=0)
    pool = ActorPoolStrategy(
        min_size=1,
        max_size=plan.workers,
        initial_size=plan.workers,
        max_tasks_in_flight_per_actor=ahead,
    )
    results = jobs.map(
        Mapper,
        fn_constructor_args=(desk, plan.task, plan.shared),
        compute=pool,
        num_cpus=1,
        memory=plan.memory,
        # one that died begins anew wherever there is room; what it was doing is given again by us,
        # as Ray would wait for that very one to come back
        max_restarts=-1,
        max_task_retries=0,
    )
    for batch in results.iter_batches(batch_size=1, batch_format="pyarrow", prefetch_batches=0):
        yield from batch.to_pylist()


DeskActor: Final[Any] = ray.remote(Desk)
"""What is started in the cluster."""
