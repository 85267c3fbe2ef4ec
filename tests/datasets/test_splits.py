"""Splits cover every event once and hold out what they say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nearfield.datasets.histories import event_weights, preference
from nearfield.datasets.splits import Split, leave_last_out, random_split
from nearfield.datasets.tables import AGAINST, EVENT_KINDS, Interactions


@st.composite
def interactions(draw: st.DrawFn) -> Interactions:
    """Events of up to six users, some of whom have none, sorted as promised."""
    users = draw(st.integers(1, 6))
    event = st.tuples(
        st.integers(0, users - 1), st.integers(0, 3), st.sampled_from(range(len(EVENT_KINDS)))
    )
    rows = sorted(draw(st.lists(event, max_size=40)), key=lambda row: row[:2])
    user, time, kind = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    return Interactions(
        user=user.astype(np.int32),
        item=np.arange(len(rows), dtype=np.int32),
        kind=kind.astype(np.int8),
        value=np.full(len(rows), np.nan, dtype=np.float32),
        time=time,
        users=users,
        items=max(len(rows), 1),
    )


def covers_once(split: Split, events: int) -> bool:
    total = split.train.astype(int) + split.validation + split.test
    return total.shape == (events,) and bool((total == 1).all())


@given(interactions())
def test_the_last_two_ordinary_events_of_each_user_are_held_out(events: Interactions) -> None:
    split = leave_last_out(events)
    assert covers_once(split, len(events))
    for user in range(events.users):
        own = [
            row
            for row in np.flatnonzero(events.user == user).tolist()
            if EVENT_KINDS[events.kind[row]] not in AGAINST
        ]
        tested = np.flatnonzero(split.test & (events.user == user)).tolist()
        validated = np.flatnonzero(split.validation & (events.user == user)).tolist()
        if len(own) < 3:
            assert (tested, validated) == ([], [])
        else:
            assert (tested, validated) == ([own[-1]], [own[-2]])


@given(
    interactions(),
    st.floats(0, 1, exclude_max=True),
    st.floats(0, 1, exclude_max=True),
    st.integers(0, 9),
)
def test_a_random_split_has_the_shares_asked_for(
    events: Interactions, test: float, validation: float, seed: int
) -> None:
    split = random_split(events, test, validation, seed)
    assert covers_once(split, len(events))
    assert split.test.sum() == round(test * len(events))
    assert split.validation.sum() == round(validation * (len(events) - split.test.sum()))
    again = random_split(events, test, validation, seed)
    assert (again.test == split.test).all()
    assert (again.validation == split.validation).all()


def test_another_seed_is_another_split() -> None:
    rows = np.arange(100)
    events = Interactions(
        rows.astype(np.int32) // 10,
        rows.astype(np.int32),
        np.zeros(100, np.int8),
        np.ones(100, np.float32),
        rows.astype(np.int64),
        users=10,
        items=100,
    )
    assert (random_split(events, seed=1).test != random_split(events, seed=2).test).any()
    with pytest.raises(ValueError, match=r"test share 1.5: wanted at least 0 and less than 1"):
        random_split(events, test=1.5)


def test_events_against_an_item_weigh_less_than_nothing() -> None:
    codes = np.arange(len(EVENT_KINDS), dtype=np.int8)
    weights = event_weights(codes)
    assert weights.dtype == np.float32
    for kind, weight in zip(EVENT_KINDS, weights, strict=True):
        assert weight == preference(kind)
        assert (weight < 0) == (kind in AGAINST)
