"""Which collections answer is seen in the background; aliases and clock are of the test."""

import threading

import pytest

from nearfield.errors import Unavailable
from nearfield.vectors.watch import SECONDS, Watch
from service_process import wait_for


class Milvus:
    """Aliases that lead somewhere, or do not answer."""

    def __init__(self) -> None:
        self.now = 0.0
        self.leads: str | None = "v1"
        self.asked = 0
        self.is_away = False
        self.may_answer = threading.Event()
        self.may_answer.set()

    def target(self, alias: str) -> str | None:
        assert alias == "alias"
        self.asked += 1
        assert self.may_answer.wait(10)
        if self.is_away:
            raise Unavailable("away")
        return self.leads

    def clock(self) -> float:
        return self.now


@pytest.fixture
def milvus() -> Milvus:
    return Milvus()


@pytest.fixture
def watch(milvus: Milvus) -> Watch:
    return Watch(milvus.target, milvus.clock)


def test_it_is_asked_once_a_second_at_most(milvus: Milvus, watch: Watch) -> None:
    assert [watch.count("alias") for _ in range(50)] == [0] * 50
    assert milvus.asked == 1
    milvus.now += SECONDS / 2
    watch.count("alias")
    assert milvus.asked == 1
    milvus.now += SECONDS
    watch.count("alias")
    watch.close()
    assert milvus.asked == 2


def test_a_move_by_others_is_seen(milvus: Milvus, watch: Watch) -> None:
    assert watch.count("alias") == 0
    milvus.leads = "v2"
    assert watch.count("alias") == 0
    milvus.now += SECONDS
    wait_for(lambda: watch.count("alias") == 1, 10)
    milvus.leads = None
    milvus.now += SECONDS
    wait_for(lambda: watch.count("alias") == 2, 10)


def test_nobody_waits_for_what_is_asked_again(milvus: Milvus, watch: Watch) -> None:
    assert watch.count("alias") == 0
    milvus.may_answer.clear()
    milvus.now += 10 * SECONDS
    assert [watch.count("alias") for _ in range(5)] == [0] * 5
    milvus.may_answer.set()
    watch.close()
    assert milvus.asked == 2


def test_what_was_seen_holds_while_milvus_is_away(milvus: Milvus, watch: Watch) -> None:
    assert watch.count("alias") == 0
    milvus.is_away = True
    for _ in range(3):
        milvus.now += SECONDS
        assert watch.count("alias") == 0
        wait_for(lambda: not watch._asking, 10)
    milvus.is_away, milvus.leads = False, "v2"
    milvus.now += SECONDS
    wait_for(lambda: watch.count("alias") == 1, 10)


def test_where_nothing_was_ever_seen_it_is_said(milvus: Milvus, watch: Watch) -> None:
    milvus.is_away = True
    with pytest.raises(Unavailable):
        watch.count("alias")
    milvus.is_away = False
    assert watch.count("alias") == 0


def test_a_change_of_ones_own_counts_once(milvus: Milvus, watch: Watch) -> None:
    with watch.changing("alias") as change, change.marked() as (before, after):
        milvus.leads = "v2"
    assert (before, after, watch.count("alias")) == (0, 1, 1)
    milvus.now += SECONDS
    watch.count("alias")
    watch.close()
    assert watch.count("alias") == 1


def test_there_and_back_between_two_looks_is_noticed(milvus: Milvus, watch: Watch) -> None:
    assert watch.count("alias") == 0
    watch.saw("alias", "v2")  # which answered for a moment, and was read
    assert watch.count("alias") == 1
    milvus.now += SECONDS
    wait_for(lambda: watch.count("alias") == 2, 10)
