"""Scopes: what is admitted is exactly what set arithmetic says."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nearfield.recommend.filters import Scope, combine

keys = st.lists(st.integers(1, 40), max_size=30)


@given(out=st.lists(keys, max_size=4), within=st.lists(st.none() | keys, max_size=3))
def test_a_scope_admits_what_is_inside_every_list_and_not_excluded(
    out: list[list[int]], within: list[list[int] | None]
) -> None:
    scope = combine(
        [np.array(ids, dtype=np.int64) for ids in out],
        [None if ids is None else np.array(ids, dtype=np.int64) for ids in within],
    )
    everything = np.arange(1, 41)
    wanted = set(everything.tolist()).difference(*out)
    for ids in within:
        if ids is not None:
            wanted &= set(ids)
    assert set(everything[scope.admits(everything)].tolist()) == wanted
    assert scope.is_empty == (not wanted and any(ids is not None for ids in within))
    assert scope.only is None or scope.exclude is None


def test_no_list_at_all_admits_everything() -> None:
    scope = combine([], [None])
    assert scope == Scope()
    assert scope.admits(np.array([1, 2])).all()


def test_an_empty_allow_list_admits_nothing() -> None:
    assert combine([], [np.empty(0, dtype=np.int64)]).is_empty
