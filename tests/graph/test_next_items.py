"""Retrieval: among all items, and among a sample of them."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nearfield.datasets.tables import Collection
from nearfield.graph.batches import Windows
from nearfield.graph.config import GraphConfig
from nearfield.graph.next_items import NextItems, rarity
from nearfield.graph.train import GraphTrainer

SMALL = GraphConfig(dim=16, width=16, id_dim=16, heads=2, window=12, batch=300, dropout=0)


def prepared(collection: Collection, **given: int) -> tuple[NextItems, GraphTrainer]:
    """Return the objective of a network in evaluation mode, whose convolutions say something."""
    trainer = GraphTrainer(collection, SMALL.model_copy(update=given))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        torch.nn.init.normal_(trainer.network.pinsage.out.weight, std=0.3)
    trainer.network.eval()
    return NextItems(trainer.material), trainer


def batches(objective: NextItems, seed: int = 0) -> list[Windows]:
    return list(objective.batches(np.random.default_rng(seed), 1))


def test_a_sample_of_all_items_is_the_whole(collection: Collection) -> None:
    """With every item in every batch nothing is corrected, and the losses are equal."""
    whole, _ = prepared(collection)
    sampled, _ = prepared(collection, whole_below=0, negatives=100_000)
    pairs = list(zip(batches(whole), batches(sampled), strict=True))
    assert len(pairs) > 3
    for left, right in pairs:
        assert right.rarity is not None
        assert left.rarity is None
        assert len(right.block.poolings[-1].matrix.toarray()) == 80
        rng = np.random.default_rng(0)
        assert torch.isclose(whole.loss(left, rng, 0), sampled.loss(right, rng, 0), atol=1e-4)


def test_a_sample_ranks_its_own_items_and_random_ones(collection: Collection) -> None:
    objective, trainer = prepared(collection, whole_below=0, negatives=4, batch=40)
    material = trainer.material
    for batch in batches(objective):
        asked = len(batch.block.poolings[-1].matrix.toarray())
        rows = batch.block.rows[:asked]
        assert batch.rarity is not None
        assert batch.rarity.shape == (asked,)
        assert (np.diff(rows) > 0).all()
        assert (batch.rarity > 0).all()
        items = batch.history.items
        assert set(items[items >= 0].tolist()) <= set(range(asked))
        known = items.numpy()[items.numpy() >= 0]
        assert set(rows[known].tolist()) <= set(material.histories.items.tolist())
        targets = batch.targets[batch.targets >= 0]
        assert int(targets.min()) >= 0
        assert int(targets.max()) < asked
        drawn = set(range(asked)) - set(items.ravel().tolist()) - set(targets.tolist())
        assert len(drawn) <= 4


def test_the_correction_is_the_chance_to_be_in_a_batch(collection: Collection) -> None:
    objective, _ = prepared(collection, whole_below=0, negatives=6, batch=60)
    present, said, count = np.zeros(80), np.zeros(80), 0
    for seed in range(12):
        for batch in batches(objective, seed):
            rows = batch.block.rows[: len(batch.block.poolings[-1].matrix.toarray())]
            assert batch.rarity is not None
            present[rows] += 1
            said[rows] += np.exp(-batch.rarity.numpy())
            count += 1
    said /= np.maximum(present, 1)
    often = present > 30
    assert often.sum() > 60
    share = present[often] / count
    assert np.corrcoef(share, said[often])[0, 1] > 0.8
    # users keep to a genre, so a batch has some items together: not quite independent draws
    assert abs(np.log(said[often] / share)).mean() < 0.25


@given(draws=st.floats(1e-6, 50))
def test_rarity_is_that_of_a_poisson_count_above_zero(draws: float) -> None:
    found = rarity(np.array([draws]))[0]
    assert found == pytest.approx(-np.log(1 - np.exp(-draws)), rel=1e-3, abs=1e-6)
    assert found >= 0


def test_what_a_window_begins_with_is_not_asked_for(collection: Collection) -> None:
    objective, _ = prepared(collection)
    for batch in batches(objective):
        assert (batch.targets[:, 0] == -1).all()
        following = batch.targets[:, 1:]
        assert torch.equal(
            following[batch.history.items >= 0] >= 0,
            torch.ones(int((batch.history.items >= 0).sum()), dtype=torch.bool),
        )


def test_loss_is_finite_and_has_gradients_for_everything(collection: Collection) -> None:
    for sampled in (False, True):
        changes = {"whole_below": 0, "negatives": 20} if sampled else {}
        objective, trainer = prepared(collection, **changes)
        trainer.network.train()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            loss = objective.loss(batches(objective)[0], np.random.default_rng(0), 0)
        loss.backward()  # type: ignore[no-untyped-call]
        for name, weight in trainer.network.named_parameters():
            assert weight.grad is not None, name
            assert weight.grad.isfinite().all() if not weight.grad.is_sparse else True
        assert trainer.network.items.id.weight.grad is not None
        assert trainer.network.items.id.weight.grad.is_sparse == sampled
