from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearfield.datasets.splits import leave_last_out
from nearfield.datasets.tables import Collection
from nearfield.evaluate.fusion_model import FusionScorer
from nearfield.fusion.config import FusionConfig
from nearfield.fusion.model import FusionModel
from nearfield.fusion.train import FusionTrainer
from nearfield.types import Vectors
from synthetic import make_tables

SMALL = FusionConfig(dim=16, width=16, id_dim=16, heads=2, window=12, epochs=3, batch=512)


def vectors(trainer: FusionTrainer) -> Vectors:
    model = FusionModel.from_trainer(trainer, {})
    return model.embed_items(trainer.collection)[1]


def run(trainer: FusionTrainer) -> FusionTrainer:
    for _ in trainer.run():
        pass
    return trainer


def test_same_seed_same_vectors_other_seed_others(collection: Collection) -> None:
    first = vectors(run(FusionTrainer(collection, SMALL)))
    again = vectors(run(FusionTrainer(collection, SMALL)))
    other = vectors(run(FusionTrainer(collection, SMALL.model_copy(update={"seed": 1}))))
    assert np.array_equal(first, again)
    assert not np.allclose(first, other, atol=1e-2)


def test_an_interrupted_training_goes_on_with_equal_results(
    collection: Collection, tmp_path: Path
) -> None:
    straight = vectors(run(FusionTrainer(collection, SMALL)))
    for epoch_to_stop_in in (1, 2):
        for step in FusionTrainer(collection, SMALL, checkpoint=tmp_path).run():
            if step.epoch == epoch_to_stop_in:
                break
    resumed = FusionTrainer(collection, SMALL, checkpoint=tmp_path)
    steps = list(resumed.run())
    assert steps[0].epoch == 2  # the first two were not run again
    assert np.array_equal(vectors(resumed), straight)


def test_it_ranks_the_next_item_better_than_popularity() -> None:
    collection = Collection.from_tables("movies", make_tables(users=150, items=80, events=5000))
    events = collection.interactions
    split = leave_last_out(events)
    config = SMALL.model_copy(update={"epochs": 20, "dim": 32, "width": 32, "learning_rate": 1e-2})
    trainer = run(FusionTrainer(collection, config, events.take(split.train)))

    held = events.take(split.validation)
    scores = FusionScorer(trainer).scores(held.user)
    popular = np.bincount(events.take(split.train).item, minlength=events.items)
    seen = events.take(split.train).matrix()[held.user].toarray() > 0

    def rank(table: NDArray[Any]) -> NDArray[np.int64]:
        own = table[np.arange(len(held)), held.item][:, None]
        return np.asarray(((table > own) & ~seen).sum(axis=1))

    ours = rank(scores)
    baseline = rank(np.tile(popular, (len(held), 1)))
    assert (ours < 10).mean() > (baseline < 10).mean() + 0.2
