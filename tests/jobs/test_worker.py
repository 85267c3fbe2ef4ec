"""Jobs that a worker does: each kind, what goes wrong, what the queue loses or doubles."""

import json
import pickle
import shutil
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.conftest import opened, versions, working
from nearfield.errors import InvalidInput, NotFound
from nearfield.jobs.queue import QUEUE_FILE, Carrier, JobQueue
from nearfield.jobs.run import INTERNAL
from nearfield.pipelines.stores import Stores
from service_process import wait_for
from small_home import TINY

ENDLESS = {"recommender": "fusion", "epochs": 1000}  # minutes


def test_each_kind_of_movies_does_what_its_command_does(home: Path) -> None:
    with working(home) as found:
        before = found.stores.models.newest("movies").version
        asked = [
            found.queue.submit("train", "movies", {"recommender": "fusion", **TINY}),
            found.queue.submit("publish", "movies", {"space": "fusion"}),
            found.queue.submit("rollback", "movies", {"space": "fusion"}),
            found.queue.submit("publish", "movies", {"space": "fusion", "version": before}),
            found.queue.submit("refresh", "movies"),
            found.queue.submit("evaluate", "movies", {"models": ["popularity"], "epochs": 1}),
        ]
        done = [found.ended(job) for job in asked]
        assert [(job.state, job.message) for job in done] == [("done", "")] * len(done)
        trained, published, rolled, again, refreshed, measured = (job.result for job in done)
        assert trained["version"] > before
        assert len(trained["curve"]) == TINY["epochs"]
        assert published == {
            "catalogue": "movies", "space": "fusion", "version": trained["version"], "rows": 80
        }  # fmt: skip
        assert rolled["version"] == again["version"] == before
        assert refreshed["spaces"][0]["version"] == before
        report = json.loads((home / "reports" / "movies.json").read_text())
        assert report["created"] == measured["created"]
        assert [row["model"] for row in report["rows"]] == ["popularity"]
        assert done[0].progress["what"] == "Training fusion"
        assert done[0].progress["done"] == done[0].progress["total"]


@pytest.mark.parametrize(
    ("kind", "options", "named"),
    [
        ("trian", {}, "'trian': wanted one of train, publish"),
        ("train", {"recommender": "fusoin"}, "recommender='fusoin'"),
        ("train", {"recommender": "graph", "epochz": 1}, "epochz=1.*It knows .*epochs"),
        ("train", {"dim": 1}, "dim=1"),
        ("publish", {"version": "1"}, "say which by `space`"),
        ("publish", {"space": "fusion", "version": "../../etc"}, "version="),
        ("publish", {"model": "x"}, "model='x': Extra"),
        ("add-music", {"paths": []}, r"paths=\[\]"),
        ("add-music", {}, "paths="),
        ("evaluate", {"protocol": "x"}, "protocol='x'"),
        ("duplicates", {"a": 1}, "a=1"),
    ],
)
def test_what_cannot_be_done_is_refused_when_it_is_asked(
    home: Path, kind: str, options: dict[str, object], named: str
) -> None:
    with opened(home) as found:
        with pytest.raises(InvalidInput, match=named):
            found.queue.submit(kind, "movies", options)
        assert found.queue.list() == []


def test_a_mistake_is_told_as_the_command_line_tells_it(home: Path) -> None:
    with working(home) as found:
        job = found.ended(found.queue.submit("publish", "movies", {"space": "graph"}))
        assert job.state == "failed"
        assert "has no trained graph model. Run `nearfield train graph" in job.message
        absent = found.ended(found.queue.submit("train", "films", {"recommender": "fusion"}))
        assert "no catalogue 'films'" in absent.message


