"""The circuit breaker, over a clock and a chance of the test's own."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nearfield.health import Breaker, Patience

PATIENCE = Patience(failures=3, seconds=1, pause=0.5, longest=8, jitter=0.3)


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


def breaker(chance: float = 0) -> Breaker:
    return Breaker(PATIENCE, Clock(), lambda: chance)


def opened(chance: float = 0) -> Breaker:
    found = breaker(chance)
    assert [found.failed("away", 1) for _ in range(3)] == [False, False, True]
    return found


def test_failures_at_once_do_not_open_it() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    found = Breaker(PATIENCE, lambda: now, lambda: 0)
    assert [found.failed("away", 0.01) for _ in range(20)] == [False] * 20
    now += timedelta(seconds=0.99)
    assert found.failed("away", 0.01)


def test_failures_that_took_long_open_it() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    found = Breaker(PATIENCE, lambda: now, lambda: 0)
    assert [found.failed("slow", 5) for _ in range(3)] == [False, False, True]


def test_at_first_all_is_well() -> None:
    health = breaker().health
    assert (health.state, health.failures, health.error) == ("ok", 0, "")


def test_it_opens_after_failures_in_a_row_only() -> None:
    found = breaker()
    for _ in range(5):
        assert not found.failed("away", 1)
        assert not found.failed("away", 1)
        found.answered()
    assert not found.refuses
    assert found.health.failures == 0
    assert opened().refuses


def test_it_tells_since_when_and_why() -> None:
    found = opened()
    health = found.health
    assert (health.state, health.failures, health.error) == ("open", 3, "away")
    found.failed("slow", 1)  # a call that was under way
    assert (found.health.failures, found.health.error) == (4, "slow")
    assert found.health.since == health.since


def test_a_call_that_was_under_way_closes_nothing() -> None:
    found = opened()
    found.answered()
    assert found.refuses


def test_a_probe_that_is_answered_closes_it() -> None:
    found = opened()
    found.probe()
    assert found.health.state == "probing"
    assert found.refuses
    found.probed("still away")
    assert (found.health.state, found.health.failures) == ("open", 4)
    found.probe()
    found.probed(None)
    assert (found.health.state, found.health.failures, found.health.error) == ("ok", 0, "")


def test_after_a_probe_one_failure_opens_it_again_with_the_longer_pause() -> None:
    found = opened()
    found.probe()
    found.probed(None)
    assert found.failed("away", 1)
    assert found.pause() == 1.0
    found.probe()
    found.probed(None)
    found.answered()
    assert [found.failed("away", 1) for _ in range(3)] == [False, False, True]
    assert found.pause() == 0.5


def test_pauses_grow_up_to_the_longest() -> None:
    found, pauses = opened(), list[float]()
    for _ in range(7):
        pauses.append(found.pause())
        found.probe()
        found.probed("away")
    assert pauses == [0.5, 1, 2, 4, 8, 8, 8]


@pytest.mark.parametrize(("chance", "pause"), [(0, 0.5), (0.5, 0.425), (1, 0.35)])
def test_chance_shortens_a_pause(chance: float, pause: float) -> None:
    assert opened(chance).pause() == pytest.approx(pause)


@given(st.lists(st.sampled_from(["answered", "failed", "good probe", "bad probe"]), max_size=60))
def test_whatever_happens_it_agrees_with_a_count(events: list[str]) -> None:
    found, row, trusted, open_ = breaker(), 0, True, False
    for event in events:
        if event == "answered":
            found.answered()
            if not open_:
                row, trusted = 0, True
        elif event == "failed":
            row += 1
            opens = not open_ and (row >= PATIENCE.failures or not trusted)
            assert found.failed("away", 1) == opens
            open_ = open_ or opens
        elif open_:  # probes are made of an open one only
            found.probe()
            found.probed(None if event == "good probe" else "away")
            open_, trusted = event != "good probe", trusted and event != "good probe"
            row = 0 if event == "good probe" else row + 1
        assert (found.refuses, found.health.failures) == (open_, row)
        assert 0 < found.pause() <= PATIENCE.longest
