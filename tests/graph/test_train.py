"""Training: the same again, other seeds, interruptions, catalogues with little in them."""

import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

from nearfield.datasets.tables import Collection, Tables
from nearfield.errors import InvalidInput, NotFound
from nearfield.graph.config import GraphConfig
from nearfield.graph.margin import MaxMargin
from nearfield.graph.model import GraphModel
from nearfield.graph.next_items import NextItems
from nearfield.graph.train import GraphTrainer
from nearfield.types import Vectors
from small_frames import event_frame, item_frame, user_frame

SMALL = GraphConfig(dim=16, width=16, id_dim=16, heads=2, window=12, epochs=3, batch=512)
MARGIN = SMALL.model_copy(update={"objective": "margin", "hard_negatives": 2})
OBJECTIVES = {
    "whole": SMALL,
    "sampled": SMALL.model_copy(update={"whole_below": 0, "negatives": 20}),
    "margin": MARGIN,
    "margin, sampled": MARGIN.model_copy(update={"whole_below": 0}),
}


@pytest.fixture(params=OBJECTIVES)
def config(request: pytest.FixtureRequest) -> GraphConfig:
    return OBJECTIVES[request.param]


def run(trainer: GraphTrainer) -> GraphTrainer:
    for _ in trainer.run():
        pass
    return trainer


def vectors(trainer: GraphTrainer) -> Vectors:
    return GraphModel.from_trainer(trainer, {}).embed_items(trainer.collection)[1]


def test_an_interrupted_training_goes_on_with_equal_results(
    collection: Collection, config: GraphConfig, tmp_path: Path
) -> None:
    straight = run(GraphTrainer(collection, config))
    for epoch_to_stop_in in (1, 2):
        for step in GraphTrainer(collection, config, checkpoint=tmp_path).run():
            if step.epoch == epoch_to_stop_in:
                break
    resumed = GraphTrainer(collection, config, checkpoint=tmp_path)
    steps = list(resumed.run())
    assert steps[0].epoch == 2  # the first two were not run again
    assert resumed.curve == straight.curve
    assert np.array_equal(vectors(resumed), vectors(straight))
    for left, right in zip(
        resumed.network.parameters(), straight.network.parameters(), strict=True
    ):
        assert torch.equal(left, right)


def test_same_seed_same_vectors_other_seed_others(
    collection: Collection, config: GraphConfig
) -> None:
    first = vectors(run(GraphTrainer(collection, config)))
    again = GraphTrainer(collection, config)
    for _ in again.run():
        torch.rand(3)  # whoever is told of a step may draw numbers
    other = GraphTrainer(collection, config.model_copy(update={"seed": 1}))
    assert np.array_equal(first, vectors(again))
    assert not np.allclose(first, vectors(run(other)), atol=1e-2)


def test_torchs_generator_stays_as_it_was(collection: Collection, config: GraphConfig) -> None:
    """Neither the batches, which another thread prepares, nor the training draw from it."""
    before = torch.get_rng_state()
    trainer = GraphTrainer(collection, config)
    objective = (MaxMargin if config.objective == "margin" else NextItems)(trainer.material)
    assert len(list(objective.batches(np.random.default_rng(0), 1))) > 1
    assert torch.equal(torch.get_rng_state(), before)
    for step in trainer.run():
        assert torch.equal(torch.get_rng_state(), before)
        if step.epoch == 1:
            break
    assert torch.equal(torch.get_rng_state(), before)


def test_losses_fall(collection: Collection, config: GraphConfig) -> None:
    curve = run(GraphTrainer(collection, config.model_copy(update={"hard_negatives": 0}))).curve
    assert len(curve) == 3
    assert curve == sorted(curve, reverse=True)


def small(*events: tuple[str, str, str]) -> Collection:
    """Return a catalogue of text ids: four films, of which nobody touches `z`."""
    films = [(name, f"Film {name}", 1990, ["Drama"]) for name in ("a-1", "b-2", "c-3", "z")]
    rows = [
        (user, item, kind, None, 100 + place) for place, (user, item, kind) in enumerate(events)
    ]
    tables = Tables(item_frame(*films), user_frame("ann", "bob", "cy"), event_frame(*rows))
    return Collection.from_tables("films", tables)


def test_nothing_follows_anything(config: GraphConfig) -> None:
    alone = small(("ann", "a-1", "watched"), ("bob", "b-2", "watched"), ("cy", "c-3", "watched"))
    with pytest.raises(
        InvalidInput, match=r"'films' has 3 events, 3 of them .* two different items"
    ):
        GraphTrainer(alone, config)
    disliked = small(("ann", "a-1", "disliked"), ("ann", "b-2", "disliked"))
    with pytest.raises(InvalidInput, match=r"'films' has 2 events, 0 of them in favour"):
        GraphTrainer(disliked, config)
    again = small(("ann", "a-1", "watched"), ("ann", "a-1", "watched"), ("bob", "b-2", "watched"))
    with pytest.raises(InvalidInput, match=r"no user took two different items"):
        GraphTrainer(again, config)
    with pytest.raises(InvalidInput, match=r"'films' has 0 events"):
        GraphTrainer(small(), config)


def test_the_smallest_catalogue_has_sound_vectors(config: GraphConfig) -> None:
    """One user with two items, one with a repeated event, one with a single one, an item bare."""
    tiny = small(
        ("ann", "a-1", "watched"),
        ("ann", "b-2", "watched"),
        ("bob", "b-2", "watched"),
        ("bob", "b-2", "watched"),
        ("cy", "c-3", "watched"),
        ("cy", "a-1", "disliked"),
    )
    found = vectors(run(GraphTrainer(tiny, config)))
    assert found.shape == (4, 16)
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)


def test_titles_genres_and_years_may_all_be_missing(config: GraphConfig) -> None:
    bare = small(("ann", "a-1", "watched"), ("ann", "b-2", "watched"), ("bob", "z", "watched"))
    items = bare.items.with_columns(
        pl.lit(None, pl.Int64).alias("year"), pl.lit(None, pl.List(pl.String)).alias("genres")
    )
    bare = Collection(bare.name, bare.uid, items, bare.users, bare.interactions)
    assert np.isfinite(vectors(run(GraphTrainer(bare, config)))).all()


def test_a_kill_while_saving_leaves_no_model(model: GraphModel, tmp_path: Path) -> None:
    """The card marks a whole model, so it is written last, after graph and weights."""
    model.save(tmp_path)
    written = {path: os.stat(path).st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    assert {path.name for path in written} > {"card.json", "weights.safetensors", "graph.json"}
    card = tmp_path / "card.json"
    assert all(moment <= written[card] for moment in written.values())
    assert not [path for path in written if path.name.endswith(".partial")]
    card.unlink()
    with pytest.raises(NotFound, match=r"card\.json does not exist"):
        GraphModel.load(tmp_path)
    model.save(tmp_path)  # over what the kill left
    keys = model.item_keys
    assert np.array_equal(GraphModel.load(tmp_path).item_keys, keys)
