"""Train with several workers, and take what they learned as if it had been learned here."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from nearfield.pipelines.extras import needs_extras
from nearfield.pipelines.kinds import Trainer, kind_of
from nearfield.pipelines.team_lesson import Given
from nearfield.pipelines.workers import Workers

if TYPE_CHECKING:
    from nearfield.training.loop import Step


class TeamTrainer:
    """A trainer whose epochs a team may do; the networks, and what is saved of them, lie here.

    Parameters
    ----------
    given : Given
        What to learn.
    workers : Workers
        Who trains.
    checkpoint : Path
        Folder in which the state after every epoch is kept, and found again.

    Raises
    ------
    InvalidInput
        If the collection has too few events.
    Unavailable
        If Ray is not installed.
    """

    def __init__(self, given: Given, workers: Workers, checkpoint: Path) -> None:
        if workers.is_team and find_spec("ray") is None:
            with needs_extras("ray"):
                raise ModuleNotFoundError(name="ray")
        self.here: Trainer = kind_of(given.recommender).trainer(
            given.collection, given.config, checkpoint=checkpoint
        )
        self._given, self._workers, self._checkpoint = given, workers, checkpoint

    @property
    def curve(self) -> list[float]:
        """Mean loss of each finished epoch."""
        return self.here.curve

    def run(self) -> "Iterator[Step]":
        """Train to the last epoch, from the checkpoint if there is one."""
        if self._workers.is_team:
            yield from self._run_team()
        yield from self.here.run()  # after a team: completes what the last epoch left

    def _run_team(self) -> "Iterator[Step]":
        # these load torch and Ray
        from nearfield.pipelines.team_on_ray import train_on_ray
        from nearfield.training.checkpoint import Checkpoint

        checkpoint = Checkpoint(self._checkpoint)
        if checkpoint.epochs() < self._given.epochs:
            yield from train_on_ray(self._given, self._workers, checkpoint)
