import dataclasses
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

from nearfield.datasets.tables import Collection, Interactions
from nearfield.errors import InvalidInput
from nearfield.evaluate.biases import Biases
from nearfield.evaluate.fusion_model import FusionRatingCandidate
from nearfield.evaluate.protocol import evaluate_rating
from nearfield.fusion.config import FusionConfig
from nearfield.fusion.model import FusionModel
from nearfield.fusion.rating import Ratings, off_plane
from nearfield.fusion.train import FusionTrainer
from nearfield.types import UserQuery, Vectors
from synthetic import make_tables

SMALL = FusionConfig(objective="rating", dim=16, id_dim=16, epochs=3)


def run(trainer: FusionTrainer) -> FusionTrainer:
    for _ in trainer.run():
        pass
    return trainer


def model_of(trainer: FusionTrainer) -> FusionModel:
    return FusionModel.from_trainer(trainer, {})


def item_vectors(trainer: FusionTrainer) -> Vectors:
    return model_of(trainer).embed_items(trainer.collection)[1]


def with_values(collection: Collection, change: float) -> Collection:
    """Return the collection with other ratings: `change` is added to each; NaN removes them."""
    events = collection.interactions
    changed = dataclasses.replace(events, value=events.value + np.float32(change))
    return dataclasses.replace(collection, interactions=changed)


@pytest.fixture(scope="module")
def world() -> Collection:
    return Collection.from_tables("movies", make_tables(users=200, items=80, events=6000))


@pytest.fixture(scope="module")
def good(world: Collection) -> FusionModel:
    """Trained well enough to be asked."""
    config = FusionConfig(objective="rating", dim=32, id_dim=32, epochs=30)
    return model_of(run(FusionTrainer(world, config)))


def test_defaults_of_the_objective_are_those_of_a_saved_config() -> None:
    config = FusionConfig(objective="rating")
    assert config.batch != FusionConfig().batch
    assert FusionConfig(objective="rating", batch=7).batch == 7
    assert FusionConfig.model_validate(config.model_dump(mode="json")) == config


def test_it_predicts_ratings_better_than_biases(world: Collection) -> None:
    config = FusionConfig(objective="rating", dim=32, id_dim=32, epochs=30)
    biases, fusion = evaluate_rating(world, [Biases(), FusionRatingCandidate(config)])
    assert fusion.model == "fusion rating"
    assert fusion.metrics["rmse"] < biases.metrics["rmse"] - 0.05
    assert len(fusion.curve) == 30


def test_an_interrupted_training_goes_on_with_equal_results(
    collection: Collection, tmp_path: Path
) -> None:
    straight = item_vectors(run(FusionTrainer(collection, SMALL)))
    for epoch_to_stop_in in (1, 2):
        for step in FusionTrainer(collection, SMALL, checkpoint=tmp_path).run():
            if step.epoch == epoch_to_stop_in:
                break
    resumed = FusionTrainer(collection, SMALL, checkpoint=tmp_path)
    steps = list(resumed.run())
    assert steps[0].epoch == 2  # the first two were not run again
    assert np.array_equal(item_vectors(resumed), straight)


def test_same_seed_same_vectors_other_seed_others(collection: Collection) -> None:
    first = item_vectors(run(FusionTrainer(collection, SMALL)))
    other = SMALL.model_copy(update={"seed": 1})
    assert not np.allclose(first, item_vectors(run(FusionTrainer(collection, other))), atol=1e-2)


def test_someone_anonymous_is_told_by_how_they_rated(world: Collection, good: FusionModel) -> None:
    """Whoever loved action and hated drama is predicted more stars for action than for drama."""
    genre = np.array([genres[0] for genres in world.items["genres"].to_list()])
    keys, vectors = good.embed_items(world)
    action, drama = keys[genre == "Action"], keys[genre == "Drama"]
    items = np.concatenate([action[:4], drama[:4]])

    def stars(of_action: float, of_drama: float) -> tuple[float, float]:
        values = np.repeat(np.array([of_action, of_drama], dtype=np.float32), 4)
        asked = UserQuery(items=items, values=values, weights=np.ones(8, dtype=np.float32))
        found = 5 * (vectors @ good.embed_users([asked])[0])
        rest = np.isin(keys, items, invert=True)
        return (
            float(found[(genre == "Action") & rest].mean()),
            float(found[(genre == "Drama") & rest].mean()),
        )

    fan, other = stars(5, 1), stars(1, 5)
    assert fan[0] > other[0] + 0.3
    assert fan[1] < other[1] - 0.3


def test_order_says_nothing(good: FusionModel) -> None:
    values, weights = np.array([5, 1, 3], dtype=np.float32), np.ones(3, dtype=np.float32)
    items = np.array([3, 9, 4])
    there = UserQuery(items=items, values=values, weights=weights)
    back = UserQuery(items=items[::-1], values=values[::-1], weights=weights)
    vectors = good.embed_users([there, back])
    assert np.allclose(vectors[0], vectors[1], atol=1e-5)


def test_a_new_item_is_expected_to_be_about_average(world: Collection, good: FusionModel) -> None:
    new = world.items.head(6).with_columns(key=pl.lit(9000) + pl.int_range(6))
    user = good.embed_users([UserQuery(user=int(world.user_keys[0]))])[0]
    stars = 5 * good.embed_items(replace(world, items=new))[1] @ user
    assert ((stars > 1) & (stars < 5)).all()


def test_a_catalogue_without_ratings_is_refused(collection: Collection) -> None:
    with pytest.raises(InvalidInput, match=r"2,000 events but no ratings.*objective 'retrieval'"):
        FusionTrainer(with_values(collection, np.nan), SMALL)


def test_ratings_of_zero_are_refused(collection: Collection) -> None:
    with pytest.raises(InvalidInput, match=r"go from 0 to 4.*above 0\. Add 1 to all.*'retrieval'"):
        FusionTrainer(with_values(collection, -1), SMALL)


def test_of_what_was_rated_twice_the_newest_counts() -> None:
    events = Interactions(
        user=np.array([0, 0, 0, 1], dtype=np.int32),
        item=np.array([2, 1, 2, 2], dtype=np.int32),
        kind=np.zeros(4, dtype=np.int8),
        value=np.array([1, 2, 5, 4], dtype=np.float32),
        time=np.arange(4),
        users=3,
        items=3,
    )
    ratings = Ratings.of(events)
    assert ratings.items.tolist() == [1, 2, 2]
    assert ratings.stars.tolist() == [2, 5, 4]
    assert ratings.indptr.tolist() == [0, 2, 3, 3]
    assert np.isclose(ratings.item_means(3)[0], ratings.stars.mean())


def test_what_lies_in_the_plane_costs_nothing() -> None:
    plane = torch.tensor([[1.0, 0, 0], [1.0, 2.0, 0]])
    moved = torch.tensor([[3.0, -4.0, 0], [0, 0, 2.0], [1.0, 1.0, -3.0]])
    assert torch.allclose(off_plane(moved, plane), torch.tensor([0, 4.0, 9.0]), atol=1e-5)
