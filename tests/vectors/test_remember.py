"""Vectors that were read a moment ago, over a clock of the test's own."""

import numpy as np
import pytest

from nearfield.types import Ids, Vectors
from nearfield.vectors.remember import FEW, Remembered


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def memory(clock: Clock) -> Remembered:
    return Remembered(most=4, seconds=5, clock=clock)


def rows(*ids: int) -> tuple[Ids, Vectors]:
    return np.array(ids, dtype=np.int64), np.array([[i, -i] for i in ids], dtype=np.float32)


def keep(memory: Remembered, *ids: int, collection: str = "a") -> None:
    memory.keep(collection, rows(*ids), memory.writes(collection))


def knows(memory: Remembered, *ids: int, collection: str = "a") -> bool:
    found = memory.find(collection, rows(*ids)[0])
    if found is not None:
        np.testing.assert_array_equal(found, rows(*ids)[1])
    return found is not None


def test_what_was_kept_is_found_in_the_order_asked(memory: Remembered) -> None:
    keep(memory, 1, 2, 3)
    assert knows(memory, 3, 1)
    assert not knows(memory, 3, 4)
    assert not knows(memory, 1, collection="b")
    assert not knows(memory)


def test_it_is_forgotten_after_some_seconds(memory: Remembered, clock: Clock) -> None:
    keep(memory, 1)
    clock.now = 4.9
    assert knows(memory, 1)
    clock.now = 5.1
    assert not knows(memory, 1)


def test_what_is_written_is_forgotten(memory: Remembered) -> None:
    keep(memory, 1, 2)
    memory.forget("a", rows(2)[0])
    assert knows(memory, 1)
    assert not knows(memory, 2)


def test_a_reading_that_a_write_overtook_is_not_kept(memory: Remembered) -> None:
    writes = memory.writes("a")
    memory.forget("a", rows(9)[0])
    memory.keep("a", rows(1), writes)
    assert not knows(memory, 1)


def test_the_one_not_asked_for_the_longest_goes_first(memory: Remembered) -> None:
    keep(memory, 1, 2, 3, 4)
    assert knows(memory, 1)
    keep(memory, 5)
    assert knows(memory, 1, 3, 4, 5)
    assert not knows(memory, 2)


def test_many_at_once_are_not_remembered() -> None:
    memory, many = Remembered(), tuple(range(1, FEW + 2))
    keep(memory, *many)
    assert not knows(memory, 1)
    assert not knows(memory, *many)
