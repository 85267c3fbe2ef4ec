"""What is asked, and that a model's scores are checked before they are ranked."""

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from nearfield.datasets.tables import EVENT_KINDS, Interactions
from nearfield.errors import InvalidInput
from nearfield.evaluate import questions
from nearfield.evaluate.candidates import in_favour, together
from nearfield.evaluate.questions import Questions, ask, ndcg


def events(*rows: tuple[int, int, str, int], users: int = 3, items: int = 5) -> Interactions:
    """Return events from (user, item, kind, time), sorted as they come."""
    user, item, kind, time = zip(*rows, strict=True)
    return Interactions(
        user=np.array(user, np.int32),
        item=np.array(item, np.int32),
        kind=np.array([EVENT_KINDS.index(name) for name in kind], np.int8),
        value=np.full(len(rows), np.nan, np.float32),
        time=np.array(time, np.int64),
        users=users,
        items=items,
    )


@dataclass(frozen=True)
class Fixed:
    """Gives the rows of a matrix."""

    matrix: NDArray[np.float32]

    def scores(self, users: NDArray[np.int32]) -> NDArray[np.float32]:
        return self.matrix[users]


HISTORY = events((0, 0, "rated", 1), (1, 1, "rated", 1), (2, 2, "disliked", 1))
TEST = events((0, 1, "rated", 5), (1, 1, "rated", 5), (2, 3, "skipped", 5), (2, 4, "liked", 6))
EVERY = np.ones(5, np.bool_)


def test_repeats_and_skips_are_no_answers_and_users_without_any_are_not_asked() -> None:
    asked = Questions.about(HISTORY, TEST, EVERY)
    assert asked.users.tolist() == [0, 2]
    assert asked.answers.toarray().tolist() == [[0, 1, 0, 0, 0], [0, 0, 0, 0, 1]]


def test_what_was_seen_or_is_no_candidate_is_never_listed() -> None:
    candidates = np.array([True, True, True, False, True])
    asked = Questions.about(HISTORY, TEST, candidates)
    answers = ask(Fixed(np.tile(np.arange(5, dtype=np.float32), (3, 1))), asked)
    assert answers.lists[:, :4].tolist() == [[4, 2, 1, -1], [4, 1, 0, -1]]
    assert answers.first.tolist() == [3, 1]
    assert answers.ranks is not None
    assert answers.ranks.first.tolist() == [3, 1]


def test_the_size_of_a_batch_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Questions.about(HISTORY, TEST, EVERY)
    scorer = Fixed(np.random.default_rng(0).random((3, 5)).astype(np.float32))
    whole, value = ask(scorer, asked), ndcg(scorer, asked, 2)
    monkeypatch.setattr(questions, "_BATCH_SCORES", 1)
    assert ask(scorer, asked).lists.tolist() == whole.lists.tolist()
    assert ndcg(scorer, asked, 2) == value


def test_a_sample_is_spread_over_all_users() -> None:
    asked = Questions.about(HISTORY, events(*[(u, 4, "rated", 9) for u in range(3)]), EVERY)
    assert asked.sample(2).users.tolist() == [0, 2]
    assert asked.sample(9) is asked


def test_scores_of_another_shape_are_refused() -> None:
    asked = Questions.about(HISTORY, TEST, EVERY)
    with pytest.raises(InvalidInput, match=r"Fixed gave scores of shape \(2, 4\) where \(2, 5\)"):
        ask(Fixed(np.zeros((3, 4), np.float32)), asked)


def test_nan_is_refused() -> None:
    asked = Questions.about(HISTORY, TEST, EVERY)
    with pytest.raises(InvalidInput, match=r"Fixed gave NaN for 10 of 10 scores.*learning rate"):
        ask(Fixed(np.full((3, 5), np.nan, np.float32)), asked)


def test_what_counts_against_an_item_is_no_event_in_its_favour() -> None:
    assert in_favour(TEST).item.tolist() == [1, 1, 4]


def test_two_parts_join_in_order_of_time() -> None:
    joined = together(HISTORY, TEST)
    assert joined.user.tolist() == [0, 0, 1, 1, 2, 2, 2]
    assert joined.time.tolist() == [1, 5, 1, 5, 1, 5, 6]
    assert joined.item.tolist() == [0, 1, 1, 1, 2, 3, 4]
    assert together(TEST, HISTORY).time.tolist() == joined.time.tolist()
    assert together(HISTORY, None) is HISTORY
