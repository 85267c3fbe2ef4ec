"""Interests take turns: as the formula says, and each with its best items first."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nearfield.recommend.turns import in_turn, stand_for

scores_of = st.lists(st.floats(-1, 1, width=32), max_size=25).map(lambda one: sorted(one)[::-1])


@given(scores=scores_of, seed=st.integers(0, 99), balance=st.floats(0, 1), k=st.integers(1, 30))
def test_the_next_item_is_the_one_whose_score_and_lack_are_largest(
    scores: list[float], seed: int, balance: float, k: int
) -> None:
    rng = np.random.default_rng(seed)
    importance = np.append(1, rng.uniform(0.1, 1, 2)).astype(np.float32)
    interest = rng.integers(-1, 3, len(scores))
    arranged = in_turn(np.array(scores, np.float32), interest, importance, balance, k).tolist()
    assert len(set(arranged)) == len(arranged) == min(k, len(scores))
    parts, lack = np.append(importance / importance.sum(), 0), np.zeros(4)
    for place, chosen in enumerate(arranged):
        before = arranged[:place]
        lack = np.minimum(lack + parts, 3)
        worth = np.array(scores) + balance * lack[interest]
        worth[before] = -np.inf
        assert worth[chosen] == pytest.approx(worth.max(), abs=1e-5)
        lack[interest[chosen]] -= interest[chosen] >= 0
        assert all(one in before for one in range(chosen) if interest[one] == interest[chosen])


def test_without_balance_the_order_stays() -> None:
    scores = np.array([0.9, 0.5, 0.4], np.float32)
    found = in_turn(scores, np.array([0, 0, 1]), np.ones(2, np.float32), 0.0, 2)
    assert found.tolist() == [0, 1]
    assert not len(in_turn(scores[:0], np.array([], np.int64), np.ones(2, np.float32), 0.5, 3))


def test_items_stand_for_the_interest_that_they_are_near_to() -> None:
    apart = np.array([[0.9, 0.1, 0.4, -0.2], [0.1, 0.8, 0.41, 0.3]], np.float32)
    assert stand_for(apart, np.array([1, 0.9], np.float32)).tolist() == [0, 1, -1, -1]
