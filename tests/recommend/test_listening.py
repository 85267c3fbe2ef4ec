"""What a history says of each song: plays add up and fade, a dislike ends them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nearfield.recommend.listening import Tally, tally

FOREVER = 1e9


def count(*events: tuple[int, float], half_life: float = FOREVER, plays: float = 1) -> Tally:
    items = np.array([item for item, _ in events], dtype=np.int64)
    weights = np.array([weight for _, weight in events], dtype=np.float32)
    return tally(items, weights, half_life, plays)


def liking(found: Tally) -> dict[int, float]:
    return dict(zip(found.items.tolist(), found.liking.tolist(), strict=True))


def test_plays_of_one_song_add_up() -> None:
    events = [(7, 1.0), (8, 1.0), (7, 1.0), (7, 1.0), (7, 1.0)]
    assert liking(count(*events)) == pytest.approx({7: 4, 8: 1})
    assert liking(count(*events, plays=0.5)) == pytest.approx({7: 2, 8: 1})
    assert liking(count(*events, plays=0)) == pytest.approx({7: 1, 8: 1})


def test_older_plays_count_less() -> None:
    found = count((1, 1.0), (2, 1.0), (3, 1.0), half_life=1)
    assert liking(found) == pytest.approx({1: 0.25, 2: 0.5, 3: 1})


def test_a_skip_takes_from_plays_and_alone_counts_against() -> None:
    assert liking(count((1, 1.0), (1, -0.5), (2, -0.5))) == pytest.approx({1: 0.5, 2: -0.5})
    assert liking(count((1, -0.5), (1, -0.5), (1, -0.5))) == {1: -1}


def test_a_dislike_ends_what_was_before_and_does_not_fade() -> None:
    plays = [(1, 1.0)] * 5
    later = [(2, 1.0)] * 20
    assert liking(count(*plays, (1, -1.0), *later, half_life=3))[1] == -1
    assert liking(count(*plays, (1, -1.0), (1, -0.5)))[1] == -1


def test_a_dislike_counts_as_strongly_as_it_says() -> None:
    assert liking(count((1, 1.0), (1, -2.5), (2, 1.0)))[1] == -2.5
    assert liking(count((1, -1.0), (1, -2.0), (1, -0.5)))[1] == -2


def test_a_play_after_a_dislike_ends_it() -> None:
    assert liking(count((1, 1.0), (1, -1.0), (1, 1.0))) == pytest.approx({1: 1})
    assert count((1, 1.0), (1, -1.0), (1, 1.0)).part.tolist() == [0, 0, 1]


@given(
    events=st.lists(
        st.tuples(st.integers(1, 6), st.sampled_from([1.0, 2.0, -0.5, -1.0])), max_size=30
    ),
    half_life=st.floats(0.5, 100),
    plays=st.floats(0, 1),
)
def test_the_parts_of_a_song_that_counts_sum_to_one(
    events: list[tuple[int, float]], half_life: float, plays: float
) -> None:
    found = count(*events, half_life=half_life, plays=plays)
    assert set(found.items.tolist()) == {item for item, _ in events}
    sums = np.bincount(found.of_event, weights=found.part, minlength=len(found.items))
    assert sums == pytest.approx((found.liking > 0).astype(float), abs=1e-5)
    assert (found.part >= 0).all()
    assert (found.liking >= -1).all()
    assert [found.items[place] for place in found.of_event] == [item for item, _ in events]
