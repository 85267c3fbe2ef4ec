"""The loop that every trainer runs: epochs that can be interrupted and go on with equal results."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from nearfield.training.checkpoint import Keeper
from nearfield.training.precision import fast_arithmetic
from nearfield.training.rows import RowAdam
from nearfield.training.team import ALONE, Team

_WARM_UP: Final = 0.1
"""Share of the steps in which the learning rate rises."""

_LARGEST_GRADIENT: Final = 1.0

B = TypeVar("B")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Step:
    """How far training is.

    Parameters
    ----------
    epoch, epochs : int
        Epochs finished, and to be run.
    done, total : int
        Batches of the running epoch.
    loss : float
        Mean of the running epoch; its unit is the objective's.
    """

    epoch: int
    epochs: int
    done: int
    total: int
    loss: float


class Batches(Protocol[T_co]):
    """The batches of one epoch; may be iterated once."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[T_co]: ...


class Objective(Protocol[B]):
    """One way to learn. Nothing random but from the generator it is given, or from torch's."""

    def begin(self) -> None:
        """Prepare the networks; called before the first epoch, not when training is resumed.

        Of a team, the first member alone is asked; the others get its weights.
        """

    def batches(self, rng: np.random.Generator, epoch: int, /) -> Batches[B]:
        """Return the batches of an epoch, the first of which is 0."""

    def loss(self, batch: B, rng: np.random.Generator, done: float) -> Tensor:
        """Return what to lower, shape (); `done` is the share of the training, in [0, 1).

        Of a team, each member returns what its own rows add to it.
        """

    def finish(self) -> None:
        """Complete the networks; called by the trainer once the weights are final."""


class TrainingConfig(Protocol):
    """The settings that the loop reads."""

    @property
    def epochs(self) -> int:
        """Passes over the data."""

    @property
    def learning_rate(self) -> float:
        """The highest of the schedule."""

    @property
    def weight_decay(self) -> float:
        """Of matrices, decoupled."""

    @property
    def seed(self) -> int:
        """Of everything random."""


class Loop:
    """Runs epochs over a module's weights with AdamW, and keeps the state after each.

    Tables of a sparse embedding (`nn.Embedding.sparse`) are learned by Adam row by row instead,
    without decay: a step changes only the rows that its batch read.

    Parameters
    ----------
    module : Module
        Whose weights are learned.
    config : TrainingConfig
        Epochs, the highest learning rate, decay of matrices, seed.
    checkpoint : Keeper, optional
        Where the state is kept, and found again. Of a team, every member finds the same, and the
        first one keeps it.
    team : Team
        Who shares the work of each batch.
    """

    def __init__(
        self,
        module: nn.Module,
        config: TrainingConfig,
        checkpoint: Keeper | None = None,
        team: Team = ALONE,
    ) -> None:
        self.module = module
        self.optimizers = _optimizers(module, config)
        self.curve: list[float] = []
        self._config = config
        self._checkpoint = checkpoint
        self._team = team

    def run(self, objective: Objective[B]) -> Iterator[Step]:
        """Train to the last epoch, from the checkpoint if there is one."""
        if self._checkpoint is not None:
            self.curve = self._checkpoint.resume(self.module, self.optimizers)
        if not self.curve and self._team.rank == 0:
            objective.begin()
        work = self._team.averaging(_Work(self.module, objective))
        for epoch in range(len(self.curve), self._config.epochs):
            yield from self._epoch(objective, work, epoch)
            if self._checkpoint is not None and self._team.rank == 0:
                self._checkpoint.save(self.module, self.optimizers, self.curve)

    def _epoch(self, objective: Objective[B], work: nn.Module, epoch: int) -> Iterator[Step]:
        self.module.train()
        rng = np.random.default_rng([self._config.seed, epoch])
        batches = objective.batches(rng, epoch)
        total, torch_state = 0.0, _seeded(self._config.seed * 100_003 + epoch)
        for done, batch in enumerate(batches, start=1):
            share = (epoch + (done - 1) / len(batches)) / self._config.epochs
            self._set_rate(share)
            with torch.random.fork_rng():  # whoever is told of the steps may draw numbers too
                torch.set_rng_state(torch_state)
                with fast_arithmetic():
                    loss = work(batch, rng, share)
                total += self._lower(loss)
                torch_state = torch.get_rng_state()
            if done == len(batches):
                self.curve.append(total / done)
            yield Step(epoch, self._config.epochs, done, len(batches), total / done)

    def _lower(self, loss: Tensor) -> float:
        """Take a step downwards; return the whole team's loss."""
        self.module.zero_grad(set_to_none=True)
        # gradients are averaged over the members, and the whole gradient is their sum
        (loss * self._team.size).backward()  # type: ignore[no-untyped-call]
        _clip(self.module)
        for optimizer in self.optimizers:
            optimizer.step()
        return self._team.total(loss)

    def _set_rate(self, done: float) -> None:
        """Rise linearly, then fall along a cosine to nothing."""
        if done < _WARM_UP:
            share = (done + 1e-3) / _WARM_UP
        else:
            share = 0.5 * (1 + math.cos(math.pi * (done - _WARM_UP) / (1 - _WARM_UP)))
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = self._config.learning_rate * min(1.0, share)


class _Work(nn.Module, Generic[B]):
    """An objective as the module whose forward pass gives the loss."""

    def __init__(self, module: nn.Module, objective: Objective[B]) -> None:
        super().__init__()
        self.module = module
        self._loss = objective.loss

    def forward(self, batch: B, rng: np.random.Generator, done: float) -> Tensor:
        return self._loss(batch, rng, done)


def _seeded(seed: int) -> Tensor:
    """Return the state of torch's generator after seeding, which stays as it is."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return torch.get_rng_state()


def _clip(module: nn.Module) -> None:
    """Scale the gradients down to a norm of at most `_LARGEST_GRADIENT`."""
    gradients = []
    for parameter in module.parameters():
        if (gradient := parameter.grad) is None:
            continue
        if gradient.is_sparse:  # a row that was read twice has one gradient
            parameter.grad = gradient.coalesce()
            gradient = parameter.grad._values()
        gradients.append(gradient)
    scale = _LARGEST_GRADIENT / (nn.utils.get_total_norm(gradients) + 1e-6)
    for gradient in gradients:
        gradient *= scale.clamp(max=1.0)


def _optimizers(module: nn.Module, config: TrainingConfig) -> list[torch.optim.Optimizer]:
    """Decay matrices, leave biases, norms and ages alone; learn sparse tables row by row."""
    parts = [part for part in module.modules() if isinstance(part, nn.Embedding)]
    sparse = {id(part.weight) for part in parts if part.sparse}
    tables: list[nn.Parameter] = []
    matrices: list[nn.Parameter] = []
    rest: list[nn.Parameter] = []
    for name, parameter in module.named_parameters():
        if id(parameter) in sparse:
            tables.append(parameter)
        elif parameter.ndim < 2 or name.endswith("age_bias"):
            rest.append(parameter)
        else:
            matrices.append(parameter)
    groups = [
        {"params": matrices, "weight_decay": config.weight_decay},
        {"params": rest, "weight_decay": 0.0},
    ]
    rate, forgets = config.learning_rate, 0.98
    whole = torch.optim.AdamW(groups, lr=rate, betas=(0.9, forgets), fused=True)
    return [whole, RowAdam(tables, rate, forgets)] if tables else [whole]
