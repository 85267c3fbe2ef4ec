"""Retrieval within a scope, on both indexes that live inside the process."""

import numpy as np
import pytest

from mean_model import unit
from nearfield.recommend.filters import Scope, combine
from nearfield.recommend.retrieve import Ranked, best, nearest, pool_size, spread, vectors_of
from nearfield.types import Ids, Vectors
from nearfield.vectors.exact import ExactIndex
from nearfield.vectors.index import VectorIndex
from nearfield.vectors.mirror import MirrorIndex

ROWS, DIM = 12_000, 8
KEYS: Ids = np.arange(1, ROWS + 1)
VECTORS = unit(np.random.default_rng(0).normal(size=(ROWS, DIM)).astype(np.float32))
QUERY: Vectors = VECTORS[0]
BY_SCORE: Ids = KEYS[np.argsort(-(VECTORS @ QUERY), kind="stable")]


@pytest.fixture(scope="module", params=[ExactIndex, MirrorIndex])
def index(request: pytest.FixtureRequest) -> VectorIndex:
    filled: VectorIndex = request.param(DIM)
    filled.upsert(KEYS, VECTORS)
    return filled


def test_ten_thousand_exclusions_leave_the_best_of_the_rest(index: VectorIndex) -> None:
    found = nearest(index, QUERY, 50, combine([BY_SCORE[:10_000]], [None]))
    assert found.ids.tolist() == BY_SCORE[10_000:10_050].tolist()


def test_all_that_is_left_comes_back_where_fewer_exist(index: VectorIndex) -> None:
    found = nearest(index, QUERY, 50, combine([BY_SCORE[:-3]], [None]))
    assert found.ids.tolist() == BY_SCORE[-3:].tolist()
    assert np.isfinite(found.scores).all()
    assert not len(nearest(index, QUERY, 50, combine([KEYS], [None])).ids)


def test_an_allow_list_is_searched_exactly(index: VectorIndex) -> None:
    allowed = BY_SCORE[5_000:11_000:7]
    found = nearest(index, QUERY, 20, combine([allowed[:5]], [allowed, KEYS]))
    assert found.ids.tolist() == allowed[5:25].tolist()


def test_an_empty_scope_asks_no_index(index: VectorIndex) -> None:
    assert not len(nearest(index, QUERY, 5, Scope(only=KEYS[:0])).ids)


@pytest.mark.parametrize("diversity", [0.2, 1.0])
def test_a_diverse_list_keeps_to_the_scope_and_the_scores(
    index: VectorIndex, diversity: float
) -> None:
    pool = nearest(index, QUERY, 100, combine([BY_SCORE[:100]], [None]))
    found = spread(pool, 10, diversity, index.get)
    assert set(found.ids.tolist()) <= set(BY_SCORE[100:200].tolist())
    assert found.ids[0] == BY_SCORE[100]
    assert found.scores.tolist() == pytest.approx((VECTORS[found.ids - 1] @ QUERY).tolist())


def test_a_pool_holds_ten_candidates_for_each_place() -> None:
    assert pool_size(5, 0.0) == 5
    assert pool_size(5, 0.1) == 100
    assert pool_size(50, 0.1) == 500


def test_what_has_no_vector_is_zero(index: VectorIndex) -> None:
    ids = np.array([5, ROWS + 1, 2])
    vectors = vectors_of(index, ids)
    assert vectors.any(axis=1).tolist() == [True, False, True]
    np.testing.assert_array_equal(vectors[[0, 2]], index.get(ids[[0, 2]]))
    pool = Ranked(ids, np.array([1, 0.9, 0.8], dtype=np.float32))
    known = pool.only(np.array([True, False, True]))
    assert known.ids.tolist() == [5, 2]
    assert sorted(spread(known, 5, 0.5, index.get).ids.tolist()) == [2, 5]
    assert vectors_of(index, ids[:0]).shape == (0, DIM)
    assert not vectors_of(index, ids[1:2]).any()


def test_the_best_come_first_and_ties_by_id() -> None:
    found = best(np.array([9, 3, 4, 1]), np.array([0.5, 0.7, 0.5, -1], dtype=np.float32), 3)
    assert found.ids.tolist() == [3, 4, 9]
    assert found.scores.tolist() == pytest.approx([0.7, 0.5, 0.5])
