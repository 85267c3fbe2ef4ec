"""The service over a Milvus cluster whose parts are killed one after another, while it is asked."""

import logging
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from nearfield.home import Nearfield
from nearfield.vectors.options import MilvusOptions
from real_servers.asking import Asking, Question, Tally, asking
from real_servers.cluster import Cluster, milvus_cluster
from real_servers.questions import make_questions
from service_process import Served, served, wait_for
from small_home import fill_home

pytestmark = [pytest.mark.servers, pytest.mark.milvus, pytest.mark.slow]

REPLICAS = 2

_log = logging.getLogger(__name__)


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
    options = MilvusOptions(replicas=REPLICAS)
    with Nearfield(home, milvus_uri=cluster.uri, milvus=options) as nearfield:
        nearfield.publish()
    env = {"NEARFIELD_MILVUS_URI": cluster.uri, "NEARFIELD_MILVUS_REPLICAS": str(REPLICAS)}
    with served(home, "--no-worker", env=env) as found:
        yield found


@pytest.fixture
def asked(cluster: Cluster, service: Served, questions: list[Question]) -> Iterator[Asking]:
    """Ask the whole time; a test begins when all is well, and ends when it is so again."""
    with asking(service.address, questions) as found:
        found.wait_full(60)
        yield found
        cluster.mend()
        cluster.wait()
        wait_for(lambda: cluster.replicas() == REPLICAS, 60)


def check(tally: Tally) -> None:
    """See that everybody was answered, by what may be answered; the stall is told only."""
    _log.info("%s", tally)
    assert tally.sent, tally
    assert not tally.wrong, tally
    assert not tally.failed, tally


@pytest.mark.parametrize("role", ["querynode1", "querynode2"])
def test_each_query_node_may_die(role: str, cluster: Cluster, asked: Asking) -> None:
    killed = time.monotonic()
    cluster.kill(role)
    asked.wait_full(60)  # the other copy answers
    assert not cluster.alive(role)
    cluster.start(role)
    # back, it answers from no row at first, which must not be passed on
    wait_for(lambda: cluster.readable(role), 60)
    asked.wait_full(60)
    check(asked.tally(killed))


def test_the_second_query_node_may_die_before_the_first_is_ready(
    cluster: Cluster, asked: Asking
) -> None:
    killed = time.monotonic()
    cluster.kill("querynode1")
    asked.wait_full(60)
    cluster.start("querynode1")
    wait_for(lambda: cluster.replicas() == REPLICAS, 60)
    cluster.kill("querynode2")  # the other may answer from no row as long as this one is dead
    time.sleep(3)
    cluster.start("querynode2")
    asked.wait_full(60)
    check(asked.tally(killed))


def test_the_data_node_may_die(cluster: Cluster, asked: Asking) -> None:
    killed = time.monotonic()
    cluster.kill("datanode")
    asked.wait_full(60)
    assert not cluster.alive("datanode")
    cluster.start("datanode")
    cluster.wait("datanode")
    check(asked.tally(killed))


def test_lists_are_degraded_until_a_proxy_is_back(cluster: Cluster, asked: Asking) -> None:
    killed = time.monotonic()
    cluster.kill("proxy")
    wait_for(lambda: asked.tally(killed).degraded, 30)
    cluster.start("proxy")
    asked.wait_full(60)
    check(asked.tally(killed))


def test_a_standby_takes_over_from_the_coordinator(cluster: Cluster, asked: Asking) -> None:
    leader = cluster.leader()
    killed = time.monotonic()
    cluster.kill(leader)
    wait_for(lambda: cluster.leader() != leader, 60)
    asked.wait_full(60)
    assert not cluster.alive(leader)
    check(asked.tally(killed))
