"""Where bulk work runs, as it is named in `--on`."""

from dataclasses import dataclass
from typing import Final

from nearfield.bulk.processes import Processes, default_workers
from nearfield.bulk.ray_env import prepare_environment
from nearfield.bulk.work import JobT, ResultT, Runner, Work
from nearfield.errors import InvalidInput

PROCESSES: Final = "processes"
RAY: Final = "ray"

_CLIENT: Final = "ray://"
_MOST_WORKERS: Final = 256


@dataclass(frozen=True, slots=True)
class Place:
    """Where bulk work runs, and with how many at once.

    Parameters
    ----------
    on : str
        "processes" of this machine; "ray", started on this machine for the time of the work;
        "ray://HOST:PORT", a cluster seen from outside; "ray:auto" or "ray:HOST:PORT", a cluster
        that this machine is part of.
    workers : int, optional
        One for each core where not given: of this machine, or of the cluster.

    Raises
    ------
    InvalidInput
        If there is no such place, or the number cannot be.
    """

    on: str = PROCESSES
    workers: int | None = None

    def __post_init__(self) -> None:
        """Check what was given."""
        if self.workers is not None and not 1 <= self.workers <= _MOST_WORKERS:
            raise InvalidInput(f"{self.workers} workers were asked for. Give 1 to {_MOST_WORKERS}.")
        kind, _, address = self.on.partition(":")
        known = self.on in (PROCESSES, RAY) or (kind == RAY and address.strip("/"))
        if not known:
            raise InvalidInput(
                f"bulk work cannot run on {self.on!r}: wanted processes, ray, ray://HOST:PORT, "
                f"ray:HOST:PORT or ray:auto."
            )

    @property
    def address(self) -> str | None:
        """What Ray is to join; None where it is to be started."""
        if self.on == RAY:
            return None
        return self.on if self.on.startswith(_CLIENT) else self.on.removeprefix(f"{RAY}:")

    def runner(self, work: Work[JobT, ResultT], jobs: int) -> Runner[JobT, ResultT]:
        """Return who does a work here. There is a use for one worker each job at most.

        Raises
        ------
        ModuleNotFoundError
            If it is to run on Ray, and Ray is not installed.
        """
        if self.on == PROCESSES:
            workers = self.workers or default_workers()
            return Processes(work, min(workers, max(1, jobs)))
        prepare_environment(local=self.address is None)
        # Ray takes a second, and is not installed everywhere
        from nearfield.bulk.on_ray import OnRay

        return OnRay(work, self.address, self.workers)
