"""The service over a Milvus cluster whose parts are killed one after another."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from nearfield.home import Nearfield
from real_servers.asking import Question, asking
from real_servers.cluster import Cluster, milvus_cluster
from real_servers.questions import make_questions
from service_process import Served, served
from small_home import fill_home

pytestmark = [pytest.mark.servers, pytest.mark.milvus, pytest.mark.slow]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with milvus_cluster() as found:
        yield found


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fill_home(tmp_path_factory.mktemp("cluster") / "home")


@pytest.fixture(scope="module")
def questions(home: Path) -> list[Question]:
    with Nearfield(home) as nearfield:
        return make_questions(nearfield, users=20, items=20)


@pytest.fixture(scope="module")
def service(cluster: Cluster, home: Path, questions: list[Question]) -> Iterator[Served]:
    """Run the service over the cluster; `questions` are made of the home before it is served."""
    with Nearfield(home, milvus_uri=cluster.uri) as nearfield:
        nearfield.publish()
    with served(home, "--no-worker", env={"NEARFIELD_MILVUS_URI": cluster.uri}) as found:
        yield found


def test_full_answers_come_back_when_the_proxy_does(
    cluster: Cluster, service: Served, questions: list[Question]
) -> None:
    with asking(service.address, questions) as asked:
        asked.wait_full(30)
        killed = time.monotonic()
        cluster.kill("proxy")
        time.sleep(2)
        assert asked.tally(killed).sent
        cluster.start("proxy")
        asked.wait_full(60)
    assert not asked.tally(0).wrong, asked.tally(0)
