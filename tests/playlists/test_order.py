"""An order in which neighbours fit: near to the best one, and artists apart where they can be."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from nearfield.playlists.order import order_songs

Costs = NDArray[np.float64]


def distances(songs: int, seed: int) -> Costs:
    places = np.random.default_rng(seed).normal(size=(songs, 3))
    costs: Costs = np.linalg.norm(places[:, None] - places, axis=2)
    return costs


def length(path: NDArray[np.int64], costs: Costs) -> float:
    return float(costs[path[:-1], path[1:]].sum())


ends = st.none() | st.integers(0, 6)


@settings(max_examples=60, deadline=None)
@given(songs=st.integers(1, 7), seed=st.integers(0, 999), first=ends, last=ends)
def test_a_path_is_hardly_longer_than_the_shortest_of_all(
    songs: int, seed: int, first: int | None, last: int | None
) -> None:
    first = None if first is None or first >= songs else first
    last = None if last is None or last >= songs or last == first else last
    costs = distances(songs, seed)
    path = order_songs(costs, first, last)
    assert sorted(path.tolist()) == list(range(songs))
    every = [
        np.array(one)
        for one in permutations(range(songs))
        if (first is None or one[0] == first) and (last is None or one[-1] == last)
    ]
    assert any(path.tolist() == one.tolist() for one in every)  # the ends are where they should be
    assert length(path, costs) <= 1.1 * min(length(one, costs) for one in every) + 1e-9


@settings(max_examples=60, deadline=None)
@given(
    artists=st.lists(st.integers(0, 3), min_size=1, max_size=14),
    seed=st.integers(0, 99),
    fixed=st.booleans(),
)
def test_artists_stand_apart_wherever_that_is_possible(
    artists: list[int], seed: int, fixed: bool
) -> None:
    of = np.array(artists)
    costs = distances(len(of), seed) + 100 * (of[:, None] == of)
    path = order_songs(costs, 0 if fixed else None)
    together = np.count_nonzero(np.diff(of[path]) == 0)
    rest = of[1:] if fixed else of
    # between songs of others, before the first of them and after the last, one may stand alone
    rooms = {one: 1 + np.count_nonzero(rest != one) - (fixed and one == of[0]) for one in artists}
    least = max(0, *(np.count_nonzero(rest == one) - room for one, room in rooms.items()))
    assert together == least


def test_the_same_costs_give_the_same_order() -> None:
    costs = distances(60, 5)
    assert order_songs(costs).tolist() == order_songs(costs.copy()).tolist()


def test_it_beats_going_greedily_and_chance() -> None:
    costs = distances(80, 1)
    greedy, left = [0], set(range(1, 80))
    while left:
        greedy.append(min(left, key=lambda song: costs[greedy[-1], song]))
        left.remove(greedy[-1])
    found = length(order_songs(costs, 0), costs)
    assert found < 0.92 * length(np.array(greedy), costs)
    assert found < 0.4 * length(np.random.default_rng(0).permutation(80), costs)


@pytest.mark.parametrize("songs", [0, 1])
def test_few_songs_need_no_order(songs: int) -> None:
    assert order_songs(np.zeros((songs, songs))).tolist() == list(range(songs))
