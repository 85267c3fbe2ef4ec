import threading

import pytest

from nearfield.training.prefetch import Prefetched


def squared(number: int) -> int:
    return number * number


def test_batches_come_whole_and_in_order() -> None:
    batches = Prefetched(squared, 20)
    assert len(batches) == 20
    assert list(batches) == [number * number for number in range(20)]


def test_they_are_made_in_another_thread_and_it_ends_with_the_last() -> None:
    threads = set(Prefetched(lambda _: threading.current_thread(), 5))
    assert len(threads) == 1
    (producer,) = threads
    assert producer is not threading.current_thread()
    assert not producer.is_alive()


def test_an_error_is_raised_where_the_batch_is_waited_for() -> None:
    def broken(number: int) -> int:
        if number == 2:
            raise ValueError("batch 2 cannot be made")
        return number

    stream = iter(Prefetched(broken, 9))
    assert [next(stream), next(stream)] == [0, 1]
    with pytest.raises(ValueError, match="batch 2 cannot be made"):
        next(stream)


def test_whoever_stops_early_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    stream = iter(Prefetched(squared, 1_000))
    assert [next(stream) for _ in range(3)] == [0, 1, 4]
    stream.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before
