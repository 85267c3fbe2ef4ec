"""What the members of a team add up to is what one process computes on the whole batch."""

from pathlib import Path

import pytest
import torch

from nearfield.fusion.train import FusionTrainer
from nearfield.training.checkpoint import Checkpoint
from nearfield.training.team import ALONE, Team
from team_lessons import LESSONS, QUICK, Lowered, collection, lower, lower_all, train
from teams import as_team

_NEAR = 0.02
"""How far losses may be apart where a processor computes in bfloat16; they fall from 10 to 7."""


@pytest.fixture(scope="module")
def lowered(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Lowered]]:
    """Return what each of three members found."""
    return as_team(3, lower_all, tmp_path_factory.mktemp("team"))


@pytest.mark.parametrize("name", LESSONS)
def test_loss_and_gradient_are_those_of_the_whole_batch(
    name: str, lowered: list[dict[str, Lowered]]
) -> None:
    alone = lower(ALONE, name)
    assert alone.loss != 0
    for member in lowered:
        assert member[name].loss == pytest.approx(alone.loss, rel=1e-5)
        for weight, gradient in alone.gradients.items():
            found = member[name].gradients[weight]
            assert torch.allclose(found, gradient, rtol=1e-3, atol=1e-6), weight


def test_a_training_goes_on_with_more_members_or_fewer(tmp_path: Path) -> None:
    alone = train(ALONE)
    first, second = as_team(2, train, tmp_path)
    assert first.curve == second.curve
    for name, weights in first.weights.items():
        assert torch.equal(second.weights[name], weights), name
    assert first.curve == pytest.approx(alone.curve, abs=_NEAR)
    assert (len(first.states), len(second.states)) == (2, 0)

    checkpoint = Checkpoint(tmp_path / "checkpoint")
    checkpoint.write(first.states[0])
    assert checkpoint.read() == first.states[0]
    resumed = FusionTrainer(collection(), QUICK, checkpoint=checkpoint.folder)
    steps = list(resumed.run())
    assert {step.epoch for step in steps} == {1}  # the first epoch is the team's
    assert resumed.curve[0] == first.curve[0]
    assert resumed.curve == pytest.approx(alone.curve, abs=_NEAR)


@pytest.mark.parametrize(("size", "rows"), [(1, 5), (3, 7), (3, 2), (4, 0)])
def test_every_row_is_one_members(size: int, rows: int) -> None:
    parts = [range(rows)[Team(rank, size).part(rows)] for rank in range(size)]
    assert [row for part in parts for row in part] == list(range(rows))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1
