"""The loop: clipped gradients, dense weights and sparse tables, what is kept and found again."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from nearfield.training.checkpoint import Checkpoint
from nearfield.training.loop import Loop, Step


@dataclass(frozen=True)
class Config:
    epochs: int = 4
    learning_rate: float = 0.05
    weight_decay: float = 0.1
    seed: int = 3


class Table(nn.Module):
    """An embedding, dense or sparse, under a layer."""

    def __init__(self, sparse: bool) -> None:
        super().__init__()
        self.rows = nn.Embedding(20, 4, sparse=sparse)
        self.layer = nn.Linear(4, 1)
        generator = torch.Generator().manual_seed(0)
        with torch.no_grad():
            for weights in self.parameters():
                weights.copy_(torch.randn(weights.shape, generator=generator))


class Fit:
    """Pull what the layer says of some rows to their number; some units are dropped at random."""

    def __init__(self, module: Table) -> None:
        self.module = module
        self.norms: list[float] = []

    def begin(self) -> None:
        """Nothing."""

    def finish(self) -> None:
        """Nothing."""

    def batches(self, rng: np.random.Generator, epoch: int, /) -> list[Tensor]:
        return [torch.from_numpy(rng.integers(0, 10, 7)) for _ in range(5)]

    def loss(self, batch: Tensor, rng: np.random.Generator, done: float) -> Tensor:
        dropped = nn.functional.dropout(self.module.rows(batch), 0.3)
        loss: Tensor = (self.module.layer(dropped)[:, 0] - batch).square().mean()
        return loss


def weights(module: nn.Module) -> list[Tensor]:
    return [weight.detach().clone() for weight in module.parameters()]


@pytest.mark.parametrize("sparse", [False, True])
def test_stopped_in_any_epoch_it_goes_on_with_equal_results(sparse: bool, tmp_path: Path) -> None:
    straight = Table(sparse)
    whole = Loop(straight, Config())
    list(whole.run(Fit(straight)))
    for stop in range(4):
        module = Table(sparse)
        loop = Loop(module, Config(), Checkpoint(tmp_path))
        _until(loop.run(Fit(module)), stop)
    resumed = Table(sparse)
    loop = Loop(resumed, Config(), Checkpoint(tmp_path))
    list(loop.run(Fit(resumed)))
    assert loop.curve == whole.curve
    for left, right in zip(weights(resumed), weights(straight), strict=True):
        assert torch.equal(left, right)


def _until(steps: Iterator[Step], epoch: int) -> None:
    for step in steps:
        if step.epoch == epoch:
            return


@pytest.mark.parametrize("sparse", [False, True])
def test_gradients_are_clipped_together(sparse: bool) -> None:
    module = Table(sparse)
    list(Loop(module, Config(epochs=1)).run(Fit(module)))
    norm = 0.0
    for weight in module.parameters():
        assert weight.grad is not None
        found = weight.grad.coalesce().values() if sparse and weight.grad.is_sparse else weight.grad
        norm += float(found.square().sum())
    assert norm**0.5 == pytest.approx(1, abs=1e-4)


def test_a_sparse_table_learns_as_well_as_a_dense_one() -> None:
    curves = []
    for sparse in (False, True):
        module = Table(sparse)
        loop = Loop(module, Config(epochs=40))
        list(loop.run(Fit(module)))
        curves.append(loop.curve)
    assert curves[0][-1] < curves[0][0] / 2
    assert curves[1][-1] < curves[1][0] / 2
