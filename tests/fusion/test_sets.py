from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from nearfield.datasets.splits import random_split
from nearfield.datasets.tables import Collection
from nearfield.evaluate.fusion_model import FusionScorer
from nearfield.fusion.config import FusionConfig
from nearfield.fusion.model import FusionModel
from nearfield.fusion.predict import item_vectors, read_users
from nearfield.fusion.set_training import hide, set_batches
from nearfield.fusion.sets import SetItemTower, SetTower, closed_rank
from nearfield.fusion.train import FusionTrainer
from nearfield.fusion.users import UserBatch
from nearfield.networks.histories import Histories, History
from nearfield.types import Vectors
from synthetic import make_tables

SETS = FusionConfig(ordered=False, dim=16, id_dim=16, epochs=3, batch=1000)


def run(trainer: FusionTrainer) -> FusionTrainer:
    for _ in trainer.run():
        pass
    return trainer


@pytest.fixture(scope="module")
def sets(collection: Collection) -> FusionTrainer:
    return run(FusionTrainer(collection, SETS))


def parts(trainer: FusionTrainer) -> tuple[Tensor, Tensor]:
    """The regression's item vectors, and the weights of the two parts of a user."""
    users, items = trainer.towers.users, trainer.towers.items
    assert isinstance(users, SetTower)
    assert isinstance(items, SetItemTower)
    return items.closed, users.joined


def batch(rows: list[list[int]], unknown: int, attributes: int) -> UserBatch:
    length = max(len(row) for row in rows)
    items = torch.tensor([row + [-1] * (length - len(row)) for row in rows])
    return UserBatch(
        ids=torch.full((len(rows),), unknown),
        attributes=torch.zeros((len(rows), attributes), dtype=torch.int64),
        history=History(
            items=items,
            ratings=(items % 3 + 1) * (items >= 0),
            weights=(1.0 + items % 2) * (items >= 0),
        ),
    )


@settings(deadline=None)  # other work on the machine is no failure
@given(row=st.lists(st.integers(0, 79), min_size=1, max_size=20, unique=True), chance=st.randoms())
def test_the_order_of_a_history_changes_nothing(
    sets: FusionTrainer, row: list[int], chance: object
) -> None:
    mixed = list(row)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    towers = sets.towers
    users = batch([row, mixed, [*row, 5]], towers.users.unknown, sets.attributes.shape[1])
    found = read_users(towers, users, item_vectors(towers, sets.features))
    assert torch.allclose(found.vectors[0], found.vectors[1], atol=1e-4)
    assert not torch.allclose(found.vectors[0], found.vectors[2], atol=1e-4)
    assert torch.allclose(found.attention.sum(dim=1), torch.ones(3), atol=1e-5)


def test_item_vectors_keep_the_regression_and_are_of_unit_length(sets: FusionTrainer) -> None:
    towers = sets.towers
    vectors = item_vectors(towers, sets.features)
    rank = closed_rank(SETS, len(vectors))
    assert torch.allclose(vectors.norm(dim=1), torch.ones(len(vectors)), atol=1e-5)
    assert torch.equal(vectors[:, :rank], parts(sets)[0][:-1])
    stranger = item_vectors(towers, sets.features, torch.full((len(vectors),), len(vectors)))
    assert not stranger[:, :rank].any()
    assert torch.allclose(stranger.norm(dim=1), torch.ones(len(vectors)), atol=1e-5)


def test_a_history_is_read_whole(sets: FusionTrainer) -> None:
    assert FusionModel.from_trainer(sets, {}).history_length() > sets.config.window


def test_too_many_items_for_the_regression_leave_all_to_the_tower() -> None:
    assert closed_rank(SETS, 25_000) == 8
    assert closed_rank(SETS, 25_001) == 0


def test_without_the_regression_it_still_learns(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nearfield.fusion.sets.MOST_ITEMS", 1)
    trainer = run(FusionTrainer(collection, SETS))
    assert trainer.curve[-1] < trainer.curve[0]
    assert np.isfinite(vectors(trainer)).all()


def vectors(trainer: FusionTrainer) -> Vectors:
    model = FusionModel.from_trainer(trainer, {})
    return model.embed_items(trainer.collection)[1]


def test_an_interrupted_training_goes_on_with_equal_results(
    collection: Collection, sets: FusionTrainer, tmp_path: Path
) -> None:
    for epoch_to_stop_in in (0, 1, 2):
        for step in FusionTrainer(collection, SETS, checkpoint=tmp_path).run():
            if step.epoch == epoch_to_stop_in:
                break
    resumed = run(FusionTrainer(collection, SETS, checkpoint=tmp_path))
    assert np.array_equal(vectors(resumed), vectors(sets))
    assert torch.equal(parts(resumed)[1], parts(sets)[1])


@settings(deadline=None)  # other work on the machine is no failure
@given(counts=st.lists(st.integers(0, 30), min_size=1, max_size=40), events=st.integers(1, 100))
def test_every_user_with_two_events_is_in_one_batch(counts: list[int], events: int) -> None:
    indptr = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    rows = np.zeros(indptr[-1], dtype=np.int64)
    found = set_batches(Histories(rows, rows, indptr), events, np.random.default_rng(0))
    wanted = [user for user, count in enumerate(counts) if count >= 2]
    assert sorted(np.concatenate(found).tolist()) == wanted
    assert all(len(one) for one in found) or not wanted


@settings(deadline=None)  # other work on the machine is no failure
@given(seed=st.integers(0, 1000), lengths=st.lists(st.integers(1, 30), min_size=1, max_size=6))
def test_something_is_hidden_of_everyone_and_nothing_is_both_hidden_and_left(
    seed: int, lengths: list[int]
) -> None:
    whole = batch([list(range(count)) for count in lengths], 0, 0)
    left, targets, weights = hide(whole.history, np.random.default_rng(seed))
    for row, count in enumerate(lengths):
        kept = {int(item) for item in left.items[row] if item >= 0}
        hidden = {int(item) for item in targets[row] if item >= 0}
        assert kept | hidden == set(range(count))
        assert hidden
        assert not kept & hidden
        assert float(weights[row].sum()) == pytest.approx(len(hidden) ** 0.5, rel=1e-5)
        assert not left.weights[row][targets[row] >= 0].any()


def test_it_ranks_hidden_items_better_than_popularity() -> None:
    collection = Collection.from_tables("movies", make_tables(users=150, items=80, events=5000))
    events = collection.interactions
    split = random_split(events, 0.2, 0.1, 0)
    train, held = events.take(split.train), events.take(split.validation)
    trainer = run(FusionTrainer(collection, SETS, train))
    scores = FusionScorer(trainer).scores(held.user)
    popular = np.tile(np.bincount(train.item, minlength=events.items), (len(held), 1))
    seen = train.matrix()[held.user].toarray() > 0

    def hits(table: Vectors) -> float:
        own = table[np.arange(len(held)), held.item][:, None]
        return float((((table > own) & ~seen).sum(axis=1) < 10).mean())

    assert hits(scores) > hits(popular.astype(np.float32)) + 0.05


def test_defaults_of_the_mode_give_way_to_what_is_asked_for() -> None:
    assert FusionConfig(ordered=False).epochs != FusionConfig().epochs
    assert FusionConfig(ordered=False, epochs=3).epochs == 3
    saved = FusionConfig(ordered=False, epochs=3, batch=7).model_dump(mode="json")
    assert FusionConfig.model_validate(saved).batch == 7
