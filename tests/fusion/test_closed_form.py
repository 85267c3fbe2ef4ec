import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import sparse

from nearfield.errors import InvalidInput
from nearfield.fusion.closed_form import (
    MOST_ITEMS,
    Ridge,
    compress,
    item_regression,
    user_weights,
)


def histories(seed: int, users: int = 40, items: int = 15) -> sparse.csr_matrix:
    rng = np.random.default_rng(seed)
    liked = rng.random((users, 4)) @ rng.random((4, items)) > 1.2
    liked[:, 0] = False  # an item that nobody had
    liked[0] = False  # and a user without a history
    return sparse.csr_matrix(liked.astype(np.float32))


def column_by_column(had: sparse.csr_matrix, ridge: Ridge) -> NDArray[np.float64]:
    """The same regression: each item on all the others, one linear system at a time."""
    table = had.toarray().astype(np.float64)
    weights = user_weights(had, ridge.users).astype(np.float64)
    found = np.zeros((table.shape[1], table.shape[1]))
    for item in range(table.shape[1]):
        others = np.delete(np.arange(table.shape[1]), item)
        known = table[:, others]
        gram = known.T @ (weights[:, None] * known)
        gram += np.diag(ridge.l2 + ridge.own * np.diag(gram))
        found[others, item] = np.linalg.solve(gram, known.T @ (weights * table[:, item]))
    return found


@settings(deadline=None)  # other work on the machine is no failure
@given(
    seed=st.integers(0, 1000),
    l2=st.floats(0.5, 50),
    own=st.floats(0, 1),
    users=st.floats(0, 1.5),
)
def test_equals_a_weighted_ridge_regression_of_each_item_on_the_others(
    seed: int, l2: float, own: float, users: float
) -> None:
    had, ridge = histories(seed), Ridge(l2, own, users)
    found = item_regression(had, ridge)
    assert np.allclose(found, column_by_column(had, ridge), atol=2e-3)
    assert not np.diag(found).any()


@settings(deadline=None)  # other work on the machine is no failure
@given(seed=st.integers(0, 1000), rank=st.integers(1, 8))
def test_compressed_is_the_best_approximation_of_the_weighted_scores(seed: int, rank: int) -> None:
    had, ridge = histories(seed), Ridge(l2=5.0)
    regression = item_regression(had, ridge)
    found = compress(had, regression, rank, ridge, seed=0)
    root = np.sqrt(user_weights(had, ridge.users))[:, None]
    scores = root * (had.toarray() @ regression)
    left, sizes, right = np.linalg.svd(scores, full_matrices=False)
    best = (left[:, :rank] * sizes[:rank]) @ right[:rank]
    ours = root * (had.toarray() @ found.reading) @ found.vectors.T
    longest = np.linalg.norm(right[:rank], axis=0).max()
    # where two singular values are equal the best approximation is not unique, its error is
    error = float(np.linalg.norm(scores - ours * longest))
    least = float(np.linalg.norm(scores - best))
    assert error == pytest.approx(least, abs=1e-3 * float(np.linalg.norm(scores)))


def test_the_longest_vector_is_one_and_an_item_that_nobody_had_is_zero() -> None:
    had, ridge = histories(3), Ridge(l2=5.0)
    found = compress(had, item_regression(had, ridge), 6, ridge, seed=0)
    assert np.linalg.norm(found.vectors, axis=1).max() == pytest.approx(1)
    assert not found.vectors[0].any()


def test_more_rank_than_there_is_gives_zeros() -> None:
    had, ridge = histories(3, users=5), Ridge(l2=5.0)
    found = compress(had, item_regression(had, ridge), 12, ridge, seed=0)
    assert found.vectors.shape == found.reading.shape == (15, 12)
    assert not found.vectors[:, 5:].any()


def test_the_mean_user_weighs_one_and_short_histories_more() -> None:
    had = sparse.csr_matrix(np.array([[1, 0, 0, 0], [1, 1, 1, 1]], dtype=np.float32))
    assert user_weights(had, 1.0).tolist() == pytest.approx([2.0, 0.5])
    assert user_weights(had, 0.0).tolist() == [1.0, 1.0]
    assert np.isfinite(user_weights(sparse.csr_matrix((2, 3), dtype=np.float32), 1.0)).all()


def test_too_many_items_are_refused_before_memory_is_asked_for() -> None:
    had = sparse.csr_matrix((2, MOST_ITEMS + 1), dtype=np.float32)
    with pytest.raises(InvalidInput, match=r"25,001 items would need 5 GB"):
        item_regression(had, Ridge())
