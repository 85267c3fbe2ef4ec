"""Sets as rising arrays are what NumPy's own functions say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nearfield.rising import common, find, rising, without

numbers = st.lists(st.integers(-5, 30), max_size=30).map(
    lambda some: np.array(some, dtype=np.int64)
)


@given(numbers)
def test_distinct_ones_rise(some: np.ndarray) -> None:
    assert rising(some).tolist() == sorted(set(some.tolist()))


@given(numbers, numbers)
def test_sets(some: np.ndarray, others: np.ndarray) -> None:
    one, other = rising(some), rising(others)
    assert without(one, other).tolist() == np.setdiff1d(some, others).tolist()
    assert common(one, other).tolist() == np.intersect1d(some, others).tolist()
    places = find(one, others)
    assert (places >= 0).tolist() == np.isin(others, some).tolist()
    assert one[places[places >= 0]].tolist() == others[places >= 0].tolist()


def test_what_rises_is_not_copied() -> None:
    some = np.array([1, 2, 5], dtype=np.int32)
    assert rising(some) is some or np.shares_memory(rising(some), some)
    assert rising(some).dtype == np.int32


@pytest.mark.parametrize("shape", [(0,), (2, 3)])
def test_shapes(shape: tuple[int, ...]) -> None:
    some = np.arange(6)[::-1][: int(np.prod(shape))].reshape(shape)
    assert rising(some).tolist() == sorted(some.ravel().tolist())
