"""What bulk work is: many jobs, each done by itself; and who runs it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self, TypeAlias, TypeVar

JobT = TypeVar("JobT")
ResultT = TypeVar("ResultT")
JobIn = TypeVar("JobIn", contravariant=True)
ResultOut = TypeVar("ResultOut", covariant=True)

At: TypeAlias = Callable[[Path], Path]
"""Tells where a file or folder of the machine that asked lies on the machine that works."""

CRASHED: Final = "crashed"
"""Why: the job ended the process that did it."""

UNSEEN: Final = "unseen"
"""Why: the machine that was to do the job can neither see nor be sent its files."""


def here(path: Path) -> Path:
    """Return where a path lies on the machine that asked: where it says."""
    return path


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a job could not be done at all.

    Parameters
    ----------
    reason : str
        `CRASHED` or `UNSEEN`.
    told : str
        What happened, to stand behind the name of what the job is about.
    """

    reason: str
    told: str


class Task(Protocol[JobIn, ResultOut]):
    """What a process does with each job. Travels to it: it only names things, nothing is open."""

    def open(self, at: At) -> Callable[[JobIn, At], ResultOut]:
        """Load what the jobs share, once in each process; return what does a job.

        It returns its result also where the job itself is at fault, and raises nothing.
        """

    def failed(self, job: JobIn, fault: Fault) -> ResultOut:
        """Return the result of a job that could not be done."""


class Work(Task[JobIn, ResultOut], Protocol[JobIn, ResultOut]):
    """One kind of bulk work, and what another machine needs to know to do it."""

    @property
    def folders(self) -> tuple[Path, ...]:
        """Folders that `open` reads; small enough to be sent, such as a model's."""

    @property
    def packages(self) -> tuple[str, ...]:
        """Packages without which it cannot be done, as they are imported."""

    @property
    def memory(self) -> int:
        """Bytes that one process needs."""

    def files(self, job: JobIn) -> tuple[Path, ...]:
        """Return the files that a job reads."""


class Runner(Protocol[JobT, ResultOut]):
    """Does the jobs of one work. Nothing of it is left running when its block ends."""

    def __enter__(self) -> Self:
        """Begin; nothing heavy is started before it is needed."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End all that was started, whatever it is in the middle of."""

    def prepare(self) -> None:
        """Find out early what would keep every job from being done; raises it."""

    def run(self, jobs: Iterable[JobT]) -> Iterator[tuple[JobT, ResultOut]]:
        """Yield what came of each job, in the order in which they are done.

        Jobs are taken only shortly before they are done, and by the thread that asks for the
        results. What cannot be done comes as `Work.failed` has it.
        """
