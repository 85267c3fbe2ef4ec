"""What is hidden stays hidden, and the figures are those of plain loops."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import log2

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from nearfield.datasets.tables import Collection, Columns, Interactions, Tables
from nearfield.errors import InvalidInput
from nearfield.evaluate.baselines import Popularity
from nearfield.evaluate.biases import Biases
from nearfield.evaluate.candidates import Candidate, Progress, Scorer, together
from nearfield.evaluate.cold import GroupPopularity
from nearfield.evaluate.protocol import (
    evaluate_attributes_only,
    evaluate_last_out,
    evaluate_random,
    evaluate_rating,
)
from nearfield.evaluate.tuned import Tuned
from synthetic import make_tables

POPULARITY = Tuned("popularity", (Popularity(),))


@pytest.fixture(scope="module")
def collection() -> Collection:
    return Collection.from_tables("small", make_tables())


@dataclass(frozen=True)
class Prophet:
    """Knows the answers, unlike any honest model: it was given them beforehand."""

    answers: Interactions
    curve: Sequence[Mapping[str, float]] = ({"epoch": 1, "loss": 2.0},)

    def scores(self, users: NDArray[np.int32]) -> NDArray[np.float32]:
        return np.asarray(self.answers.matrix()[users].toarray(), dtype=np.float32)


@dataclass
class Spy:
    """Keeps what it was given."""

    answers: Interactions
    name: str = "spy"
    seen: list[tuple[Collection, Interactions, Interactions | None]] = field(default_factory=list)

    def fit(
        self,
        collection: Collection,
        train: Interactions,
        validation: Interactions | None,
        progress: Progress,
    ) -> Scorer:
        self.seen.append((collection, train, validation))
        progress("spying", 1, 2)
        return Prophet(self.answers)


def test_only_the_last_event_of_each_user_is_hidden(collection: Collection) -> None:
    spy = Spy(collection.interactions)
    told: list[tuple[str, int, int]] = []
    (row,) = evaluate_last_out(collection, [spy], lambda *step: told.append(step))
    visible, train, validation = spy.seen[0]
    assert validation is not None
    known = together(train, validation)
    assert len(known) == len(collection.interactions) - collection.interactions.users
    assert visible.interactions.item.tolist() == known.item.tolist()
    newest = {int(u): int(t) for u, t in zip(known.user, known.time, strict=True)}
    last = collection.interactions.indptr[1:] - 1
    assert all(newest[u] <= collection.interactions.time[last[u]] for u in newest)
    assert told[0] == ("spy: spying", 1, 2)
    assert row.metrics["hr@10"] == row.metrics["ndcg@10"] == row.metrics["mrr"] == 1
    assert row.curve == ({"epoch": 1, "loss": 2.0},)


def test_rows_hold_the_figures_that_the_table_shows(collection: Collection) -> None:
    (row,) = evaluate_last_out(collection, [POPULARITY])
    line = row.as_dict()
    wanted = ("model", "hr@10", "ndcg@10", "recall@20", "mrr", "coverage@10", "ndcg@20")
    assert set(wanted) <= set(line)
    assert line["model"] == "popularity"
    assert sum(bucket.users for bucket in row.by_history) == collection.interactions.users
    assert sum(row.popularity) == pytest.approx(1)


def test_popularity_under_last_out_equals_plain_loops(collection: Collection) -> None:
    (row,) = evaluate_last_out(collection, [POPULARITY])
    events = collection.interactions
    last = set((events.indptr[1:] - 1).tolist())
    known = [place for place in range(len(events)) if place not in last]
    counts = np.bincount(events.item[known], minlength=events.items)
    candidates = set(events.item.tolist())
    hits, gains = [], []
    for user in range(events.users):
        rows = range(events.indptr[user], events.indptr[user + 1] - 1)
        seen = {int(events.item[place]) for place in rows}
        answer = int(events.item[events.indptr[user + 1] - 1])
        rivals = [counts[item] for item in candidates - seen - {answer}]
        better = sum(count > counts[answer] for count in rivals)
        tied = sum(count == counts[answer] for count in rivals)
        places = range(better + 1, better + tied + 2)
        hits.append(sum(place <= 10 for place in places) / len(places))
        gains.append(sum(1 / log2(p + 1) for p in places if p <= 10) / len(places))
    assert row.metrics["hr@10"] == pytest.approx(np.mean(hits))
    assert row.metrics["ndcg@10"] == pytest.approx(np.mean(gains))


def test_a_fifth_is_hidden_at_random_and_a_perfect_model_gets_everything(
    collection: Collection,
) -> None:
    spy = Spy(collection.interactions)
    (row,) = evaluate_random(collection, [spy], seed=3)
    _, train, validation = spy.seen[0]
    assert validation is not None
    total = len(collection.interactions)
    assert len(train) + len(validation) == round(0.8 * total)
    assert len(validation) == round(0.08 * total)
    assert row.metrics["ndcg@20"] == pytest.approx(1)
    assert row.metrics["recall@20"] == row.metrics["mrr"] == 1


def test_the_same_seed_gives_the_same_figures(collection: Collection) -> None:
    first, again, other = (
        dict(next(evaluate_random(collection, [POPULARITY], seed=seed)).metrics)
        for seed in (1, 1, 2)
    )
    for line in (first, again, other):
        del line["fit_seconds"], line["fit_cpu_seconds"]
    assert first == again != other


def test_hidden_users_are_hidden_whole(collection: Collection) -> None:
    spy = Spy(collection.interactions)
    (row,) = evaluate_attributes_only(collection, [spy], share=0.2, seed=1)
    visible, train, validation = spy.seen[0]
    assert validation is None
    assert len(np.unique(train.user)) == 48  # of 60
    assert len(visible.interactions) == len(train)
    assert row.metrics["ndcg@20"] == pytest.approx(1)
    assert [bucket.label for bucket in row.by_history] == ["0-9"]


def test_attributes_say_something(collection: Collection) -> None:
    models: list[Candidate] = [POPULARITY, GroupPopularity(prior=500.0)]
    popular, grouped = evaluate_attributes_only(collection, models, share=0.3)
    assert grouped.metrics["ndcg@20"] > popular.metrics["ndcg@20"]


def test_unknown_attributes_leave_popularity() -> None:
    tables = make_tables()
    age = pl.Series([str(20 + row) for row in range(60)])
    users = tables.users.with_columns(
        pl.when(pl.int_range(pl.len()) < 2).then(None).otherwise(pl.col("gender")).alias("gender"),
        pl.lit(None, dtype=pl.String).alias("occupation"),
        pl.Series([f"name {row}" for row in range(60)]).alias("name"),
        age.alias("age"),
    )
    collection = Collection.from_tables("x", Tables(tables.items, users, tables.events))
    scorer = GroupPopularity().fit(collection, collection.interactions, None, lambda *_: None)
    assert len(scorer.groups) == 1  # neither names, nor seven ages of fewer than 20, nor nothing
    np.testing.assert_array_equal(scorer.scores(np.array([0], np.int32))[0], scorer.popularity)


def test_ages_are_cut_into_groups() -> None:
    tables = make_tables(users=200, items=20, events=800)
    users = tables.users.select(
        Columns.USER, pl.Series("age", [str(18 + row % 60) for row in range(200)])
    )
    collection = Collection.from_tables("x", Tables(tables.items, users, tables.events))
    scorer = GroupPopularity().fit(collection, collection.interactions, None, lambda *_: None)
    assert np.bincount(scorer.groups[0]).tolist() == pytest.approx([200 / 7] * 7, abs=4)


def test_generous_users_and_good_items_are_found() -> None:
    tables = make_tables()
    user, item = (tables.events[name].cast(pl.Int64) for name in (Columns.USER, Columns.ITEM))
    value = (3 + (user % 3 - 1) * 0.7 + (item % 5 - 2) * 0.4).cast(pl.Float32)
    events = tables.events.with_columns(value.alias(Columns.VALUE))
    collection = Collection.from_tables("x", Tables(tables.items, tables.users, events))
    (row,) = evaluate_rating(collection, [Biases(pulls=(50.0, 0.1))])
    assert row.metrics["rmse"] < 0.1
    assert row.chosen == {"pull": 0.1}


def test_biases_of_the_unknown_are_nought(collection: Collection) -> None:
    scorer = Biases().fit(collection, collection.interactions.take(np.arange(5)), None, print)
    predicted = scorer.ratings(np.array([59], np.int32), np.array([79], np.int32))
    assert predicted[0] == pytest.approx(collection.interactions.value[:5].mean())


def test_nothing_to_ask_for_is_said() -> None:
    tables = make_tables(users=5, items=10, events=15)
    few = Collection.from_tables("few", Tables(tables.items, tables.users, tables.events.head(2)))
    with pytest.raises(InvalidInput, match=r"few has 2 events, but none is left.*three events"):
        list(evaluate_last_out(few, [POPULARITY]))


def test_no_ratings_is_said() -> None:
    tables = make_tables(users=5, items=10, events=15)
    events = tables.events.with_columns(pl.lit(None, dtype=pl.Float32).alias(Columns.VALUE))
    plays = Collection.from_tables("plays", Tables(tables.items, tables.users, events))
    with pytest.raises(InvalidInput, match=r"plays has 15 events but no ratings.*last-out"):
        list(evaluate_rating(plays, [Biases()]))


@pytest.mark.parametrize("share", [0.0, 1.0, -0.5])
def test_a_share_that_is_none_is_refused(collection: Collection, share: float) -> None:
    with pytest.raises(InvalidInput, match=f"share is {share}; give a number between 0 and 1"):
        list(evaluate_attributes_only(collection, [POPULARITY], share=share))
