import numpy as np
import pytest

from nearfield.catalogue.condition import Compare
from nearfield.catalogue.matched import Matched
from nearfield.types import Ids


def keys(*values: int) -> Ids:
    return np.array(values, dtype=np.int64)


def never() -> Ids:
    raise AssertionError("it was read again")


def test_it_is_read_once_until_an_item_changes() -> None:
    matched, wanted = Matched(), Compare("year", ">", 1990)
    assert matched.keys(wanted, 1, lambda: keys(3, 4)).tolist() == [3, 4]
    assert matched.keys(wanted, 1, never).tolist() == [3, 4]
    assert matched.keys(wanted, 2, lambda: keys(3)).tolist() == [3]
    assert matched.keys(wanted, 2, never).tolist() == [3]


def test_who_asks_with_an_older_revision_reads_and_spoils_nothing() -> None:
    matched, wanted = Matched(), Compare("year", ">", 1990)
    matched.keys(wanted, 2, lambda: keys(3))
    assert matched.keys(wanted, 1, lambda: keys(9)).tolist() == [9]
    assert matched.keys(wanted, 2, never).tolist() == [3]


def test_equal_numbers_are_conditions_of_their_own() -> None:
    matched = Matched()
    matched.keys(Compare("disc", "=", 1), 1, lambda: keys(1))
    assert matched.keys(Compare("disc", "=", 1.0), 1, lambda: keys(2)).tolist() == [2]


def test_nobody_changes_what_others_get() -> None:
    found = Matched().keys(Compare("year", ">", 1), 1, lambda: keys(1, 2))
    with pytest.raises(ValueError, match="read-only"):
        found[0] = 7


def test_the_oldest_are_forgotten_when_it_is_much() -> None:
    matched, many = Matched(), np.arange(1_500_000, dtype=np.int64)
    for year in range(4):  # 12 MB each, of 32 MB
        matched.keys(Compare("year", "=", year), 1, many.copy)
    assert len(matched.keys(Compare("year", "=", 3), 1, never)) == len(many)
    assert matched.keys(Compare("year", "=", 0), 1, lambda: keys(5)).tolist() == [5]
