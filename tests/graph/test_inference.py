"""Layer by layer, each item once: the same vectors as the naive recursion."""

import numpy as np
import pytest
import torch
from torch import Tensor

from nearfield.graph.blocks import Block
from nearfield.graph.config import GraphConfig
from nearfield.graph.inference import all_levels
from nearfield.graph.model import trained_levels
from nearfield.graph.pinsage import PinSage
from nearfield.graph.train import GraphTrainer
from nearfield.graph.walks import Walks


def shaken(layers: int) -> PinSage:
    """Return convolutions in which nothing is zero any more."""
    with torch.random.fork_rng():
        torch.manual_seed(layers)
        network = PinSage(GraphConfig(dim=8, layers=layers))
        torch.nn.init.normal_(network.out.weight, std=0.3)
    return network.eval()


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("chunk", [1, 7, 80, 10_000])
@torch.inference_mode()
def test_equal_to_the_recursion_from_each_item(
    trainer: GraphTrainer, layers: int, chunk: int
) -> None:
    walks = Walks(trainer.graph, trainer.config.walk)
    found, network = walks.all(seed=4), shaken(layers)
    own = torch.randn(len(found.rows), 8, generator=torch.Generator().manual_seed(0))
    asked: list[slice] = []

    def brought(part: slice) -> Tensor:
        asked.append(part)
        return own[part]

    levels = all_levels(network, brought, found, chunk=chunk)
    assert len(levels.inputs) == layers
    assert torch.equal(levels.inputs[0], own)
    assert len(asked) == -(-len(own) // chunk)  # every item once
    for item in range(len(own)):
        block = Block.around(found, np.array([item], np.int32), layers)
        alone = network(own[torch.from_numpy(block.rows).long()], block)
        assert torch.allclose(alone[0], levels.vectors[item], atol=1e-5)


@torch.inference_mode()
def test_a_trained_networks_vectors_are_those_that_training_reads(trainer: GraphTrainer) -> None:
    """Inference leaves out nothing that the training step does, dropout aside."""
    material, config = trainer.material, trainer.config
    found = material.neighbours(config.epochs)
    block = Block.whole(found, config.layers)
    expected = trainer.network.item_vectors(material.features, block)
    assert torch.allclose(trained_levels(trainer).vectors, expected, atol=1e-5)
