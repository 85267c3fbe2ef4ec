"""Each baseline equals its definition, and learns what there is to learn."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from nearfield.datasets.splits import leave_last_out
from nearfield.datasets.tables import Collection, Interactions
from nearfield.errors import InvalidInput
from nearfield.evaluate import als, baselines
from nearfield.evaluate.baselines import EASE, Baseline, ItemKNN, Popularity, recency_weights
from nearfield.evaluate.candidates import silent
from nearfield.evaluate.lineup import ranking_baselines
from nearfield.evaluate.tuned import Tuned, choose
from synthetic import make_tables


@pytest.fixture(scope="module")
def collection() -> Collection:
    return Collection.from_tables("small", make_tables(users=200, items=120, events=4000))


def test_popularity_counts_events(collection: Collection) -> None:
    train = collection.interactions
    scores = Popularity().fit(train).scores(train.matrix()[:2])
    assert scores.tolist() == [np.bincount(train.item, minlength=train.items).tolist()] * 2


def test_neighbours_are_the_items_of_largest_cosine(collection: Collection) -> None:
    train = collection.interactions
    model = ItemKNN(neighbours=3, shrink=2.0).fit(train)
    had = train.matrix().toarray()
    common = had.T @ had
    cosine = common / (np.sqrt(np.outer(common.diagonal(), common.diagonal())) + 2.0)
    np.fill_diagonal(cosine, 0)
    one_item_each = sparse.eye(train.items, format="csr", dtype=np.float32)
    scored = model.scores(one_item_each)
    for item in range(train.items):
        wanted = np.where(cosine[item] >= np.sort(cosine[item])[-3], cosine[item], 0)
        np.testing.assert_allclose(scored[:, item], wanted, rtol=1e-5)


def test_the_size_of_a_block_changes_nothing(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    train = collection.interactions
    whole = ItemKNN().fit(train).scores(train.matrix())
    monkeypatch.setattr(baselines, "_BLOCK", 7)
    np.testing.assert_array_equal(ItemKNN().fit(train).scores(train.matrix()), whole)


def test_ease_solves_ridge_regression_without_the_item_itself(collection: Collection) -> None:
    train = collection.interactions
    had = train.matrix().toarray().astype(np.float64)
    weights = EASE(l2=20.0).fit(train).weights
    others = np.arange(1, train.items)
    gram = had[:, others].T @ had[:, others] + 20.0 * np.eye(len(others))
    wanted = np.linalg.solve(gram, had[:, others].T @ had[:, 0])
    assert weights[0, 0] == 0
    np.testing.assert_allclose(np.asarray(weights)[others, 0], wanted, atol=1e-5)


def test_ease_refuses_more_items_than_memory_holds() -> None:
    none = np.empty(0, np.int32)
    empty = Interactions(
        none, none, none.astype(np.int8), none.astype(np.float32), none.astype(np.int64), 1, 60_000
    )
    with pytest.raises(InvalidInput, match=r"60,000 items would need 54 GB.*above 25,000"):
        EASE().fit(empty)


@given(st.lists(st.integers(0, 3), min_size=1, max_size=30), st.floats(0.5, 20))
def test_recency_halves_with_each_half_life(users: list[int], half_life: float) -> None:
    user = np.sort(np.array(users, np.int32))
    zeros = np.zeros(len(user))
    made = Interactions(
        user,
        zeros.astype(np.int32),
        zeros.astype(np.int8),
        zeros.astype(np.float32),
        zeros.astype(np.int64),
        4,
        1,
    )
    weights = recency_weights(made, half_life)
    for row, one in enumerate(user):
        later = int((user[row + 1 :] == one).sum())
        assert weights[row] == pytest.approx(0.5 ** (later / half_life), rel=1e-5)
    assert recency_weights(made, None).tolist() == [1] * len(user)


def test_the_same_seed_gives_the_same_factors(collection: Collection) -> None:
    train = collection.interactions
    once, again = (als.ALS(factors=8).fit(train).scores(train.matrix()) for _ in range(2))
    np.testing.assert_array_equal(once, again)


def test_without_implicit_the_message_names_the_extra() -> None:
    code = (
        "import sys; sys.modules['implicit'] = None\n"
        "from nearfield.evaluate import als, lineup\n"
        "names = [model.name for model in lineup.ranking_baselines(100, True)]\n"
        "print(names)\n"
        "als.ALS().fit(None)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "iALS" not in done.stdout
    assert "EASE" in done.stdout
    assert "iALS needs the package implicit" in done.stderr
    assert "pip install 'nearfield[evaluate]'" in done.stderr


@pytest.mark.parametrize("baseline", [ItemKNN(20), EASE(20.0), als.ALS(factors=16)])
def test_recent_events_say_more_about_the_next(collection: Collection, baseline: Baseline) -> None:
    split = leave_last_out(collection.interactions)
    train, validation = (
        collection.interactions.take(part) for part in (split.train, split.validation)
    )
    plain = choose([baseline], [None], train, validation)
    recent = choose([baseline], [2.0], train, validation)
    popular = choose([Popularity()], [None], train, validation)
    assert recent.ndcg > plain.ndcg
    assert recent.ndcg > popular.ndcg


def test_the_best_setting_is_chosen_and_told(collection: Collection) -> None:
    split = leave_last_out(collection.interactions)
    train, validation = (
        collection.interactions.take(part) for part in (split.train, split.validation)
    )
    told: list[tuple[str, int, int]] = []
    model = Tuned("x", (EASE(1e9), EASE(20.0)), (None, 2.0))
    scorer = model.fit(collection, train, validation, lambda *step: told.append(step))
    assert scorer.chosen == {"l2": 20.0, "half_life": 2.0}
    assert told[:4] == [("choosing on validation", step, 4) for step in (1, 2, 3, 4)]


def test_without_validation_the_first_setting_is_taken(collection: Collection) -> None:
    model = Tuned("x", (EASE(7.0), EASE(20.0)), (None, 2.0))
    assert model.fit(collection, collection.interactions, None, silent).chosen == {"l2": 7.0}


def test_the_newest_event_counts_at_query_time(collection: Collection) -> None:
    split = leave_last_out(collection.interactions)
    train, validation = (
        collection.interactions.take(part) for part in (split.train, split.validation)
    )
    scorer = Tuned("x", (EASE(20.0),), (2.0,)).fit(collection, train, validation, silent)
    assert scorer.history[0, validation.item[0]] == 1


def test_large_collections_go_without_ease() -> None:
    assert not any("EASE" in model.name for model in ranking_baselines(30_000, recency=True))
    assert not any("recency" in model.name for model in ranking_baselines(100, recency=False))
