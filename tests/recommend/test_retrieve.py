"""Retrieval within a scope, on both indexes that live inside the process."""

import numpy as np
import pytest

from mean_model import unit
from nearfield.recommend.filters import Scope, combine
from nearfield.recommend.retrieve import Ranked, indexed, nearest, pool_size, spread
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
    found = nearest(index, QUERY, 10, combine([BY_SCORE[:100]], [None]), diversity)
    assert set(found.ids.tolist()) <= set(BY_SCORE[100:200].tolist())
    assert found.ids[0] == BY_SCORE[100]
    assert found.scores.tolist() == pytest.approx((VECTORS[found.ids - 1] @ QUERY).tolist())


def test_a_pool_holds_ten_candidates_for_each_place() -> None:
    assert pool_size(5, 0.0) == 5
    assert pool_size(5, 0.1) == 100
    assert pool_size(50, 0.1) == 500


def test_only_items_with_a_vector_are_spread(index: VectorIndex) -> None:
    pool = Ranked(np.array([5, ROWS + 1, 2]), np.array([1, 0.9, 0.8], dtype=np.float32))
    known = indexed(index, pool)
    assert known.ids.tolist() == [5, 2]
    assert known.scores.tolist() == pytest.approx([1, 0.8])
    assert sorted(spread(index, known, 5, 0.5).ids.tolist()) == [2, 5]
    assert not len(indexed(index, Ranked(pool.ids[:0], pool.scores[:0])).ids)
