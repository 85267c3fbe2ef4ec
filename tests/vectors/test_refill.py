import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nearfield.types import Hits, Vectors
from nearfield.vectors.refill import Sieve, rank, refill, settled

ROWS = 40


class Engine:
    """Answers from a list of scores, and breaks ties by falling id, which is wrong."""

    def __init__(self, scores: list[float]) -> None:
        self.scores = np.array(scores, dtype=np.float32)
        self.asked: list[int] = []

    def fetch(self, queries: Vectors, count: int) -> Hits:
        self.asked.append(count)
        order = np.lexsort((-np.arange(len(self.scores)), -self.scores))[:count]
        hits = Hits.empty(len(queries), count)
        hits.ids[:, : len(order)] = order + 1
        hits.scores[:, : len(order)] = self.scores[order]
        return hits


@given(
    scores=st.lists(st.sampled_from([0.1, 0.2, 0.3, 0.9]), max_size=ROWS),
    excluded=st.sets(st.integers(1, ROWS + 3), max_size=ROWS),
    k=st.integers(1, ROWS + 5),
)
def test_exclusions_and_ties_are_exact(scores: list[float], excluded: set[int], k: int) -> None:
    banned = np.array(sorted(excluded), dtype=np.int64)
    pool = refill(Engine(scores).fetch, np.zeros((2, 1), dtype=np.float32), k, Sieve(banned), 1_000)
    left = [i for i in range(1, len(scores) + 1) if i not in excluded]
    best = sorted(left, key=lambda i: (-np.float32(scores[i - 1]), i))[:k]
    assert rank(pool.hits, k).ids.tolist() == [best + [-1] * (k - len(best))] * 2


def test_nothing_is_fetched_beyond_the_reach() -> None:
    engine = Engine([0.5 - i / 1_000 for i in range(400)])
    pool = refill(
        engine.fetch, np.zeros((1, 1), dtype=np.float32), 5, Sieve(np.arange(1, 301)), 200
    )
    assert max(engine.asked) == 200
    assert pool.short.tolist() == [True]


def test_one_fetch_is_enough_where_little_is_excluded() -> None:
    engine = Engine([0.5 - i / 1_000 for i in range(400)])
    refill(engine.fetch, np.zeros((1, 1), dtype=np.float32), 10, Sieve(np.array([3, 5])), 400)
    assert engine.asked == [13]


@given(
    scores=st.lists(st.integers(0, 6), min_size=1, max_size=30),
    k=st.integers(1, 12),
    banned=st.lists(st.integers(1, 30), max_size=8).map(sorted),
    step=st.sampled_from([1e-7, 1e-6, 0.1]),
)
def test_what_one_fetch_decides_is_what_fetching_on_gives(
    scores: list[int], k: int, banned: list[int], step: float
) -> None:
    engine = Engine([step * score for score in scores])
    excluded = np.array(banned, dtype=np.int64)
    query, sieve = np.zeros((1, 1), dtype=np.float32), Sieve(excluded)
    decided = settled(engine.fetch(query, sieve.first(k)), k, excluded)
    if decided is None:
        return
    expected = rank(refill(engine.fetch, query, k, sieve, 1_000).hits, k)
    assert decided.ids.tolist() == expected.ids.tolist()
    assert decided.scores.tolist() == expected.scores.tolist()


def test_one_fetch_decides_as_a_rule() -> None:
    engine = Engine(np.linspace(1, 0, 50).tolist())
    found = engine.fetch(np.zeros((1, 1), dtype=np.float32), Sieve(np.array([2])).first(10))
    assert settled(found, 10, np.array([2])) is not None


def test_what_was_fetched_already_is_not_fetched_again() -> None:
    engine = Engine([0.5] * 20)
    query, sieve = np.zeros((1, 1), dtype=np.float32), Sieve(np.array([3]))
    found = engine.fetch(query, sieve.first(5))
    pool = refill(engine.fetch, query, 5, sieve, 100, found)
    assert engine.asked == sorted(set(engine.asked))
    assert rank(pool.hits, 5).ids.tolist() == [[1, 2, 4, 5, 6]]
