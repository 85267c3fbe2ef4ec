"""What is remembered of answers, and for how long."""

import numpy as np

from nearfield.recommend.ask import Ask, Guest
from nearfield.recommend.last_good import Keeping, LastGood, Remembered, question_of
from nearfield.types import Reason


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def answer(k: int = 3, moment: float = 0.0, items: int | None = None) -> Remembered:
    count = k if items is None else items
    reasons = ((Reason("because you liked it", 1.0),),) * count
    return Remembered(tuple(range(count)), (0.5,) * count, k, "fusion", {}, reasons, moment=moment)


def test_an_answer_is_forgotten_when_it_is_too_old() -> None:
    clock = Clock()
    memory = LastGood(Keeping(seconds=60), clock)
    memory.keep(b"a", answer())
    clock.now = 60
    assert memory.find(b"a", 3) is not None
    clock.now = 61
    assert memory.find(b"a", 3) is None
    assert (len(memory), memory.nbytes) == (0, 0)


def test_what_was_not_asked_for_longest_makes_room() -> None:
    size = answer().nbytes
    memory = LastGood(Keeping(size=2 * size), Clock())
    memory.keep(b"a", answer())
    memory.keep(b"b", answer())
    assert memory.find(b"a", 3) is not None
    memory.keep(b"c", answer())
    assert [memory.find(name, 3) is not None for name in (b"a", b"b", b"c")] == [True, False, True]
    assert memory.nbytes == 2 * size
    memory.keep(b"d", answer(k=1000))  # larger than all the room
    assert memory.find(b"d", 1) is None
    assert len(memory) == 2


def test_a_shorter_list_is_cut_from_a_longer_one_but_not_the_other_way() -> None:
    clock = Clock()
    memory = LastGood(Keeping(seconds=60), clock)
    memory.keep(b"a", answer(k=10))
    memory.keep(b"a", answer(k=3, moment=10))
    found = memory.find(b"a", 8)
    assert found is not None
    assert found.k == 10
    assert memory.find(b"a", 11) is None
    memory.keep(b"a", answer(k=3, moment=40))  # the longer one is old by now
    assert memory.find(b"a", 8) is None
    memory.keep(b"b", answer(k=10, items=4))
    assert memory.find(b"b", 50) is not None  # there were no more


def test_equal_questions_are_equal_and_others_are_not() -> None:
    ask = Ask(user=3, liked=[1, 2], exclude=[5, 6], k=10)
    of = ("catalogue", "fusion")
    same = Ask(user="3", liked={"1": 1.0, "2": 1.0}, exclude=["6", 5], k=99)
    assert question_of("recommend", of, ask) == question_of("recommend", of, same)
    vector = np.array([1.0, 0.0], dtype=np.float32)
    others = [
        Ask(user=4, liked=[1, 2], exclude=[5, 6]),
        Ask(user=3, liked=[2, 1], exclude=[5, 6]),  # the newest is another
        Ask(user=3, liked={1: 1.0, 2: 2.0}, exclude=[5, 6]),
        Ask(user=3, disliked=[1, 2], exclude=[5, 6]),
        Ask(user=3, liked=[1, 2], exclude=[5]),
        Ask(user=3, liked=[1, 2], exclude=[5, 6], where="year > 1990"),
        Ask(user=3, liked=[1, 2], exclude=[5, 6], allow=[]),
        Ask(user=3, liked=[1, 2], exclude=[5, 6], guests={"a": Guest(vector)}),
        Ask(user=3, liked=[1, 2], exclude=[5, 6], guests={"a": Guest(-vector)}),
        Ask(user=3, liked=[1, 2], exclude=[5, 6], at_most={"artist": 1}),
        Ask(user=3, liked=[1, 2], exclude=[5, 6], repeat=0),
    ]
    told = {question_of("recommend", of, one) for one in [ask, *others]}
    assert len(told) == 1 + len(others)
    assert question_of("similar", of, ask) not in told
    assert question_of("recommend", ("other", "fusion"), ask) not in told
