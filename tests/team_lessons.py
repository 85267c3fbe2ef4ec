"""What members of a team do in the tests: in a module that their processes can import."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor, nn

from nearfield.datasets.tables import Collection
from nearfield.fusion.config import FusionConfig
from nearfield.fusion.objectives import Material, NextItem
from nearfield.fusion.rating import HiddenRatings
from nearfield.fusion.set_training import HiddenItems
from nearfield.fusion.train import FusionTrainer
from nearfield.graph.config import GraphConfig
from nearfield.graph.margin import MaxMargin
from nearfield.graph.next_items import NextItems
from nearfield.graph.train import GraphTrainer
from nearfield.training.checkpoint import CarriedState
from nearfield.training.loop import Objective
from nearfield.training.team import Team
from synthetic import make_tables

SMALL: dict[str, Any] = {"dim": 16, "width": 16, "id_dim": 16, "heads": 2, "window": 12}
QUICK = FusionConfig(**SMALL, epochs=2, batch=512)

Lesson = tuple[nn.Module, Objective[Any]]


@cache
def collection() -> Collection:
    return Collection.from_tables("movies", make_tables())


def fusion(team: Team, **given: Any) -> Lesson:
    trainer = FusionTrainer(collection(), FusionConfig(**{**SMALL, "batch": 512, **given}))
    towers, config = trainer.towers, trainer.config
    features, attributes, histories = trainer.features, trainer.attributes, trainer.histories
    material = Material(towers, config, features, attributes, histories, team)
    if config.objective == "rating":
        return towers, HiddenRatings(material, collection().interactions)
    return towers, NextItem(material) if config.ordered else HiddenItems(material)


def graph(team: Team, **given: Any) -> Lesson:
    trainer = GraphTrainer(collection(), GraphConfig(**{**SMALL, "batch": 512, **given}))
    material = replace(trainer.material, team=team)
    margin = trainer.config.objective == "margin"
    return trainer.network, MaxMargin(material) if margin else NextItems(material)


LESSONS: dict[str, Callable[[Team], Lesson]] = {
    "fusion, ordered": lambda team: fusion(team),
    "fusion, sets": lambda team: fusion(team, ordered=False),
    "fusion, sets, a user a batch": lambda team: fusion(team, ordered=False, batch=1),
    "fusion, rating": lambda team: fusion(team, objective="rating"),
    "fusion, a rater a batch": lambda team: fusion(team, objective="rating", batch=1),
    "fusion, a window a batch": lambda team: fusion(team, batch=13),
    "graph, all items": lambda team: graph(team),
    "graph, a sample": lambda team: graph(team, whole_below=1, negatives=10),
    "graph, a window a batch": lambda team: graph(team, batch=13, whole_below=1, negatives=1),
    "graph, margin": lambda team: graph(team, objective="margin"),
    "graph, a pair a batch": lambda team: graph(team, objective="margin", batch=1),
}


@dataclass(frozen=True)
class Lowered:
    """Loss and gradients of one batch, summed over the members."""

    loss: float
    gradients: dict[str, Tensor]


def lower(team: Team, name: str, epoch: int = 2) -> Lowered:
    """Take the gradient of an epoch's first batch."""
    module, objective = LESSONS[name](team)
    objective.begin()
    module.train()
    rng = np.random.default_rng(epoch)
    batch = next(iter(objective.batches(rng, epoch)))
    torch.manual_seed(5)
    loss = objective.loss(batch, rng, 0.7)
    loss.backward()  # type: ignore[no-untyped-call]
    gradients = {}
    for weight, parameter in module.named_parameters():
        found = parameter.grad
        gradient = torch.zeros_like(parameter) if found is None else found.to_dense()
        if team.size > 1:
            dist.all_reduce(gradient)
        gradients[weight] = gradient
    return Lowered(team.total(loss), gradients)


def lower_all(team: Team) -> dict[str, Lowered]:
    return {name: lower(team, name) for name in LESSONS}


@dataclass(frozen=True)
class Trained:
    """What a member ended with, and the states that it sent."""

    curve: list[float]
    weights: dict[str, Tensor]
    states: list[bytes]


def train(team: Team, found: bytes | None = None) -> Trained:
    """Train a small fusion model, from a state if one is given."""
    states: list[bytes] = []
    keeper = CarriedState(found, states.append)
    trainer = FusionTrainer(collection(), QUICK, checkpoint=keeper, team=team)
    for _ in trainer.run():
        pass
    return Trained(trainer.curve, trainer.towers.state_dict(), states)
