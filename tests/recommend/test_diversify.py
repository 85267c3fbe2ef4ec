"""Maximal marginal relevance against its definition."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nearfield.recommend.diversify import diversify
from nearfield.types import Scores, Vectors

sizes = st.integers(0, 30)
seeds = st.integers(0, 10_000)
diversities = st.floats(0, 1)


def pool(size: int, seed: int) -> tuple[Scores, Vectors]:
    """Return candidates as a search would: unit vectors and their cosines, best first."""
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(size, 4)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    relevance = vectors @ np.array([1, 0, 0, 0], dtype=np.float32)
    order = np.argsort(-relevance, kind="stable")
    return relevance[order], vectors[order]


@given(size=sizes, seed=seeds, k=st.integers(1, 40), diversity=diversities)
def test_it_chooses_distinct_candidates(size: int, seed: int, k: int, diversity: float) -> None:
    chosen = diversify(*pool(size, seed), k, diversity)
    assert len(chosen) == min(k, size)
    assert len(set(chosen.tolist())) == len(chosen)
    assert all(0 <= position < size for position in chosen)


@given(size=st.integers(1, 30), seed=seeds, diversity=diversities)
def test_the_whole_pool_comes_back_as_a_permutation(size: int, seed: int, diversity: float) -> None:
    chosen = diversify(*pool(size, seed), size, diversity)
    assert sorted(chosen.tolist()) == list(range(size))


@given(size=st.integers(1, 30), seed=seeds, k=st.integers(1, 40), diversity=diversities)
def test_the_best_comes_first(size: int, seed: int, k: int, diversity: float) -> None:
    assert diversify(*pool(size, seed), k, diversity)[0] == 0


@given(size=sizes, seed=seeds, k=st.integers(1, 40))
def test_no_diversity_keeps_the_order(size: int, seed: int, k: int) -> None:
    chosen = diversify(*pool(size, seed), k, 0.0)
    assert chosen.tolist() == list(range(min(k, size)))


@given(size=st.integers(2, 20), seed=seeds, diversity=diversities)
def test_each_choice_is_the_best_by_the_papers_formula(
    size: int, seed: int, diversity: float
) -> None:
    relevance, vectors = pool(size, seed)
    chosen = diversify(relevance, vectors, size, diversity).tolist()
    for place in range(1, size):
        before, rest = chosen[:place], chosen[place:]
        value = {
            candidate: (1 - diversity) * float(relevance[candidate])
            - diversity * max(float(vectors[candidate] @ vectors[one]) for one in before)
            for candidate in rest
        }
        assert value[chosen[place]] >= max(value.values()) - 1e-5


def test_a_copy_of_the_best_item_goes_down() -> None:
    vectors = np.array([[1, 0], [1, 0], [0.6, 0.8]], dtype=np.float32)
    relevance = vectors[:, 0]
    assert diversify(relevance, vectors, 2, 0.0).tolist() == [0, 1]
    assert diversify(relevance, vectors, 2, 0.6).tolist() == [0, 2]
