"""What every recommender's model promises, whoever trained it: one suite for all of them."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nearfield.datasets.tables import Collection
from nearfield.errors import InvalidInput, NotFound
from nearfield.fusion.config import FusionConfig
from nearfield.fusion.model import FusionModel
from nearfield.fusion.train import FusionTrainer
from nearfield.graph.config import GraphConfig
from nearfield.graph.model import GraphModel
from nearfield.graph.train import GraphTrainer
from nearfield.serving.model import ServedModel
from nearfield.types import Ids, UserQuery
from synthetic import make_tables

Model: TypeAlias = FusionModel | GraphModel
"""The union of all models; a new one joins here and in `TRAINERS`."""


def train_fusion(collection: Collection) -> FusionModel:
    config = FusionConfig(dim=16, width=16, id_dim=16, heads=2, window=12, epochs=3, batch=512)
    trainer = FusionTrainer(collection, config)
    for _ in trainer.run():
        pass
    return FusionModel.from_trainer(trainer, {"catalogue": "movies"})


def train_fusion_rating(collection: Collection) -> FusionModel:
    config = FusionConfig(objective="rating", dim=16, id_dim=16, epochs=3)
    trainer = FusionTrainer(collection, config)
    for _ in trainer.run():
        pass
    return FusionModel.from_trainer(trainer, {"catalogue": "movies"})


def train_fusion_unordered(collection: Collection) -> FusionModel:
    config = FusionConfig(ordered=False, dim=16, id_dim=16, epochs=3, batch=1000)
    trainer = FusionTrainer(collection, config)
    for _ in trainer.run():
        pass
    return FusionModel.from_trainer(trainer, {"catalogue": "movies"})


def train_graph(collection: Collection) -> GraphModel:
    config = GraphConfig(dim=16, width=16, id_dim=16, heads=2, window=12, epochs=3, batch=512)
    return graph_of(collection, config)


def train_graph_margin(collection: Collection) -> GraphModel:
    config = GraphConfig(objective="margin", dim=16, width=16, id_dim=16, epochs=3, batch=512)
    return graph_of(collection, config)


def train_graph_sampled(collection: Collection) -> GraphModel:
    config = GraphConfig(
        dim=16, width=16, id_dim=16, window=12, epochs=3, batch=512, whole_below=0, negatives=20
    )
    return graph_of(collection, config)


def graph_of(collection: Collection, config: GraphConfig) -> GraphModel:
    trainer = GraphTrainer(collection, config)
    for _ in trainer.run():
        pass
    return GraphModel.from_trainer(trainer, {"catalogue": "movies"})


TRAINERS: dict[str, Callable[[Collection], Model]] = {
    "fusion": train_fusion,
    "fusion rating": train_fusion_rating,
    "fusion unordered": train_fusion_unordered,
    "graph": train_graph,
    "graph margin": train_graph_margin,
    "graph sampled": train_graph_sampled,
}


@pytest.fixture(scope="module")
def collection() -> Collection:
    return Collection.from_tables("movies", make_tables())


@pytest.fixture(scope="module", params=TRAINERS)
def trainer(request: pytest.FixtureRequest) -> Callable[[Collection], Model]:
    return TRAINERS[request.param]


@pytest.fixture(scope="module")
def model(trainer: Callable[[Collection], Model], collection: Collection) -> Model:
    return trainer(collection)


def query(items: Ids, **given: object) -> UserQuery:
    weights = given.pop("weights", np.ones(len(items), dtype=np.float32))
    values = np.full(len(items), np.nan, dtype=np.float32)
    return UserQuery(items=items, values=values, weights=weights, **given)  # type: ignore[arg-type]


EVERYONE = [
    UserQuery(user=1, attributes={"gender": "F", "age": "25"}),
    query(np.array([3, 9, 4])),
    UserQuery(attributes={"age": "25", "gender": "F", "occupation": "programmer"}),
    query(np.array([7]), user=5),
]


@pytest.fixture(scope="module")
def served(model: Model, tmp_path_factory: pytest.TempPathFactory) -> ServedModel:
    folder = tmp_path_factory.mktemp("served")
    model.save(folder)
    return ServedModel(folder)


def test_training_again_gives_equal_vectors(
    trainer: Callable[[Collection], Model], model: Model, collection: Collection
) -> None:
    again = trainer(collection).embed_items(collection)[1]
    assert np.array_equal(again, model.embed_items(collection)[1])


def known_to(model: Model) -> list[UserQuery]:
    """Return who can be answered: the graph knows nobody but by what they took."""
    return [one for one in EVERYONE if model.recommender == "fusion" or len(one.items)]


def test_everyone_gets_a_unit_vector_from_the_same_weights(model: Model) -> None:
    everyone = known_to(model)
    vectors = model.embed_users(everyone)
    assert vectors.shape == (len(everyone), 16)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert np.linalg.matrix_rank(vectors) == len(everyone)


def test_a_query_is_answered_alone_as_among_others(model: Model) -> None:
    everyone = known_to(model)
    together = model.embed_users(everyone)
    for row, one in enumerate(everyone):
        assert np.allclose(model.embed_users([one])[0], together[row], atol=1e-5)


def test_nothing_known_gives_zeros(model: Model) -> None:
    unknown = [
        UserQuery(),
        UserQuery(user=10_000, attributes={"gender": "x"}),
        query(np.array([9999])),
    ]
    assert not model.embed_users(unknown).any()


def test_what_is_disliked_and_its_like_score_lower(model: Model, collection: Collection) -> None:
    ids, vectors = model.embed_items(collection)
    before = model.embed_users([query(np.array([3, 9]))])[0]
    weights = np.array([1, 1, -1], dtype=np.float32)
    after = model.embed_users([query(np.array([3, 9, 20]), weights=weights)])[0]
    disliked = vectors[ids == 20][0]
    nearest = np.argsort(-(vectors @ disliked))[:5]
    assert (vectors[nearest] @ after < vectors[nearest] @ before).all()


def test_saved_and_loaded_gives_equal_answers(model: Model, tmp_path: Path) -> None:
    model.save(tmp_path / "v1")
    loaded = type(model).load(tmp_path / "v1")
    assert np.array_equal(loaded.embed_users(EVERYONE), model.embed_users(EVERYONE))
    assert loaded.config == model.config
    assert loaded.recommender == model.recommender
    assert loaded.card["catalogue"] == "movies"
    assert not [path for path in (tmp_path / "v1").iterdir() if "pkl" in path.name]


def test_a_broken_or_missing_folder_says_so(model: Model, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"card\.json does not exist; is .* the folder of a model"):
        type(model).load(tmp_path)
    model.save(tmp_path)
    weights = tmp_path / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(InvalidInput, match=r"not a whole safetensors file"):
        type(model).load(tmp_path)


def test_items_that_came_later_are_embedded_by_what_they_are(
    model: Model, collection: Collection
) -> None:
    new = collection.items.head(3).with_columns(key=pl.lit(9000) + pl.int_range(3))
    ids, vectors = model.embed_items(replace(collection, items=pl.concat([collection.items, new])))
    assert ids[-3:].tolist() == [9000, 9001, 9002]
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert not np.allclose(vectors[-3:], vectors[:3], atol=1e-2)


def test_a_model_tells_what_it_saw_in_training(model: Model, collection: Collection) -> None:
    taken = np.unique(collection.item_keys[collection.interactions.item])
    assert model.learned(taken).all()
    assert not model.learned(np.array([9000, 9001])).any()
    assert model.learned(taken[:0]).shape == (0,)


def test_shares_are_parts_of_one_and_only_of_what_was_read(model: Model) -> None:
    weights = np.array([1, -1, 1, 1], dtype=np.float32)
    asked = query(np.array([3, 9, 4, 9999]), weights=weights, attributes={"gender": "F"})
    shares = model.explain(asked, np.arange(11, 21))
    assert shares.events.shape == (10, 4)
    assert (shares.events >= 0).all()
    assert (shares.attributes >= 0).all()
    assert not shares.events[:, [1, 3]].any()  # disliked; not in the model
    assert np.allclose(shares.events.sum(axis=1) + shares.attributes, 1, atol=1e-4)


@st.composite
def anybody(draw: st.DrawFn) -> UserQuery:
    """Return one who asks: known or not, with attributes or none, with any history or none.

    Some users, values and items were never seen; some histories are longer than the window.
    """
    stars = st.sampled_from([np.nan, 1, 2.5, 5])
    weights = st.sampled_from([1, 1, 0.5, 2, -0.5, -1])
    events = draw(st.lists(st.tuples(st.integers(1, 90), stars, weights), max_size=30))
    items, values, counts = zip(*events, strict=True) if events else ((), (), ())
    known = {"gender": ["F", "M", "x"], "age": ["18", "25", "200"], "occupation": ["programmer"]}
    told = {name: st.sampled_from(values) for name, values in known.items()}
    return UserQuery(
        user=draw(st.none() | st.integers(1, 100)),
        attributes=draw(st.fixed_dictionaries({}, optional=told)),
        items=np.array(items, dtype=np.int64),
        values=np.array(values, dtype=np.float32),
        weights=np.array(counts, dtype=np.float32),
    )


@given(asked=anybody())
def test_it_is_served_without_torch_as_it_was_trained(
    model: Model, served: ServedModel, asked: UserQuery
) -> None:
    assert np.allclose(served.embed_users([asked]), model.embed_users([asked]), atol=1e-5)
    items = np.append(np.arange(1, 21), 9999)
    found, wanted = served.explain(asked, items), model.explain(asked, items)
    assert np.allclose(found.events, wanted.events, atol=1e-5)
    assert np.allclose(found.attributes, wanted.attributes, atol=1e-5)


def test_what_serves_it_is_called_and_reads_as_the_model_does(
    model: Model, served: ServedModel
) -> None:
    assert served.recommender == model.recommender
    assert served.history_length() == model.history_length()
    assert served.card["catalogue"] == "movies"


def test_whole_histories_of_a_busy_user_are_served_alike(model: Model, served: ServedModel) -> None:
    """A history of thousands sums up in other orders."""
    rng = np.random.default_rng(0)
    busy = query(rng.integers(1, 81, 3000), weights=rng.uniform(0.5, 2, 3000).astype(np.float32))
    assert np.allclose(served.embed_users([busy]), model.embed_users([busy]), atol=1e-5)
