"""Parts add up to the whole."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nearfield.evaluate.breakdowns import (
    POPULARITY_GROUPS,
    by_history,
    by_popularity,
    popularity_groups,
)


@given(st.lists(st.tuples(st.integers(0, 900), st.floats(0, 1)), min_size=1, max_size=50))
def test_buckets_hold_every_user_once(users: list[tuple[int, float]]) -> None:
    lengths, gains = (np.array(part) for part in zip(*users, strict=True))
    buckets = by_history(lengths, gains)
    total = sum(bucket.users * bucket.ndcg for bucket in buckets)
    assert sum(bucket.users for bucket in buckets) == len(users)
    assert total == pytest.approx(gains.sum())


def test_labels_say_where_a_bucket_begins_and_ends() -> None:
    buckets = by_history(np.array([0, 9, 10, 500]), np.array([0.0, 1.0, 0.5, 0.2]))
    assert [(b.label, b.users, b.ndcg) for b in buckets] == [
        ("0-9", 2, 0.5),
        ("10-19", 1, 0.5),
        ("500+", 1, 0.2),
    ]


@given(st.lists(st.integers(0, 50), min_size=1, max_size=80).filter(any))
def test_groups_fall_with_popularity(counts: list[int]) -> None:
    groups = popularity_groups(np.array(counts))
    assert groups.min() >= 0
    assert groups.max() < POPULARITY_GROUPS
    assert (np.diff(groups[np.argsort(-np.array(counts), kind="stable")]) >= 0).all()


def test_listing_items_as_often_as_users_choose_them_fills_all_groups_alike() -> None:
    counts = np.repeat([40, 20, 10], [25, 50, 100])
    assert by_popularity(counts, counts) == pytest.approx([0.1] * 10, abs=0.01)