def test_an_error_of_ours_is_logged_and_not_shown(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (home / "reports").write_text("in the way")
    with working(home) as found:
        job = found.ended(found.queue.submit("evaluate", "movies", {"models": ["popularity"]}))
    assert (job.state, job.message) == ("failed", INTERNAL)
    assert "FileExistsError" in caplog.text


def test_a_running_job_is_cancelled_and_the_next_one_is_done(home: Path) -> None:
    with working(home) as found:
        endless = found.queue.submit("train", "movies", ENDLESS)
        next_one = found.queue.submit("rollback", "movies", {"space": "fusion"})
        waiting = found.queue.submit("refresh", "movies")
        assert found.queue.cancel(waiting.id).state == "cancelled"
        found.at(endless, "Training")
        assert found.queue.cancel(endless.id).state == "running"
        assert found.ended(endless).state == "cancelled"
        # there is one version only: what it says shows that it was tried
        assert "no fusion version before" in found.ended(next_one).message
        assert len(versions(found.stores)) == 1
        assert found.queue.get(waiting.id).attempts == 0


def test_what_the_queue_lost_is_found_in_sql(home: Path) -> None:
    with working(home) as found:
        job = found.stores.catalogues.jobs.add("refresh", "movies", {})
        assert found.ended(job).state == "done"


def test_what_the_queue_holds_twice_is_done_once(home: Path) -> None:
    with working(home) as found:
        carrier = Carrier(found.stores)
        carrier.send("nobody knows this one")
        job = found.stores.catalogues.jobs.add("train", "movies", {"recommender": "fusion", **TINY})
        for _ in range(5):
            carrier.send(job.id)
        last = found.queue.submit("refresh", "movies")
        found.ended(last)
        assert found.queue.get(job.id).attempts == 1
        assert len(versions(found.stores)) == 2


class Trap:
    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.file,))


def test_no_pickle_is_read(home: Path) -> None:
    sprung = home / "sprung"
    with working(home) as found:
        found.ended(found.queue.submit("refresh", "movies"))  # so that there is a queue
        with sqlite3.connect(home / QUEUE_FILE) as database:
            database.execute(
                "insert into task (queue, data, priority) values ('nearfield', ?, 0)",
                (pickle.dumps(Trap(sprung)),),
            )
        database.close()
        assert found.ended(found.queue.submit("refresh", "movies")).state == "done"
    assert not sprung.exists()


def test_jobs_are_listed_and_counted(home: Path) -> None:
    with opened(home) as found:
        one = found.queue.submit("refresh", "movies")
        two = found.queue.submit("refresh", "movies")
        assert {job.id for job in found.queue.list()} == {one.id, two.id}
        assert found.queue.counts()["queued"] == 2
        with pytest.raises(NotFound):
            found.queue.get("x")


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    with subprocess.Popen([*command, "--dir", str(tmp_path)], stdout=subprocess.DEVNULL) as server:
        with socket.socket() as probe:
            wait_for(lambda: probe.connect_ex(("127.0.0.1", port)) == 0, 30)
        yield f"redis://127.0.0.1:{port}/0"
        server.terminate()


if shutil.which("redis-server"):  # made so by tools/test-tools.sh

    def test_redis_carries_jobs_too(home: Path, redis: str) -> None:
        with working(home, redis) as found:
            assert found.ended(found.queue.submit("refresh", "movies")).state == "done"
            assert not (home / QUEUE_FILE).exists()

    def test_a_job_is_safe_and_done_where_redis_is_away(home: Path, redis: str) -> None:
        away = "redis://127.0.0.1:1/0"
        with working(home, redis) as found:
            job = JobQueue(found.stores, away).submit("refresh", "movies")
            assert found.ended(job).state == "done"
        with working(home, away) as found:
            assert found.ended(found.queue.submit("refresh", "movies")).state == "done"


def test_an_address_of_redis_that_cannot_be_read_is_named(home: Path) -> None:
    with Stores(home) as stores, pytest.raises(InvalidInput, match="NEARFIELD_REDIS_URL"):
        Carrier(stores, "http://somewhere")
