"""Let a team on a Ray cluster train: it begins from the checkpoint here, which it keeps new."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import ray
from ray.exceptions import RayError, RayTaskError
from ray.train import WorkerGroupError

from nearfield.bulk.cluster import Machine, check_machines, joined
from nearfield.bulk.processes import default_workers
from nearfield.errors import Unavailable
from nearfield.pipelines.team_member import Desk, Told, start
from nearfield.training.checkpoint import Checkpoint

if TYPE_CHECKING:
    from nearfield.pipelines.team_lesson import Given
    from nearfield.pipelines.workers import Workers
    from nearfield.training.loop import Step

_PACKAGES: Final = ("nearfield", "ray", "torch")


def train_on_ray(given: "Given", workers: "Workers", checkpoint: Checkpoint) -> "Iterator[Step]":
    """Train to the last epoch; what a kill or a lost cluster leaves is the last whole epoch.

    Parameters
    ----------
    given : Given
        What to learn. Goes to the cluster once.
    workers : Workers
        Who trains.
    checkpoint : Checkpoint
        Where to begin, and where each epoch's state is written.

    Raises
    ------
    Unavailable
        If the cluster does not answer, has too few cores, or lost members too often.
    InvalidInput
        If its machines have another Nearfield.
    """
    count = workers.count or max(1, default_workers() // workers.threads)
    cores = count * workers.threads if workers.address is None else None
    with joined(workers.address, cores) as machines:
        check_machines(machines, _PACKAGES)
        yield from _led(given, workers, _members(machines, workers), checkpoint)


def _led(
    given: "Given", workers: "Workers", count: int, checkpoint: Checkpoint
) -> "Iterator[Step]":
    """Start the team, and follow it."""
    options = {"num_cpus": 0, "max_concurrency": count + 2, "max_restarts": 0}
    desk = ray.remote(Desk).options(**options).remote(checkpoint.read())
    team = ray.remote(num_cpus=0, max_retries=0)(start).remote(
        desk, [ray.put(given)], workers, count
    )
    try:
        for told in _told(desk, team):
            if told.state is not None:
                checkpoint.write(told.state)
            if told.step is not None:
                yield told.step
        ray.get(team)
    except (RayError, ConnectionError) as error:
        epochs = checkpoint.epochs()
        kept = f"{epochs} of {given.epochs} epochs are kept" if epochs else "No epoch is finished"
        raise Unavailable(f"{_what_failed(error)}. {kept}: run the same command again.") from error


def _told(desk: Any, team: Any) -> Iterator[Told]:
    """Yield what the desk hears, until the team is done or has failed."""
    while True:
        news = desk.news.remote(wait=True)
        ready, _ = ray.wait([news, team], num_returns=1)
        if news in ready:
            yield ray.get(news)
            continue
        yield ray.get(desk.news.remote(wait=False))
        return


def _members(machines: Sequence[Machine], workers: "Workers") -> int:
    """Return how many members to start.

    Raises
    ------
    Unavailable
        If there is no room for so many.
    """
    room = sum(int(machine.cpus // workers.threads) for machine in machines)
    wanted = workers.count or room
    if not 1 <= wanted <= room:
        cores = sum(machine.cpus for machine in machines)
        raise Unavailable(
            f"the Ray cluster has {cores:g} cores on {len(machines)} machines, and {wanted} "
            f"workers with {workers.threads} each were asked for: there is room for {room}. Start "
            "more machines, or ask for fewer workers or threads."
        )
    return wanted


def _what_failed(error: BaseException) -> str:
    if not isinstance(error, RayTaskError):
        return f"the Ray cluster is gone ({_line(error)})"
    cause = error.cause
    if not isinstance(cause, WorkerGroupError):
        return f"the Ray cluster cannot train ({_line(cause)})"
    # of a member that dies the others see no more than a broken connection
    failures = list(cause.worker_failures.values())
    lost = [one for one in failures if isinstance(one, RayError)]
    unlike = [one for one in failures if "gloo" not in str(one)]
    first, *_ = lost or unlike or [ConnectionError("the connection to another worker broke")]
    return f"the team lost a worker too often ({_line(first)})"


def _line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].strip().rstrip(".") if lines else type(error).__name__
