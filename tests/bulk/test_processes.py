"""Bulk work in processes of this machine."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bulk.toy_work import CRASHES, Square
from nearfield.bulk.places import Place
from nearfield.bulk.processes import Processes
from nearfield.bulk.work import CRASHED
from nearfield.errors import InvalidInput


@pytest.fixture
def work(tmp_path: Path) -> Square:
    (tmp_path / "sign.txt").write_text("-1")
    return Square(tmp_path)


@pytest.mark.parametrize("workers", [1, 2])
def test_every_job_is_done_once(work: Square, workers: int) -> None:
    with Processes(work, workers) as runner:
        runner.prepare()
        found = dict(runner.run(range(20)))
    assert found == {number: str(-(number**2)) for number in range(20)}


def test_jobs_are_taken_when_they_are_needed(work: Square) -> None:
    taken = []

    def jobs() -> Iterator[int]:
        for number in range(1000):
            taken.append(number)
            yield number

    with Processes(work, 2) as runner:
        results = runner.run(jobs())
        next(results)
        assert len(taken) < 10


@pytest.mark.parametrize("workers", [1, 2])
def test_a_crash_takes_its_own_job_along_and_nothing_else(work: Square, workers: int) -> None:
    with Processes(work, workers, apart=True) as runner:
        found = dict(runner.run([1, 2, CRASHES, 3, 4, 5]))
    crashed = found.pop(CRASHES)
    assert crashed.startswith(f"{CRASHED}: ended the process")
    assert found == {number: str(-(number**2)) for number in (1, 2, 3, 4, 5)}


def test_what_cannot_be_opened_is_told_as_it_is(work: Square, tmp_path: Path) -> None:
    (tmp_path / "sign.txt").unlink()
    for workers in (1, 2):
        with Processes(work, workers) as runner, pytest.raises(FileNotFoundError, match="sign"):
            runner.prepare()
        with Processes(work, workers) as runner, pytest.raises(FileNotFoundError, match="sign"):
            list(runner.run([1, 2, 3]))
    with Processes(work, 1, apart=True) as runner, pytest.raises(FileNotFoundError, match="sign"):
        runner.start()


@pytest.mark.parametrize(
    ("on", "address"),
    [
        ("ray", None),
        ("ray:auto", "auto"),
        ("ray:10.0.0.1:6379", "10.0.0.1:6379"),
        ("ray://head:10001", "ray://head:10001"),
    ],
)
def test_places_have_names(on: str, address: str | None) -> None:
    assert Place(on).address == address


@pytest.mark.parametrize("on", ["", "process", "ray:", "ray://", "spark://head", "10.0.0.1:6379"])
def test_there_are_no_other_places(on: str) -> None:
    with pytest.raises(InvalidInput, match="wanted processes, ray, ray://HOST:PORT"):
        Place(on)
