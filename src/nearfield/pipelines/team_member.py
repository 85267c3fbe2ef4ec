"""What runs inside of a Ray cluster: the members of a team, who starts them, and their desk."""

import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import ray
import torch
from fsspec.implementations.memory import MemoryFileSystem
from pyarrow.fs import FSSpecHandler, PyFileSystem
from ray.train import FailureConfig, RunConfig, ScalingConfig
from ray.train.torch import TorchConfig, TorchTrainer

from nearfield.pipelines.kinds import kind_of
from nearfield.training.checkpoint import CarriedState
from nearfield.training.team import Team

if TYPE_CHECKING:
    from nearfield.pipelines.team_lesson import Given
    from nearfield.pipelines.workers import Workers
    from nearfield.training.loop import Step

_TELL_EVERY: Final = 0.2
"""Seconds between two remarks on how far training is."""

_SILENCE: Final = 300
"""Seconds that a member waits for another one before it gives the team up."""

_PATIENCE: Final = {
    "RAY_TRAIN_HEALTH_CHECK_INTERVAL_S": "0.5",  # a training may take seconds only
    "RAY_TRAIN_WORKER_GROUP_START_TIMEOUT_S": "300",  # busy machines load torch for a minute
}
"""How often Ray Train looks after the team, and how long it waits for it to be there."""

_SURROUNDINGS: Final = {
    "TORCH_CPP_LOG_LEVEL": "ERROR",  # which weights a batch reads is known to differ
}


@dataclass(frozen=True, slots=True)
class Told:
    """What the desk has heard since it was last asked.

    Parameters
    ----------
    step : Step or None
        How far training is.
    state : bytes or None
        After the last whole epoch.
    """

    step: "Step | None"
    state: bytes | None


class Desk:
    """The actor between a team and the machine that asked. Its methods run side by side.

    It keeps the newest state for a team that begins again.

    Parameters
    ----------
    state : bytes, optional
        To begin with.
    """

    def __init__(self, state: bytes | None) -> None:
        self._changed = threading.Condition()
        self._state = state
        self._step: Step | None = None
        self._fresh = False

    def found(self) -> bytes | None:
        """Return the newest state."""
        return self._state

    def tell(self, step: "Step") -> None:
        """Hear how far training is."""
        with self._changed:
            self._step = step
            self._changed.notify_all()

    def keep(self, state: bytes) -> None:
        """Keep the state after an epoch."""
        with self._changed:
            self._state, self._fresh = state, True
            self._changed.notify_all()

    def news(self, wait: bool) -> Told:
        """Return what is new; wait until something is, if so wanted."""
        with self._changed:
            if wait:
                self._changed.wait_for(lambda: self._fresh or self._step is not None)
            told = Told(self._step, self._state if self._fresh else None)
            self._step, self._fresh = None, False
            return told


def start(desk: Any, given: list[Any], workers: "Workers", count: int) -> None:
    """Run a team to its last epoch.

    Parameters
    ----------
    desk : handle of a Desk
    given : list of one reference to a Given
    workers : Workers
    count : int
        Members.
    """
    os.environ.update(_PATIENCE)
    TorchTrainer(
        _train,
        train_loop_config={"desk": desk, "given": given, "threads": workers.threads},
        torch_config=TorchConfig(backend="gloo", timeout_s=_SILENCE),
        scaling_config=ScalingConfig(
            num_workers=count, resources_per_worker={"CPU": workers.threads}
        ),
        run_config=RunConfig(  # type: ignore[call-arg]  # typed as that of Ray's old trainer
            name="team",
            # it keeps no checkpoint, and what it notes is of no use to anybody
            storage_path="team",
            storage_filesystem=PyFileSystem(FSSpecHandler(MemoryFileSystem())),
            # where a lost machine does not come back, the rest is not waited for for ever
            failure_config=FailureConfig(  # type: ignore[call-arg]  # and this, too
                max_failures=workers.restarts, controller_failure_limit=0
            ),
            worker_runtime_env={"env_vars": _SURROUNDINGS},
        ),
    ).fit()


def _train(how: Mapping[str, Any]) -> None:
    """Train as one member of a team."""
    torch.set_num_threads(how["threads"])
    desk = how["desk"]
    given: Given = ray.get(how["given"][0])
    team = Team.assembled()
    keeper = CarriedState(ray.get(desk.found.remote()), lambda new: ray.get(desk.keep.remote(new)))
    trainer = kind_of(given.recommender).trainer(given.collection, given.config, keeper, team)
    told = 0.0
    for step in trainer.run():
        now = time.monotonic()
        if team.rank == 0 and (now > told + _TELL_EVERY or step.done == step.total):
            desk.tell.remote(step)
            told = now
