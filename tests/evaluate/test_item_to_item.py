"""What follows an item: asked about nothing else, and measured as plain loops measure it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import log2

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import sparse

from nearfield.datasets.tables import EVENT_KINDS, Collection, Interactions
from nearfield.errors import InvalidInput
from nearfield.evaluate.als import ALS
from nearfield.evaluate.baselines import EASE, ItemKNN
from nearfield.evaluate.candidates import ItemScorer, Progress, silent
from nearfield.evaluate.item_models import ItemCosines, NextItems, TunedItems
from nearfield.evaluate.item_to_item import evaluate_item_to_item, evaluate_like_dgl
from nearfield.evaluate.last_items import LastItems
from nearfield.evaluate.lineup import item_baselines
from synthetic import make_tables


@pytest.fixture(scope="module")
def collection() -> Collection:
    return Collection.from_tables("small", make_tables())


def events(
    histories: tuple[list[int], ...], items: int, kinds: Mapping[int, str] | None = None
) -> Interactions:
    """Return one event after another; `kinds` are by place, "watched" where not given."""
    lengths = [len(one) for one in histories]
    total = sum(lengths)
    kind = [EVENT_KINDS.index((kinds or {}).get(place, "watched")) for place in range(total)]
    return Interactions(
        user=np.repeat(np.arange(len(histories)), lengths).astype(np.int32),
        item=np.array([item for one in histories for item in one], dtype=np.int32),
        kind=np.array(kind, dtype=np.int8),
        value=np.full(total, np.nan, dtype=np.float32),
        time=np.arange(total, dtype=np.int64),
        users=len(histories),
        items=items,
    )


def replaced(collection: Collection, interactions: Interactions) -> Collection:
    return Collection("x", "x", collection.items, collection.users, interactions)


@dataclass
class Fixed:
    """Answers from random vectors, and keeps what it was given."""

    vectors: NDArray[np.float32]
    name: str = "fixed"
    chosen: Mapping[str, int] = field(default_factory=lambda: {"dim": 8})
    seen: list[tuple[Collection, Interactions, Interactions | None]] = field(default_factory=list)
    asked: set[int] = field(default_factory=set)

    def fit(
        self,
        collection: Collection,
        train: Interactions,
        validation: Interactions | None,
        progress: Progress,
    ) -> ItemScorer:
        self.seen.append((collection, train, validation))
        return self

    def item_scores(self, items: NDArray[np.int32]) -> NDArray[np.float32]:
        self.asked.update(items.tolist())
        return np.asarray(self.vectors[items] @ self.vectors.T)


def fixed(items: int) -> Fixed:
    vectors = np.random.default_rng(0).normal(size=(items, 8))
    return Fixed(vectors.astype(np.float32))


def test_models_are_asked_about_the_item_before_the_hidden_one(collection: Collection) -> None:
    model = fixed(80)
    (row,) = evaluate_item_to_item(collection, [model])
    whole = collection.interactions
    visible, train, validation = model.seen[0]
    assert validation is not None
    assert len(train) + len(validation) == len(visible.interactions) == len(whole) - whole.users
    assert model.asked == set(whole.item[whole.indptr[1:] - 2].tolist())
    assert row.chosen == {"dim": 8}
    assert row.by_history == ()


def test_figures_equal_plain_loops(collection: Collection) -> None:
    model = fixed(80)
    (row,) = evaluate_item_to_item(collection, [model])
    whole = collection.interactions
    candidates = set(whole.item.tolist())
    hits, gains = [], []
    for user in range(whole.users):
        query, answer = (int(whole.item[whole.indptr[user + 1] - back]) for back in (2, 1))
        scores = model.vectors[query] @ model.vectors.T
        rivals = candidates - {query, answer}  # the user's earlier items are among them
        place = 1 + sum(scores[item] > scores[answer] for item in rivals)
        hits.append(place <= 10)
        gains.append(1 / log2(place + 1) if place <= 10 else 0)
    assert row.metrics["hr@10"] == pytest.approx(np.mean(hits))
    assert row.metrics["ndcg@10"] == pytest.approx(np.mean(gains))


def test_dgls_protocol_equals_its_loops(collection: Collection) -> None:
    model = fixed(80)
    (row,) = evaluate_like_dgl(collection, [model])
    whole = collection.interactions
    hits = []
    for user in range(whole.users):
        items = whole.item[whole.indptr[user] : whole.indptr[user + 1]]
        train, wanted = items[:-2], items[-2]
        scores = model.vectors[train[-1]] @ model.vectors.T
        scores[train] = -np.inf
        scores[np.bincount(whole.item, minlength=80) == 0] = -np.inf
        hits.append(wanted in np.argsort(-scores)[:10])
    assert row.metrics["hr@10"] == pytest.approx(np.mean(hits))
    visible, train_events, validation = model.seen[0]
    assert validation is None
    assert len(visible.interactions) == len(train_events) == len(whole) - 2 * whole.users


def test_dgl_counts_users_without_a_hidden_event_as_misses(collection: Collection) -> None:
    made = events(([0, 1, 2], [3, 4], [5]), items=6)
    model = Fixed(np.eye(6, dtype=np.float32) + 0.1)
    (row,) = evaluate_like_dgl(replaced(collection, made), [model])
    assert row.metrics["hr@10"] == pytest.approx(1 / 3)  # only five items compete
    assert model.seen[0][1].item.tolist() == [0, 3, 5]


def test_a_repeated_item_is_no_answer_to_itself(collection: Collection) -> None:
    made = events(([0, 1, 1], [2, 0, 3, 0]), items=4)
    model = Fixed(np.eye(4, dtype=np.float32))
    evaluated = list(evaluate_item_to_item(replaced(collection, made), [model]))
    assert model.asked == {3}  # an item of earlier days may come again
    assert evaluated[0].metrics["hr@10"] == 1


def test_disliked_items_are_not_asked_about() -> None:
    made = events(([0, 1, 2], [3], [4]), items=5, kinds={2: "disliked", 3: "skipped"})
    last = LastItems.of(made)
    assert last.events.user.tolist() == [0, 2]
    assert last.events.item.tolist() == [1, 4]


def test_without_events_to_ask_for_the_message_says_so(collection: Collection) -> None:
    made = replaced(collection, events(([0, 1], [2]), items=3))
    with pytest.raises(InvalidInput, match=r"3 events, but none is left.*three events or more"):
        next(evaluate_item_to_item(made, [fixed(3)]))


def test_nan_is_refused(collection: Collection) -> None:
    model = fixed(80)
    model.vectors = model.vectors[:, :1] * np.nan
    with pytest.raises(InvalidInput, match="Fixed gave NaN"):
        next(evaluate_item_to_item(collection, [model]))


def test_scores_of_another_shape_are_refused(collection: Collection) -> None:
    model = fixed(81)
    with pytest.raises(InvalidInput, match=r"Fixed gave scores of shape .*81\) where .*80\)"):
        next(evaluate_item_to_item(collection, [model]))


def test_next_items_count_what_came_soon_after() -> None:
    train = events(([0, 1, 2], [0, 2], [2, 0]), items=3)
    each = sparse.eye(3, format="csr", dtype=np.float32)
    weights = NextItems(reach=2).fit(train).scores(each)
    assert weights.tolist() == [[0, 1, 1.5], [0, 0, 1], [1, 0, 0]]
    nearest = NextItems(reach=1).fit(train).scores(each)
    assert nearest.tolist() == [[0, 1, 1], [0, 0, 1], [1, 0, 0]]


def test_next_items_must_reach_the_next() -> None:
    with pytest.raises(InvalidInput, match="reach is 0; the next event is 1"):
        NextItems(reach=0)


def test_cosines_know_no_length() -> None:
    model = ItemCosines(np.array([[2, 0], [3, 3], [0, 0]], dtype=np.float32))
    scores = model.item_scores(np.array([1, 2], np.int32))
    np.testing.assert_allclose(scores, [[np.sqrt(0.5), 1, 0], [0, 0, 0]], rtol=1e-6)


def test_histories_of_one_event_read_a_row_of_the_matrix(collection: Collection) -> None:
    train = collection.interactions
    model = TunedItems("EASE", (EASE(20.0),)).fit(collection, train, None, silent)
    weights = np.asarray(EASE(20.0).fit(train).weights)
    np.testing.assert_array_equal(model.item_scores(np.array([3, 7], np.int32)), weights[[3, 7]])
    assert model.chosen == {"l2": 20.0}


def test_the_best_setting_is_chosen_by_the_item_before(collection: Collection) -> None:
    grid = (NextItems(1), NextItems(3), ItemKNN(1, 1e9))
    told: list[tuple[str, int, int]] = []
    (row,) = evaluate_item_to_item(
        collection, [TunedItems("x", grid)], lambda *step: told.append(step)
    )
    assert row.chosen in ({"reach": 1}, {"reach": 3})
    assert ("x: choosing on validation", 3, 3) in told


def test_factors_are_compared_as_implicit_compares_them(collection: Collection) -> None:
    fitted = ALS(factors=8).fit(collection.interactions)
    scores = fitted.item_scores(np.array([4], np.int32))[0]
    near, cosines = fitted.model.similar_items(4, N=6)
    assert np.argsort(-scores)[:6].tolist() == near.tolist()
    np.testing.assert_allclose(scores[near], cosines, rtol=1e-4)


def test_the_line_up_beats_popularity() -> None:
    collection = Collection.from_tables("x", make_tables(users=300, items=80, events=6000))
    rows = {row.model: row.metrics for row in evaluate_item_to_item(collection, item_baselines(80))}
    assert list(rows) == ["popularity", "ItemKNN", "next item", "iALS", "EASE"]
    assert all(
        rows[name]["ndcg@10"] > rows["popularity"]["ndcg@10"]
        for name in ("ItemKNN", "next item", "EASE")
    )
    assert all(model.name != "EASE" for model in item_baselines(30_000))
