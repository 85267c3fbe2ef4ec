"""Who trains, as it is named in `--on`, `--workers` and `--threads`."""

from dataclasses import dataclass
from typing import Final

from nearfield.bulk.places import PROCESSES, Place
from nearfield.errors import InvalidInput

_MOST_THREADS: Final = 256
_MOST_RESTARTS: Final = 100


@dataclass(frozen=True)
class Workers:
    """Who trains: this process alone, or a team on a Ray cluster.

    Parameters
    ----------
    on : str
        Where, as in `Place`; "processes" is this process.
    count : int, optional
        Members of the team; as many as there is room for where not given.
    threads : int
        Of each member.
    restarts : int
        How often a team that lost a member begins again after the last whole epoch, before the
        training fails.

    Raises
    ------
    InvalidInput
        If there is no such place, or a number cannot be.
    """

    on: str = PROCESSES
    count: int | None = None
    threads: int = 1
    restarts: int = 2

    def __post_init__(self) -> None:
        """Check what was given."""
        Place(self.on, self.count)
        if self.count is not None and not self.is_team:
            raise InvalidInput(
                f"{self.count} workers were asked for, but this process trains alone: it uses all "
                "its cores. Say where the workers are to be: --on ray, or --on ray://HOST:PORT."
            )
        if not 1 <= self.threads <= _MOST_THREADS:
            raise InvalidInput(
                f"{self.threads} threads for each worker were asked for. Give 1 to {_MOST_THREADS}."
            )
        if not 0 <= self.restarts <= _MOST_RESTARTS:
            raise InvalidInput(
                f"{self.restarts} restarts were asked for. Give 0 to {_MOST_RESTARTS}."
            )

    @property
    def is_team(self) -> bool:
        """Whether others than this process train."""
        return self.on != PROCESSES

    @property
    def address(self) -> str | None:
        """Of the cluster to join; None where one is to be started here."""
        return Place(self.on).address


ALONE: Final = Workers()
