"""The table of jobs: who has one, how far it is, how it ended."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import update

from nearfield.catalogue.job_rows import now
from nearfield.catalogue.jobs import MOST_ATTEMPTS, Job, Jobs
from nearfield.catalogue.schema import jobs as table
from nearfield.catalogue.store import Catalogues
from nearfield.errors import InvalidInput, NotFound

PROGRESS = {"what": "Training", "done": 1, "total": 4, "unit": "batches", "note": ""}


@pytest.fixture
def jobs(store: Catalogues) -> Jobs:
    return store.jobs


def claimed(jobs: Jobs, worker: str = "one") -> Job:
    job = jobs.claim(jobs.add("train", "movies", {}).id, worker)
    assert job is not None
    return job


def test_a_job_is_queued_run_and_done(jobs: Jobs) -> None:
    asked = jobs.add("train", "movies", {"epochs": 2, "title": "Ærø"})
    assert (asked.state, asked.attempts, asked.options) == (
        "queued",
        0,
        {"epochs": 2, "title": "Ærø"},
    )
    assert asked.created is not None
    assert asked.started is None
    job = jobs.claim(asked.id, "one")
    assert job is not None
    assert (job.state, job.worker, job.attempts) == ("running", "one", 1)
    assert jobs.tell(job.id, "one", PROGRESS)
    assert jobs.get(job.id).progress == PROGRESS
    assert jobs.end(job.id, "one", "done", {"rows": [1, None]})
    done = jobs.get(job.id)
    assert (done.state, done.result) == ("done", {"rows": [1, None]})
    assert done.started is not None
    assert done.ended is not None
    assert asked.created <= done.started <= done.ended


def test_one_of_many_workers_gets_a_job(store: Catalogues) -> None:
    jobs = store.jobs
    job = jobs.add("train", "movies", {}).id
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda number: jobs.claim(job, f"worker {number}"), range(16)))
    assert sum(one is not None for one in won) == 1


def test_what_was_asked_for_first_is_done_first_also_after_it_was_cut_off(jobs: Jobs) -> None:
    added = [jobs.add("train", "movies", {"n": number}) for number in range(3)]
    first = sorted(added, key=lambda job: (job.created, job.id))
    for _ in range(2):
        taken = jobs.claim_next("one")
        assert taken is not None
        assert taken.id == first[0].id
        jobs.abandoned("one")
    in_turn = [jobs.claim_next("one") for _ in range(4)]
    assert [job and job.id for job in in_turn] == [*(job.id for job in first), None]


def test_only_the_worker_that_has_a_job_may_write_to_it(jobs: Jobs) -> None:
    job = claimed(jobs)
    assert not jobs.tell(job.id, "other", PROGRESS)
    assert not jobs.end(job.id, "other", "done")
    assert not jobs.give_back(job.id, "other")
    assert jobs.get(job.id).state == "running"


def test_a_job_that_waits_is_cancelled_at_once(jobs: Jobs) -> None:
    job = jobs.add("train", "movies", {})
    assert jobs.cancel(job.id).state == "cancelled"
    assert jobs.claim(job.id, "one") is None


def test_a_job_that_runs_is_cancelled_at_its_next_step(jobs: Jobs) -> None:
    job = claimed(jobs)
    found = jobs.cancel(job.id)
    assert (found.state, found.message) == ("running", "ends at its next step")
    assert not jobs.tell(job.id, "one", PROGRESS)
    assert not jobs.give_back(job.id, "one")
    assert jobs.end(job.id, "one", "cancelled", message="cancelled")
    assert jobs.get(job.id).state == "cancelled"


def test_cancelling_what_has_ended_changes_nothing(jobs: Jobs) -> None:
    job = claimed(jobs)
    jobs.end(job.id, "one", "done", {"rows": 1})
    found = jobs.cancel(job.id)
    assert (found.state, found.result) == ("done", {"rows": 1})


def test_a_job_that_is_given_back_counts_as_not_begun(jobs: Jobs) -> None:
    job = claimed(jobs)
    for _ in range(5):
        assert jobs.give_back(job.id, "one")
        again = jobs.claim(job.id, "one")
        assert again is not None
        assert again.attempts == 1


def test_jobs_of_a_worker_that_ended_are_queued_again_and_not_for_ever(jobs: Jobs) -> None:
    job = claimed(jobs)
    for attempt in range(1, MOST_ATTEMPTS + 1):
        assert jobs.get(job.id).attempts == attempt
        jobs.abandoned("one")
        jobs.claim(job.id, "one")
    found = jobs.get(job.id)
    assert found.state == "failed"
    assert "3 times" in found.message


def test_jobs_of_other_workers_stay_when_one_ends(jobs: Jobs) -> None:
    of_one, of_two = claimed(jobs, "one"), claimed(jobs, "two")
    cancelled = claimed(jobs, "one")
    jobs.cancel(cancelled.id)
    jobs.abandoned("one")
    states = [jobs.get(job.id).state for job in (of_one, of_two, cancelled)]
    assert states == ["queued", "running", "cancelled"]


def test_the_newest_are_listed_first_page_by_page(jobs: Jobs) -> None:
    added = [jobs.add("train", "movies", {"n": number}).id for number in range(7)]
    newest = sorted(added, key=lambda one: (jobs.get(one).created, one), reverse=True)
    first = [job.id for job in jobs.list(3)]
    second = [job.id for job in jobs.list(3, before=first[-1])]
    third = [job.id for job in jobs.list(3, before=second[-1])]
    assert first + second + third == newest
    assert jobs.list(3, before=third[-1]) == []
    assert [job.id for job in jobs.unfinished()] == newest[::-1]


def test_jobs_are_counted_by_state(jobs: Jobs) -> None:
    jobs.add("train", "movies", {})
    jobs.cancel(claimed(jobs).id)
    jobs.end(claimed(jobs).id, "one", "failed", message="why")
    assert jobs.counts() == {"queued": 1, "running": 1, "done": 0, "failed": 1, "cancelled": 0}


def asked_for_at(store: Catalogues, created: int) -> None:
    """Queue a job as if it had been asked for at a moment, in milliseconds since 1970."""
    job = store.jobs.add("train", "movies", {}).id
    change = update(table).where(table.c.id == job).values(created=created)
    store._database.write(lambda conn: conn.execute(change))


def test_how_long_the_oldest_job_waits(store: Catalogues) -> None:
    assert store.jobs.waits() == 0
    for ago in (60, 3600, 7200):
        asked_for_at(store, now() - 1000 * ago)
    assert 7200 <= store.jobs.waits() < 10_000
    assert store.jobs.claim_next("one") is not None  # what runs does not wait
    assert 3600 <= store.jobs.waits() < 7200
    for job in store.jobs.unfinished():
        store.jobs.cancel(job.id)
    assert store.jobs.waits() == 0


def test_a_clock_that_is_behind_makes_no_negative_wait(store: Catalogues) -> None:
    asked_for_at(store, now() + 60_000)
    assert store.jobs.waits() == 0


def test_what_programs_are_shown(jobs: Jobs) -> None:
    shown = jobs.add("train", "movies", {}).as_data()
    assert shown["progress"] == {"what": "", "done": 0, "total": 0, "unit": "", "note": ""}
    assert shown["created"].endswith("+00:00")
    assert (shown["started"], shown["ended"], shown["result"]) == (None, None, None)
    assert set(shown) == {
        *("id", "kind", "catalogue", "options", "state", "progress", "result", "message"),
        *("attempts", "created", "started", "ended"),
    }


def test_mistakes_are_named(jobs: Jobs) -> None:
    with pytest.raises(NotFound, match="no job 'x'"):
        jobs.get("x")
    with pytest.raises(NotFound, match="no job 'x'"):
        jobs.cancel("x")
    with pytest.raises(InvalidInput, match="list of 0"):
        jobs.list(0)
    with pytest.raises(InvalidInput, match="'queued'"):
        jobs.end(claimed(jobs).id, "one", "queued")


def test_jobs_stay_when_the_database_is_opened_again(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'again.db'}"
    with Catalogues(url) as catalogues:
        job = catalogues.jobs.add("train", "movies", {})
    with Catalogues(url) as catalogues:
        assert catalogues.jobs.get(job.id) == job


def test_jobs_that_are_asked_for_at_once_keep_their_order(store: Catalogues) -> None:
    asked = [store.jobs.add("refresh", "movies", {}).id for _ in range(200)]
    assert [job.id for job in store.jobs.unfinished()] == asked
    assert asked == sorted(asked)
