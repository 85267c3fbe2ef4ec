"""What changes a home: import, train, publish, roll back."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from nearfield.datasets.columns import Reading
from nearfield.errors import InUse, InvalidInput, NotFound
from nearfield.home import Nearfield
from nearfield.pipelines.kinds import kind_of
from nearfield.pipelines.models import StoredModel
from nearfield.pipelines.progress import Progress
from nearfield.recommend.blend import DEFAULT_WEIGHTS
from small_home import SETTINGS, TINY, TINY_GRAPH
from synthetic import make_movielens, make_tables


def vectors_of(model: StoredModel, nearfield: Nearfield) -> np.ndarray[Any, Any]:
    collection = nearfield.stores.catalogue(model.catalogue).collection()
    return kind_of(model.recommender).load(model.folder).embed_items(collection)[1]


@pytest.mark.parametrize("form", ["pandas", "polars", "arrow"])
def test_tables_of_any_library_go_in(tmp_path: Path, form: str) -> None:
    plays = {"uid": ["ann", "bob"], "iid": [7, 8], "stars": [4.0, 5.0], "ts": [10, 20]}
    events: Any = make_tables().events.clear()
    if form == "pandas":
        events = pd.DataFrame(plays)
    elif form == "arrow":
        events = pa.table(plays)
    else:
        import polars as pl

        events = pl.DataFrame(plays)
    columns = {"user": "uid", "item": "iid", "value": "stars", "time": "ts"}
    with Nearfield(tmp_path) as nearfield:
        done = nearfield.import_tables("shop", events=events, columns=columns)
        assert (done.counts.items, done.counts.users, done.counts.events) == (2, 2, 2)
        again = nearfield.import_tables("shop", events=events, columns=columns)
        assert again.unchanged


def test_a_table_with_wrong_rows_counts_them(tmp_path: Path) -> None:
    events = pd.DataFrame({"user": [1, 2], "item": [1, 1], "value": [3.0, 9.0]})
    with Nearfield(tmp_path) as nearfield:
        done = nearfield.import_tables("shop", events=events, reading=Reading(scale=(1, 5)))
    assert done.summary()["refused"] == 1
    assert done.summary()["events"] == 1


def test_the_card_says_what_was_learned_from(filled: Path) -> None:
    with Nearfield(filled) as nearfield:
        (model,) = nearfield.models()
        (catalogue,) = nearfield.catalogues()
        (space,) = nearfield.spaces()
    card = model.card
    assert (card["items"], card["users"], card["events"]) == (80, 60, 2000)
    assert (card["catalogue"], card["catalogue_uid"]) == ("movies", catalogue.uid)
    assert card["version"] == model.version == space.version == model.folder.name
    assert len(card["curve"]) == TINY["epochs"]
    assert {"created", "seconds", "nearfield", "torch", "config"} <= set(card)
    json.dumps(model.summary(), allow_nan=False)


def test_twins_yield_progress_and_return_the_same(home: Path) -> None:
    with Nearfield(home) as nearfield:
        told = []
        steps = nearfield.iter_publish()
        while True:
            try:
                told.append(next(steps))
            except StopIteration as end:
                space = end.value
                break
        assert all(isinstance(one, Progress) for one in told)
        assert space == nearfield.spaces()[0]


def test_publishing_moves_the_answers_and_rollback_moves_them_back(home: Path) -> None:
    with Nearfield(home) as nearfield:
        first = nearfield.recommend(user=1)
        old = nearfield.spaces()[0].version
        new = nearfield.train("fusion", **{**TINY, "seed": 1})
        assert nearfield.recommend(user=1) == first  # not yet published
        nearfield.publish()
        second = nearfield.recommend(user=1)
        assert second != first
        assert nearfield.rollback().version == old
        assert nearfield.recommend(user=1) == first
        assert nearfield.publish(model=new.folder).version == new.version
        assert nearfield.recommend(user=1) == second


def test_each_recommender_has_its_space_and_the_newest_model_is_published(home: Path) -> None:
    with Nearfield(home) as nearfield:
        fusion = nearfield.recommend(user=1)
        with pytest.raises(NotFound, match=r"no published graph space.*publish.*--space graph"):
            nearfield.recommend(user=1, space="graph")
        first = nearfield.train("graph", **TINY_GRAPH)
        assert nearfield.publish().version == first.version
        graph = nearfield.recommend(user=1, space="graph")
        assert {one.space for one in graph} == {"graph"}
        assert nearfield.recommend(user=1) == fusion
        assert {one.space for one in nearfield.similar_items(1, space="graph")} == {"graph"}
        second = nearfield.train("graph", **TINY_GRAPH, seed=1)
        assert nearfield.publish(space="graph").version == second.version
        assert nearfield.recommend(user=1, space="graph") != graph
        assert nearfield.rollback(space="graph").version == first.version
        assert nearfield.recommend(user=1, space="graph") == graph
        assert {one.recommender for one in nearfield.models()} == {"fusion", "graph"}


def test_a_space_without_its_model_says_so(home: Path) -> None:
    shutil.rmtree(home / "models")
    with (
        Nearfield(home) as nearfield,
        pytest.raises(NotFound, match=r"is not in .*but its fusion space answers.*nearfield train"),
    ):
        nearfield.recommend(user=1)


def test_rollback_refuses_a_version_without_its_model(home: Path) -> None:
    with Nearfield(home) as nearfield:
        old = nearfield.models()[0]
        nearfield.train("fusion", **{**TINY, "seed": 1})
        new = nearfield.publish()
        shutil.rmtree(old.folder)
        with pytest.raises(NotFound, match=old.version):
            nearfield.rollback()
        assert nearfield.stores.spaces.active("movies", "fusion") == new


def test_a_model_of_another_catalogue_is_refused(filled: Path, tmp_path: Path) -> None:
    with Nearfield(filled) as nearfield:
        (model,) = nearfield.models()
    with Nearfield(tmp_path / "other") as other:
        other.import_folder("movies", make_movielens(tmp_path / "data"))
        with pytest.raises(NotFound, match="nearfield train fusion --catalogue movies"):
            other.publish()
        with pytest.raises(InvalidInput, match="trained on another catalogue"):
            other.publish(model=model.folder)
        with pytest.raises(NotFound, match=r"card\.json"):
            other.publish(model=tmp_path)


def test_a_model_from_elsewhere_is_taken_into_the_home(home: Path, tmp_path: Path) -> None:
    with Nearfield(home) as nearfield:
        (model,) = nearfield.models()
        away = Path(shutil.move(model.folder, tmp_path / "away"))
        assert nearfield.models() == []
        nearfield.publish(model=away)
        assert [one.version for one in nearfield.models()] == [model.version]
        assert nearfield.recommend(user=1)


def test_an_item_that_came_later_gets_a_vector_when_published_again(home: Path) -> None:
    late = pd.DataFrame({"item": ["900"], "title": ["Late"], "genres": ["Drama"], "year": [1999]})
    with Nearfield(home) as nearfield:
        nearfield.import_tables("movies", items=late)
        with pytest.raises(NotFound, match="imported later"):
            nearfield.similar_items(900)
        nearfield.publish()
        assert len(nearfield.similar_items(900)) == 10


@pytest.mark.parametrize("recommender", SETTINGS)
def test_an_interrupted_training_goes_on_with_equal_results(home: Path, recommender: str) -> None:
    options = {**SETTINGS[recommender], "epochs": 4, "seed": 3}
    with Nearfield(home) as nearfield:
        whole = nearfield.train(recommender, **options)
        steps = nearfield.iter_train(recommender, **options)
        for step in steps:
            if "epoch 3" in step.note:
                break
        steps.close()
        (partial,) = (home / "models/movies" / recommender).glob("*.partial")
        version = json.loads((partial / "training.json").read_text())["version"]
        notes = []
        resumed = None
        steps = nearfield.iter_train(recommender, **options)
        while resumed is None:
            try:
                notes.append(next(steps).note)
            except StopIteration as end:
                resumed = end.value
        assert not any("epoch 1" in note or "epoch 2" in note for note in notes)
        assert resumed.version == version != whole.version
        assert not partial.exists()
        np.testing.assert_array_equal(vectors_of(resumed, nearfield), vectors_of(whole, nearfield))
        assert resumed.card["curve"] == whole.card["curve"]


@pytest.mark.parametrize("change", ["config", "catalogue"])
def test_an_interrupted_training_of_something_else_is_begun_anew(home: Path, change: str) -> None:
    options = {**TINY, "epochs": 3}
    with Nearfield(home) as nearfield:
        steps = nearfield.iter_train("fusion", **options)
        for step in steps:
            if "epoch 2" in step.note:
                break
        steps.close()
        if change == "config":
            options["seed"] = 9
        else:
            nearfield.import_tables("movies", items=pd.DataFrame({"item": [901], "title": ["X"]}))
        notes = [step.note for step in nearfield.iter_train("fusion", **options)]
        assert any("epoch 1" in note for note in notes)


def test_one_training_runs_at_a_time(home: Path) -> None:
    with Nearfield(home) as nearfield:
        steps = nearfield.iter_train("fusion", **TINY)
        while next(steps).what != "Training fusion":
            pass
        with pytest.raises(InUse, match="open in this process already"):
            nearfield.train("fusion", **TINY)
        steps.close()
        nearfield.train("fusion", **TINY)


def test_wrong_options_are_named(home: Path) -> None:
    with Nearfield(home) as nearfield:
        with pytest.raises(
            InvalidInput, match=r"no recommender 'magic': wanted one of fusion, graph"
        ):
            nearfield.train("magic")
        with pytest.raises(InvalidInput, match=r"dim=2: .*greater than or equal to 8"):
            nearfield.train("fusion", dim=2)
        with pytest.raises(InvalidInput, match=r"epoch=2: .*It knows .*epochs"):
            nearfield.train("fusion", epoch=2)
        with pytest.raises(
            InvalidInput, match=r"graph cannot be trained so: neighbors=3: .*neighb"
        ):
            nearfield.train("graph", neighbors=3)
        with pytest.raises(InvalidInput, match=r"no recommender 'blend': wanted one of"):
            nearfield.publish(space="blend")
        with pytest.raises(InvalidInput, match=r"no recommender 'blend': wanted one of"):
            nearfield.rollback(space="blend")


def test_a_home_that_cannot_be_made_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        Nearfield(tmp_path / "file" / "home") as nearfield,
        pytest.raises(ConnectionError, match=r"cannot be made.*--home DIR"),
    ):
        nearfield.catalogues()


def test_evaluate_measures_fusion_beside_the_baselines(filled: Path) -> None:
    with Nearfield(filled) as nearfield:
        rows = nearfield.evaluate(models=["Popularity", "fusion"], **TINY)
        assert [row.model for row in rows] == ["popularity", "fusion"]
        assert all({"hr@10", "ndcg@10", "recall@20", "mrr"} <= set(row.metrics) for row in rows)
        with pytest.raises(InvalidInput, match=r"no model 'magic'.*popularity.*fusion"):
            nearfield.evaluate(models=["magic"])
        with pytest.raises(InvalidInput, match=r"magic=1: .*It knows .*epochs"):
            nearfield.evaluate(models=["fusion"], magic=1, neighbours=3)


def test_evaluate_measures_graph_and_the_blend_by_name(filled: Path) -> None:
    with Nearfield(filled) as nearfield:
        told = list(nearfield.iter_evaluate(models=["blend", "fusion", "graph"], **TINY, walks=10))
        assert [row.model for row in told] == ["fusion", "graph", "blend"]
        assert told[2].chosen == dict(DEFAULT_WEIGHTS)
        after = nearfield.evaluate(None, "item-to-item", ["graph", "blend"], **TINY, walks=10)
        assert [row.model for row in after] == ["graph", "blend"]
        with pytest.raises(InvalidInput, match="no model 'graph' under this protocol"):
            nearfield.evaluate(protocol="cold", models=["graph"])
