import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nearfield.serving.interests import find_interests
from nearfield.types import Vectors


def around(axis: int, count: int, rng: np.random.Generator) -> Vectors:
    """Return unit vectors near one axis of eight."""
    vectors = rng.normal(scale=0.05, size=(count, 8)).astype(np.float32)
    vectors[:, axis] += 1
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def test_two_tastes_are_two_interests_the_one_with_newer_events_first() -> None:
    rng = np.random.default_rng(0)
    vectors = np.concatenate([around(0, 5, rng), around(3, 4, rng)])
    weights = np.linspace(0.1, 1, 9, dtype=np.float32)
    found = find_interests(vectors, weights, most=5)
    assert found.members.tolist() == [1] * 5 + [0] * 4
    assert found.medoids[0] in range(5, 9)
    assert found.medoids[1] in range(5)
    assert found.importance[0] == 1
    assert np.isclose(found.importance[1], weights[:5].sum() / weights[5:].sum())


def test_the_least_important_interests_are_left_out() -> None:
    rng = np.random.default_rng(1)
    vectors = np.concatenate([around(axis, 2, rng) for axis in range(4)])
    weights = np.array([1, 1, 4, 4, 3, 3, 2, 2], dtype=np.float32)
    found = find_interests(vectors, weights, most=2)
    assert found.members.tolist() == [-1, -1, 0, 0, 1, 1, -1, -1]
    assert len(found.medoids) == len(found.importance) == 2


def test_nobody_has_no_interest_and_one_event_is_one() -> None:
    nobody = find_interests(np.empty((0, 4), np.float32), np.empty(0, np.float32), most=3)
    assert len(nobody.medoids) == len(nobody.importance) == len(nobody.members) == 0
    one = find_interests(np.eye(1, 4, dtype=np.float32), np.ones(1, np.float32), most=3)
    assert one.medoids.tolist() == [0]
    assert one.importance.tolist() == [1.0]


@given(seed=st.integers(0, 999), events=st.integers(1, 40), most=st.integers(1, 6))
def test_an_interest_is_stood_for_by_one_of_its_own_events(
    seed: int, events: int, most: int
) -> None:
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(events, 6)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    weights = rng.uniform(0.01, 1, size=events).astype(np.float32)
    found = find_interests(vectors, weights, most)
    assert found.members[found.medoids].tolist() == list(range(len(found.medoids)))
    assert (np.diff(found.importance) <= 0).all()
    assert 0 < found.importance.min() <= found.importance.max() == 1
