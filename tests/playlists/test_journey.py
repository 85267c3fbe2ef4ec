"""Points on the way, songs dealt out to them, and the cheapest way through."""

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mean_model import unit
from nearfield.playlists.journey import cheapest_way, deal, points_between


@given(
    seed=st.integers(0, 999), count=st.integers(1, 30), near=st.sampled_from([0.0, 1e-7, 0.1, 1])
)
def test_points_are_on_the_sphere_at_equal_distances(seed: int, count: int, near: float) -> None:
    rng = np.random.default_rng(seed)
    start = unit(rng.normal(size=8).astype(np.float32))
    end = unit((start + near * rng.normal(size=8)).astype(np.float32))
    points = points_between(start, end, count)
    assert points.shape == (count, 8)
    assert np.linalg.norm(points, axis=1) == pytest.approx(1, abs=1e-5)
    way = np.vstack([start, points, end]).astype(np.float64)
    steps = np.linalg.norm(np.diff(way, axis=0), axis=1)
    assert steps == pytest.approx(steps.mean(), abs=2e-3)
    if near == 0:
        assert points == pytest.approx(np.tile(start, (count, 1)), abs=1e-4)


def test_between_opposite_ends_one_way_is_taken() -> None:
    start = np.eye(1, 4, dtype=np.float32)[0]
    points = points_between(start, -start, 3)
    assert points @ start == pytest.approx(np.cos([np.pi / 4, np.pi / 2, 3 * np.pi / 4]), abs=1e-5)


@given(
    ranked=st.lists(st.lists(st.integers(1, 12), unique=True, max_size=8), max_size=6),
    most=st.integers(1, 4),
)
def test_no_two_stages_may_choose_the_same(ranked: list[list[int]], most: int) -> None:
    dealt = deal([np.array(keys, dtype=np.int64) for keys in ranked], most)
    every = np.concatenate([np.empty(0, np.int64), *dealt]).tolist()
    assert len(set(every)) == len(every)
    for keys, mine in zip(ranked, dealt, strict=True):
        assert len(mine) <= most
        assert [key for key in keys if key in mine] == mine.tolist()
        assert len(mine) == most or set(keys) <= set(every)  # nothing was withheld


@given(sizes=st.lists(st.integers(1, 4), min_size=1, max_size=5), seed=st.integers(0, 999))
def test_the_cheapest_way_is_the_cheapest_of_all(sizes: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    stays = [rng.random(size) for size in sizes]
    steps = [rng.random((one, two)) for one, two in pairwise(sizes)]

    def cost(way: tuple[int, ...]) -> float:
        total = sum(stay[one] for stay, one in zip(stays, way, strict=True))
        pairs = zip(steps, way, way[1:], strict=False)
        return float(total + sum(step[one, two] for step, one, two in pairs))

    found = tuple(cheapest_way(stays, steps).tolist())
    best = min(cost(way) for way in product(*(range(size) for size in sizes)))
    assert cost(found) == pytest.approx(best)
