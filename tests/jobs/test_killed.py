"""kill -9 of a worker in the middle of jobs: the next one does them, nothing lost or doubled."""

import random
import time
from pathlib import Path

import pytest

from jobs.conftest import Working, end, opened, versions, worker_process
from music.library import make_library
from nearfield.catalogue.jobs import MOST_ATTEMPTS, Job
from nearfield.jobs.worker import WORKERS
from nearfield.pipelines.stores import Stores
from small_home import TINY

pytestmark = pytest.mark.slow  # each worker loads everything anew

TRAINING = {**TINY, "recommender": "fusion", "epochs": 60, "width": 64, "dim": 32}


def kill_at(found: Working, home: Path, job: Job, what: str | None) -> None:
    """Let a worker come to a step of a job, and kill it some moments later."""
    with worker_process(home) as process:
        if what is None:
            found.reaches(job, lambda one: one.state == "running")
        else:
            found.at(job, what)
        time.sleep(random.Random(what or "").random() / 5)
        process.kill()


def finish(found: Working, home: Path, *jobs: Job) -> list[Job]:
    """Let a worker do the rest, and end well."""
    with worker_process(home) as process:
        done = [found.ended(job) for job in jobs]
        assert end(process) == 0
    assert [job.state for job in done] == ["done"] * len(done), [job.message for job in done]
    assert list((home / WORKERS).glob("*.lock")) == []
    return done


def test_training_and_publishing_go_on_after_kills(home: Path) -> None:
    with opened(home) as found:
        training = found.queue.submit("train", "movies", TRAINING)
        publishing = found.queue.submit("publish", "movies", {"space": "fusion"})
        kill_at(found, home, training, None)
        kill_at(found, home, training, "Training")
        trained, _ = finish(found, home, training, publishing)
        assert trained.attempts <= 3
        assert len(versions(found.stores)) == 2
        assert not list(home.glob("models/*/*/*.partial"))
    with Stores(home) as stores:
        space, index = stores.spaces.open("movies", "fusion")
        assert space.version == trained.result["version"]
        assert len(index) == space.rows == stores.spaces.count(space)


def test_publishing_goes_on_after_a_kill(home: Path) -> None:
    with opened(home) as found:
        trained = found.queue.submit("train", "movies", {**TRAINING, "epochs": 1})
        job = found.queue.submit("publish", "movies", {"space": "fusion"})
        kill_at(found, home, job, None)
        done, published = finish(found, home, trained, job)
        assert published.result["version"] == done.result["version"]
    with Stores(home) as stores:
        assert [space.rows for space in stores.spaces.list()] == [80, 80]


def test_songs_are_added_once_however_often_the_worker_is_killed(tmp_path: Path) -> None:
    home, library = tmp_path / "home", make_library(tmp_path / "library", songs=1)
    files = sorted(library.rglob("*.*"))
    with opened(home) as found:
        options = {"paths": [str(library)], "workers": 1}
        job = found.queue.submit("add-music", "songs", options)
        kill_at(found, home, job, "Listening")
        kill_at(found, home, job, "Loading songs")
        (done,) = finish(found, home, job)
        again = found.queue.submit("add-music", "songs", options)
        (unchanged,) = finish(found, home, again)
        assert (done.result["songs"], done.result["failed"]) == (len(files), 0)
        assert (unchanged.result["unchanged"], unchanged.result["added"]) == (len(files), 0)
        counts = found.stores.catalogue("songs").counts()
        assert counts.items == len(files)
    assert sorted(library.rglob("*.*")) == files
    with Stores(home) as stores:
        space, index = stores.spaces.open("songs", "sound")
        assert stores.spaces.count(space) == len(index) == len(files)


def test_a_worker_that_is_asked_to_end_gives_its_job_back(home: Path) -> None:
    with opened(home) as found:
        job = found.queue.submit("train", "movies", TRAINING)
        with worker_process(home) as process:
            found.at(job, "Training")
            assert end(process) == 0
        waiting = found.queue.get(job.id)
        assert (waiting.state, waiting.attempts) == ("queued", 0)
        (done,) = finish(found, home, job)
        assert done.attempts == 1
        assert len(versions(found.stores)) == 2


def test_work_that_ends_each_worker_fails_and_does_not_block_the_rest(home: Path) -> None:
    with opened(home) as found:
        job = found.queue.submit("train", "movies", {**TRAINING, "epochs": 1000})
        for attempt in range(1, MOST_ATTEMPTS + 1):
            with worker_process(home) as process:
                found.reaches(
                    job,
                    lambda one, at=attempt: one.state == "running" and one.attempts == at,  # type: ignore[misc]
                )
                process.kill()
        after = found.queue.submit("refresh", "movies")
        finish(found, home, after)
        failed = found.queue.get(job.id)
        assert failed.state == "failed"
        assert f"ended {MOST_ATTEMPTS} times" in failed.message


def test_a_worker_leaves_the_job_of_another_one_alone(home: Path) -> None:
    with opened(home) as found:
        job = found.queue.submit("train", "movies", {**TRAINING, "epochs": 1000})
        with worker_process(home) as one:
            found.at(job, "Training")
            with worker_process(home) as other:
                found.ended(found.queue.submit("versions", "movies"))
                found.reaches(job, lambda one: one.state == "running")
                assert end(other) == 0
            assert found.queue.get(job.id).attempts == 1
            found.queue.cancel(job.id)
            assert found.ended(job).state == "cancelled"
            assert end(one) == 0
