"""The service over a MariaDB that hangs while it is asked: nobody waits for it, nothing is lost."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import create_engine, make_url, text

from nearfield.home import Nearfield
from nearfield.service.config import ServiceConfig
from posting import posting
from real_servers.mariadb import MariaDB, running_mariadb
from real_servers.processes import free_port
from real_servers.questions import MOVIES
from running_service import Running, running
from service_process import wait_for
from small_home import TINY
from synthetic import make_movielens

pytestmark = pytest.mark.servers

DEADLINE = 20.0
"""Seconds for an answer; a connection may wait for four, and a write for thirty."""

READS: list[tuple[str, dict[str, Any] | None]] = [
    (f"{MOVIES}/recommend", {"user": 3}),
    (f"{MOVIES}/items/5/similar", None),
    (f"{MOVIES}/items?q=a", None),
    (f"{MOVIES}/items/5", None),
    (f"{MOVIES}/users/3", None),
    (f"{MOVIES}/users", None),
    (f"{MOVIES}/playlists", None),
    ("/api/catalogues", None),
    ("/api/jobs", None),
]
"""Where to ask, and what to post."""


@dataclass(frozen=True)
class Stage:
    """A service, its database, and a key that opens it."""

    database: MariaDB
    url: str
    folder: Path
    service: Running
    key: str

    def ask(self, path: str, body: dict[str, Any] | None, key: str | None = None) -> httpx.Response:
        headers = {"X-API-Key": key or self.key}
        with httpx.Client(
            base_url=self.service.address, timeout=DEADLINE, trust_env=False, headers=headers
        ) as http:
            return http.get(path) if body is None else http.post(path, json=body)

    def ask_all(self, times: int = 1) -> list[httpx.Response]:
        """Ask everything at once, so and so often."""
        with ThreadPoolExecutor(len(READS) * times) as threads:
            return list(threads.map(lambda one: self.ask(*one), READS * times))


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("hanging") / "home"
    with running_mariadb(options=(), port=free_port()) as database:
        engine = create_engine(database.url)
        with engine.begin() as conn:
            conn.execute(text("CREATE DATABASE facts CHARACTER SET utf8mb4"))
        engine.dispose()
        url = make_url(database.url).set(database="facts").render_as_string(hide_password=False)
        with Nearfield(folder, database_url=url) as home:
            home.import_folder("movies", make_movielens(folder.parent / "data"))
            home.train("fusion", **TINY)
            home.publish()
            key = home.stores.catalogues.keys.add("all", ["read", "write", "admin"])
        with running(ServiceConfig(folder, database_url=url, keys=True)) as service:
            yield Stage(database, url, folder, service, key)


def answers(stage: Stage) -> list[Any] | None:
    """Return what is answered to everything; None where something is not."""
    found = stage.ask_all()
    return [one.json() for one in found] if all(one.is_success for one in found) else None


def test_who_asks_is_told_before_it_goes_on(stage: Stage) -> None:
    before = answers(stage)
    assert before is not None
    with stage.database.frozen():
        first = stage.ask_all(times=8)  # more than there are threads
        then = stage.ask_all()
        written = stage.ask(f"{MOVIES}/events", {"events": [{"user": 3, "item": 5}]})
        unknown = stage.ask(f"{MOVIES}/items/5", None, key="never-seen")
        lives = stage.ask("/healthz", None)
        ready = stage.ask("/readyz", None)
    told = [one for one in first if one.status_code != 200]
    assert len(told) > len(first) / 2
    known = [one.json() for one in first if one.status_code == 200]
    assert all(one in before for one in known)  # for a second, items are in memory
    refused = [*told, *then, written, unknown]
    assert {one.status_code for one in refused} == {503}
    assert all(one.headers["Retry-After"] for one in refused)
    said = [one.json()["detail"] for one in refused]
    assert all("did not answer in time" in one or "has not answered since" in one for one in said)
    assert "has not answered since" in said[-1]
    assert "See whether it hangs" in said[-1]
    assert lives.status_code == 200
    assert ready.status_code == 503
    assert wait_for(lambda: answers(stage), DEADLINE) == before  # nothing was written meanwhile
    health = stage.service.service.stores.catalogues._database._health
    assert health is not None
    assert health.health.state == "ok"


def test_what_was_acknowledged_is_there_when_it_goes_on(stage: Stage) -> None:
    headers = {"X-API-Key": stage.key}
    with posting(stage.service.address, headers=headers) as posted:
        wait_for(lambda: len(posted.acknowledged) > 20, DEADLINE)
        with stage.database.frozen():
            wait_for(lambda: posted.refused, DEADLINE)
            stage.ask_all()
        seen = len(posted.acknowledged)
        wait_for(lambda: len(posted.acknowledged) > seen + 20, DEADLINE)
    assert {one.split()[0] for one in posted.refused} == {"503"}
    with Nearfield(stage.folder, database_url=stage.url) as home:
        lost, twice = posted.check(home.stores.catalogue("movies"))
    assert not lost
    assert not twice


def test_a_slow_question_keeps_nobody_out(stage: Stage) -> None:
    """Where one takes too long and others are answered, the server does not hang."""
    database = stage.service.service.stores.catalogues._database
    health = database._health
    assert health is not None
    with ThreadPoolExecutor(1) as threads:

        def sleep() -> str:
            try:
                with database.reading() as conn:
                    conn.exec_driver_sql("SELECT SLEEP(30)")
            except Exception as error:
                return str(error)
            return "was answered"

        slow = threads.submit(sleep)
        while not slow.done():
            assert stage.ask(f"{MOVIES}/items/5", None).status_code == 200
    assert "did not answer in time" in slow.result()
    assert health.health.state == "ok"
