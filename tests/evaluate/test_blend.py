"""A blend of candidates: what it scores, what it chooses, and that nothing is trained twice."""

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from nearfield.datasets.splits import leave_last_out
from nearfield.datasets.tables import Collection, Interactions
from nearfield.evaluate.blend import BlendCandidate, BlendScorer, Once, weight_grid
from nearfield.evaluate.candidates import Progress, silent
from nearfield.evaluate.protocol import evaluate_last_out
from synthetic import make_tables


@dataclass(frozen=True)
class Table:
    """Scores that are written down."""

    rows: NDArray[np.float32]

    def scores(self, users: NDArray[np.int32]) -> NDArray[np.float32]:
        return self.rows[users]

    def item_scores(self, items: NDArray[np.int32]) -> NDArray[np.float32]:
        return np.tile(self.rows[0], (len(items), 1))


@dataclass
class Oracle:
    """Knows what comes next for a share of the users, and counts how often it was fitted."""

    answers: NDArray[np.float32]
    fitted: list[int] = field(default_factory=list)
    name: str = "oracle"

    def fit(
        self,
        collection: Collection,
        train: Interactions,
        validation: Interactions | None,
        progress: Progress,
    ) -> Table:
        self.fitted.append(len(collection.interactions))
        return Table(self.answers)


@pytest.fixture(scope="module")
def collection() -> Collection:
    return Collection.from_tables("movies", make_tables())


def oracles(collection: Collection) -> tuple[Oracle, Oracle]:
    """Return one that knows every validation event, and one that knows nothing."""
    events = collection.interactions
    validation = events.take(leave_last_out(events).validation)
    rng = np.random.default_rng(0)
    noise = rng.random((2, events.users, events.items)).astype(np.float32)
    knowing = 0.1 * noise[0]
    knowing[validation.user, validation.item] = 1
    return Oracle(knowing), Oracle(noise[1])


@given(weight=st.floats(0, 1))
def test_a_score_is_the_weighted_mean(weight: float) -> None:
    one, other = np.random.default_rng(1).random((2, 3, 4)).astype(np.float32)
    blend = BlendScorer({"a": Table(one), "b": Table(other)}, {"a": weight, "b": 1 - weight})
    users = np.array([2, 0], dtype=np.int32)
    expected = weight * one[users] + (1 - weight) * other[users]
    np.testing.assert_allclose(blend.scores(users), expected, atol=1e-6)
    items = weight * one[[0, 0]] + (1 - weight) * other[[0, 0]]
    np.testing.assert_allclose(blend.item_scores(users), items, atol=1e-6)


def test_each_part_is_fitted_once_in_an_evaluation(collection: Collection) -> None:
    one, other = oracles(collection)
    parts = {"a": Once(one), "b": Once(other)}
    blend = BlendCandidate(parts, {"a": 1, "b": 3})
    rows = list(evaluate_last_out(collection, [*parts.values(), blend]))
    assert [len(one.fitted), len(other.fitted)] == [1, 1]
    assert rows[2].chosen == {"a": 0.25, "b": 0.75}
    list(evaluate_last_out(collection, [blend]))
    assert len(one.fitted) == 2  # other events: another evaluation


def test_weights_are_chosen_on_validation_which_the_parts_have_not_seen(
    collection: Collection,
) -> None:
    knowing, ignorant = oracles(collection)
    blend = BlendCandidate({"a": ignorant, "b": knowing}, {"a": 1, "b": 1}, fit_weights=True)
    events = collection.interactions
    split = leave_last_out(events)
    train, validation = events.take(split.train), events.take(split.validation)
    scorer = blend.fit(collection, train, validation, silent)
    assert scorer.chosen["b"] > 0.6
    assert knowing.fitted == [len(train), len(events)]
    assert blend.fit(collection, train, None, silent).chosen == {"a": 0.5, "b": 0.5}


def test_the_grid_holds_all_weights_once() -> None:
    grid = weight_grid(["a", "b"], 20)
    assert len(grid) == 21
    assert all(sum(weights.values()) == pytest.approx(1) for weights in grid)
    assert len(weight_grid(["a", "b", "c"], 4)) == 15
