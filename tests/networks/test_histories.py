import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nearfield.networks.histories import Histories


def make(counts: list[int]) -> Histories:
    indptr = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    total = int(indptr[-1])
    return Histories(np.arange(total), np.ones(total, dtype=np.int64), indptr)


@given(
    counts=st.lists(st.integers(0, 40), min_size=1, max_size=8),
    window=st.integers(1, 12),
    seed=st.integers(0, 1000),
)
def test_every_event_but_the_first_is_predicted_from_those_before(
    counts: list[int], window: int, seed: int
) -> None:
    histories = make(counts)
    cut = histories.cut(window, np.random.default_rng(seed))
    predicted: set[int] = set()
    for user, start, stop in cut.tolist():
        assert histories.indptr[user] <= start < stop <= histories.indptr[user + 1]
        assert 2 <= stop - start <= window + 1
        predicted.update(range(start + 1, stop))
    expected = {
        event
        for user, count in enumerate(counts)
        if count >= 2
        for event in range(histories.indptr[user] + 1, histories.indptr[user + 1])
    }
    assert predicted == expected


@given(counts=st.lists(st.integers(2, 30), min_size=1, max_size=20), tokens=st.integers(10, 80))
def test_batches_hold_every_window_once_and_stay_in_their_size(
    counts: list[int], tokens: int
) -> None:
    histories = make(counts)
    batches = list(histories.batches(9, tokens, np.random.default_rng(0)))
    cut = histories.cut(9, np.random.default_rng(0))
    together = np.concatenate(batches)
    assert sorted(map(tuple, together.tolist())) == sorted(map(tuple, cut.tolist()))
    for batch in batches:
        longest = int((batch[:, 2] - batch[:, 1]).max())
        assert len(batch) == 1 or len(batch) * longest <= tokens


def test_each_position_is_followed_by_what_was_taken_next() -> None:
    histories = make([3, 2])
    cut = np.array([[0, 0, 3], [1, 3, 5]])
    known, targets = histories.read(cut)
    assert known.items.tolist() == [[0, 1], [3, -1]]
    assert targets.tolist() == [[0, 1, 2], [3, 4, -1]]
    assert known.weights.tolist() == [[1, 1], [1, 0]]
    assert known.ratings.tolist() == [[1, 1], [1, 0]]
