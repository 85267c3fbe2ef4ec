"""A Milvus server is killed and started again under the service, which is asked all the time."""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from nearfield.home import Nearfield
from real_servers.asking import Asking, Question, asking
from real_servers.milvus import MilvusServer, restartable_milvus
from real_servers.questions import MOVIES, either, make_questions
from service_process import Served, served, wait_for
from small_home import TINY, fill_home

pytestmark = [pytest.mark.servers, pytest.mark.milvus, pytest.mark.slow]

LATE = {"id": 900, "title": "Come Later", "year": 1999, "genres": ["Drama"]}
"""A movie that is there only because `refresh` gave it a vector: nothing was published since."""

ASKED, NEVER_ASKED = 15, 40  # users and movies that clients ask for, and one for whom nobody does
PATIENCE = 120.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Prepared:
    """A home with two models, and what each answers by exact search."""

    home: Path
    models: tuple[Path, Path]
    questions: list[Question]

    @property
    def second(self) -> str:
        """The version of the model that is published later."""
        return self.models[1].name


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    home = fill_home(tmp_path_factory.mktemp("killed") / "home")
    with Nearfield(home) as embedded:
        first = embedded.stores.models.newest("movies").folder
        embedded.stores.catalogue("movies").put_items([LATE])
        embedded.refresh()
        before = make_questions(embedded, ASKED, ASKED)
        second = embedded.train("fusion", **{**TINY, "seed": 1}).folder
        embedded.publish(model=second)
        after = make_questions(embedded, ASKED, ASKED)
    return Prepared(home, (first, second), either(before, after))


@pytest.fixture(scope="module")
def milvus() -> Iterator[MilvusServer]:
    with restartable_milvus() as found:
        yield found


@pytest.fixture(scope="module")
def service(prepared: Prepared, milvus: MilvusServer) -> Iterator[Served]:
    with Nearfield(prepared.home, milvus_uri=milvus.uri) as home:
        home.publish(model=prepared.models[0])
    with served(prepared.home, env={"NEARFIELD_MILVUS_URI": milvus.uri}) as found:
        job = found.http.post(f"{MOVIES}/jobs", json={"kind": "refresh"}).json()
        assert found.job(job["id"])["state"] == "done"
        yield found


@pytest.fixture
def asked(prepared: Prepared, service: Served) -> Iterator[Asking]:
    """Ask the whole time; a test begins when all is well."""
    with asking(service.address, prepared.questions, clients=2) as found:
        found.wait_full(PATIENCE)
        yield found


def check(asked: Asking, killed: float) -> None:
    """See that everybody was answered since a kill, some by less, and nobody wrongly."""
    tally = asked.tally(killed)
    _log.info("%s", tally)
    assert tally.degraded, tally
    assert not tally.wrong, tally
    assert not tally.failed, tally


def similar(service: Served) -> httpx.Response:
    answer = service.http.get(f"{MOVIES}/items/{LATE['id']}/similar?k=5")
    assert answer.status_code == 200, answer.text
    return answer


def items(answer: httpx.Response) -> Any:
    """Return the items of an answer; that it is of the full quality is seen to."""
    assert (answer.json()["degraded"], answer.headers.get("X-Nearfield-Degraded")) == (None, None)
    return answer.json()["items"]


def test_the_service_answers_while_milvus_is_dead_and_by_itself_is_whole_again(
    prepared: Prepared, milvus: MilvusServer, service: Served, asked: Asking
) -> None:
    before = items(similar(service))
    killed = time.monotonic()
    milvus.kill()
    wait_for(lambda: asked.tally(killed).degraded > 2 * ASKED, PATIENCE)
    wish = {"user": NEVER_ASKED, "where": "year > 1985"}
    never = service.http.post(f"{MOVIES}/recommend", json=wish)
    for answer, kind in ((similar(service), "last-good"), (never, "popular")):
        assert answer.status_code == 200
        assert answer.json()["degraded"] == answer.headers["X-Nearfield-Degraded"] == kind
    assert similar(service).json()["items"] == before
    assert all(one["year"] > 1985 for one in never.json()["items"])
    ready = service.http.get("/readyz")
    assert (ready.status_code, ready.json()["status"]) == (200, "degraded")

    milvus.start()
    asked.wait_full(PATIENCE)
    check(asked, killed)
    assert items(similar(service)) == before  # its vector was nowhere but in the log of Milvus
    items(service.http.post(f"{MOVIES}/recommend", json=wish))
    assert service.http.get("/readyz").json()["status"] == "ready"

    published = time.monotonic()
    job = service.http.post(f"{MOVIES}/models/fusion/{prepared.second}/publish").json()
    done = service.job(job["id"])
    assert (done["state"], done["message"]) == ("done", "")
    wait_for(lambda: asked.asked[-1].told == "version 1", PATIENCE)
    asked.wait_full(PATIENCE)
    tally = asked.tally(published)
    assert tally.right == tally.sent, tally


def test_milvus_may_be_killed_again_before_it_has_loaded_what_it_holds(
    milvus: MilvusServer, service: Served, asked: Asking
) -> None:
    killed = time.monotonic()
    for _ in range(2):
        milvus.kill()
        milvus.start()
    asked.wait_full(PATIENCE)
    check(asked, killed)
    items(similar(service))
