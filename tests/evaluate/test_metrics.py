"""Every figure equals its definition written as plain loops."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import sparse

from nearfield.evaluate import metrics
from nearfield.evaluate.metrics import NO_ITEM, Ranks

Ranking = tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.bool_], NDArray[np.int64]]

FEW = (0.0, 0.5, 1.0)
"""Few distinct scores, so that many tie."""


@st.composite
def rankings(
    draw: st.DrawFn,
) -> Ranking:
    """Return scores, allowed, answers (a subset of allowed, one at least) and a tie order."""
    users, items = draw(st.integers(1, 4)), draw(st.integers(1, 7))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    scores = rng.choice(FEW, (users, items)).astype(np.float32)
    allowed = rng.random((users, items)) < 0.7
    allowed[np.arange(users), rng.integers(0, items, users)] = True
    answers = allowed & (rng.random((users, items)) < 0.5)
    for row in range(users):
        answers[row, rng.choice(np.flatnonzero(allowed[row]))] = True
    return scores, allowed, answers, rng.permutation(items)


def plain_ranking(
    scores: NDArray[np.float32], allowed: NDArray[np.bool_], order: list[int]
) -> list[int]:
    """Return one user's items, best first; `order` decides between tied ones."""
    return sorted((item for item in order if allowed[item]), key=lambda item: -float(scores[item]))


@given(ranking=rankings(), k=st.integers(1, 8))
def test_lists_and_first_answers_follow_the_sorted_items(
    ranking: Ranking,
    k: int,
) -> None:
    scores, allowed, answers, order = ranking
    lists = metrics.top_items(scores, allowed, k, order)
    first = metrics.first_answer(scores, answers, allowed, order)
    for row in range(len(scores)):
        best = plain_ranking(scores[row], allowed[row], order.tolist())
        assert lists[row].tolist() == (best + [NO_ITEM] * k)[:k]
        assert first[row] == 1 + min(best.index(int(i)) for i in np.flatnonzero(answers[row]))


@given(ranking=rankings(), k=st.integers(1, 8))
def test_ranks_give_the_mean_over_all_orders_of_tied_items(
    ranking: Ranking,
    k: int,
) -> None:
    scores, allowed, answers = ranking[0][:1, :5], ranking[1][:1, :5], ranking[2][:1, :5]
    allowed[0, 0] = answers[0, 0] = True
    answer = int(answers[0].argmax())
    ranks = metrics.rank_answers(scores, np.array([answer]), allowed)
    places = []
    for order in itertools.permutations(range(scores.shape[1])):
        places.append(1 + plain_ranking(scores[0], allowed[0], list(order)).index(answer))
    hits = [float(place <= k) for place in places]
    gains = [1 / math.log2(place + 1) if place <= k else 0.0 for place in places]
    assert ranks.hits(k)[0] == pytest.approx(sum(hits) / len(places))
    assert ranks.gains(k)[0] == pytest.approx(sum(gains) / len(places))
    assert ranks.reciprocals()[0] == pytest.approx(sum(1 / p for p in places) / len(places))


@given(ranking=rankings(), k=st.integers(1, 8))
def test_list_figures_equal_plain_loops(
    ranking: Ranking,
    k: int,
) -> None:
    scores, allowed, answers, order = ranking
    lists = metrics.top_items(scores, allowed, k, order)
    hits = metrics.found(lists, sparse.csr_matrix(answers))
    gains = metrics.list_gains(hits, answers.sum(axis=1))
    recall = metrics.list_recall(hits, answers.sum(axis=1))
    for row in range(len(scores)):
        right = set(np.flatnonzero(answers[row]).tolist())
        listed = lists[row].tolist()
        gain = sum(1 / math.log2(place + 2) for place, item in enumerate(listed) if item in right)
        ideal = sum(1 / math.log2(place + 2) for place in range(min(k, len(right))))
        assert gains[row] == pytest.approx(gain / ideal)
        assert recall[row] == pytest.approx(len(right & set(listed)) / len(right))


def test_a_model_that_scores_everything_alike_gets_what_chance_gives() -> None:
    scores, allowed = np.zeros((1, 100), np.float32), np.ones((1, 100), np.bool_)
    ranks = metrics.rank_answers(scores, np.array([3]), allowed)
    assert (ranks.first[0], ranks.last[0]) == (1, 100)
    assert ranks.hits(10)[0] == pytest.approx(0.1)


def test_an_allowed_item_of_lowest_score_comes_before_those_that_are_not() -> None:
    scores = np.array([[1.0, -np.inf, 2.0]], np.float32)
    allowed = np.array([[False, True, False]])
    assert metrics.top_items(scores, allowed, 2, np.arange(3)).tolist() == [[1, NO_ITEM]]


def test_coverage_counts_distinct_items() -> None:
    lists = np.array([[1, 2, NO_ITEM], [2, 1, 5]])
    assert metrics.coverage(lists, candidates=6) == 0.5
    assert metrics.shown_counts(lists, 7).tolist() == [0, 2, 2, 0, 0, 1, 0]


@given(st.lists(st.integers(0, 9), min_size=1, max_size=12))
def test_gini_is_the_mean_difference_over_twice_the_mean(counts: list[int]) -> None:
    shown = np.array(counts)
    difference = float(np.abs(shown[:, None] - shown[None, :]).mean())
    wanted = difference / (2 * shown.mean()) if shown.sum() else 0.0
    assert metrics.gini(shown) == pytest.approx(wanted)


def test_popularity_is_the_mean_log_of_what_is_listed() -> None:
    counts, shown = np.array([9, 99, 0]), np.array([1, 3, 0])
    assert metrics.mean_log_popularity(counts, shown) == pytest.approx((1 + 3 * 2) / 4)


def test_rmse_is_in_the_unit_of_the_ratings() -> None:
    predicted, true = np.array([3.0, 5.0], np.float32), np.array([4.0, 2.0], np.float32)
    assert metrics.rmse(predicted, true) == pytest.approx(math.sqrt((1 + 9) / 2))


def test_ranks_hold_exact_positions_where_nothing_ties() -> None:
    ranks = Ranks(first=np.array([1, 3, 11]), last=np.array([1, 3, 11]))
    assert ranks.hits(10).tolist() == [1, 1, 0]
    assert ranks.gains(10).tolist() == pytest.approx([1, 0.5, 0])
    assert ranks.reciprocals().tolist() == pytest.approx([1, 1 / 3, 1 / 11])
