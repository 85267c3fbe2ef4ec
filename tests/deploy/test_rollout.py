"""What the pods of the chart run, against real servers: migration, worker, a rolling update."""

import re
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import yaml

from real_servers.databases import empty_database
from real_servers.mariadb import mariadb_server
from real_servers.milvus import milvus_server
from real_servers.processes import end, free_port, listens, running, start, wait_until
from rendered_chart import CHART, RELEASE, SERVERS, Document, merged, named, rendered
from synthetic import make_movielens

pytestmark = pytest.mark.servers

_NEARFIELD: Final = Path(sys.executable).parent / "nearfield"
_METRICS: Final = "http://127.0.0.1:9091/metrics"  # where this version of Milvus tells its figures


@dataclass
class Cluster:
    """The objects of the chart, and what stands for the secrets and the volume."""

    documents: list[Document]
    secrets: dict[str, str]
    home: Path

    def environment(self, pod: Document) -> dict[str, str]:
        """Return what a pod's container sees; the volume lies elsewhere here."""
        (container,) = pod["spec"]["containers"]
        found: dict[str, str] = {}
        if "envFrom" in container:
            found |= named(self.documents, "ConfigMap", f"{RELEASE}-settings")["data"]
        for one in container["env"]:
            source = one.get("valueFrom", {})
            if secret := source.get("secretKeyRef"):
                found[one["name"]] = self.secrets[secret["name"]]
            elif "resourceFieldRef" in source:
                found[one["name"]] = "1"
            else:
                found[one["name"]] = one["value"]
        return found | {"NEARFIELD_HOME": str(self.home), "HOME": str(self.home.parent)}

    def command(self, pod: Document) -> list[str]:
        """Return what a pod's container runs."""
        (container,) = pod["spec"]["containers"]
        assert container["command"] == ["nearfield"]
        return [str(_NEARFIELD), *container["args"]]

    def pod(self, kind: str, name: str) -> Document:
        """Return the pod of an object."""
        found: Document = named(self.documents, kind, name)["spec"]["template"]
        return found


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The chart over a real Milvus, MariaDB and Redis, its database migrated by its job."""
    folder = tmp_path_factory.mktemp("cluster")
    port = free_port()
    redis = [shutil.which("redis-server") or "", "--port", str(port), "--save", ""]
    with ExitStack() as opened:
        uri = opened.enter_context(milvus_server())
        url = opened.enter_context(empty_database(opened.enter_context(mariadb_server())))
        queue = opened.enter_context(running(redis, folder / "redis.log"))
        wait_until(lambda: listens(port), queue, folder / "redis.log")
        secrets = {
            "nearfield-database": url.render_as_string(hide_password=False),
            "nearfield-redis": f"redis://127.0.0.1:{port}/0",
        }
        values = merged(SERVERS, {"vectors": {"uri": uri}})
        found = Cluster(rendered(values), secrets, folder / "home")
        job = found.pod("Job", f"{RELEASE}-migrate")
        migration = start(found.command(job), folder / "migrate.log", found.environment(job))
        assert migration.wait(60) == 0, (folder / "migrate.log").read_text()
        yield found


def test_the_migration_job_makes_the_schema_and_is_content_with_it(cluster: Cluster) -> None:
    job = cluster.pod("Job", f"{RELEASE}-migrate")
    log = cluster.home.parent / "again.log"
    checked = [*cluster.command(job), "--check"]
    assert start(checked, log, cluster.environment(job)).wait(60) == 0
    assert "the newest" in log.read_text()


def test_a_rolling_update_drops_no_request_while_a_worker_publishes(cluster: Cluster) -> None:
    _in_a_pod(cluster, "import", "movies", str(make_movielens(cluster.home.parent / "movies")))
    key = _in_a_pod(cluster, "keys", "add", "first", "--scope", "admin").splitlines()[-1]
    worker = cluster.pod("Deployment", f"{RELEASE}-worker")
    log = cluster.home.parent / "worker.log"
    with running(cluster.command(worker), log, cluster.environment(worker)), _Pod(cluster) as old:
        asked = httpx.Client(headers={"Authorization": f"Bearer {key}"}, trust_env=False)
        with asked as http:
            _do(http, old, "train", {"recommender": "fusion", "dim": 8, "epochs": 1})
            _do(http, old, "publish", {})
            callers = _Callers(old.address, key)
            with _Pod(cluster) as new, callers:
                callers.hear()
                callers.send_to(new.address)  # as the endpoints change: first the new one ...
                callers.hear()  # ... then the old one drains, as preStop has it
                old.stop()
                callers.hear()
            assert callers.wrong == []


def test_milvus_tells_the_figures_that_alerts_go_by(cluster: Cluster) -> None:
    assert cluster.secrets  # Milvus runs, and was searched by the tests before
    text = httpx.get(_METRICS, trust_env=False).text
    rules = yaml.safe_load((CHART / "alerts" / "milvus.yaml").read_text())["groups"][0]["rules"]
    asked = {name for rule in rules for name in re.findall(r"\bmilvus_\w+", rule["expr"])}
    assert asked == {name for name in asked if re.search(rf"^{name}[{{ ]", text, re.MULTILINE)}
    assert re.search(r'milvus_proxy_req_count\{function_name="Search",.*status="total"', text)
    assert 'quota_states="MemoryQuotaExhausted"' in text


class _Pod:
    """A pod of the service; on a port of its own, as all share one address here."""

    def __init__(self, cluster: Cluster) -> None:
        self._pod = cluster.pod("Deployment", RELEASE)
        self._cluster = cluster
        self._port = free_port()
        self.address = f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> "_Pod":
        command = [
            f"--port={self._port}" if word.startswith("--port=") else word
            for word in self._cluster.command(self._pod)
        ]
        log = self._cluster.home.parent / f"serve-{self._port}.log"
        self._process = start(command, log, self._cluster.environment(self._pod))
        probe = self._pod["spec"]["containers"][0]["readinessProbe"]["httpGet"]["path"]

        def ready() -> bool:
            try:
                return httpx.get(self.address + probe, trust_env=False).status_code == 200
            except httpx.TransportError:
                return False

        wait_until(ready, self._process, log)
        return self

    def __exit__(self, *_: object) -> None:
        end(self._process)

    def stop(self) -> None:
        """End it as Kubernetes does, within the time that it has."""
        self._process.terminate()
        assert self._process.wait(10) == 0


class _Callers:
    """Some who ask all the time, each wherever they are sent when they ask."""

    def __init__(self, address: str, key: str) -> None:
        self._address = address
        self._headers = {"Authorization": f"Bearer {key}"}
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(3)]
        self.statuses: list[int] = []
        self.wrong: list[str] = []

    def send_to(self, address: str) -> None:
        self._address = address

    def hear(self, answers: int = 20) -> None:
        """Wait until they have had some more answers."""
        wanted, until = len(self.statuses) + answers, time.monotonic() + 30
        while len(self.statuses) < wanted:
            assert time.monotonic() < until, self.wrong
            time.sleep(0.02)

    def __enter__(self) -> None:
        for thread in self._threads:
            thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _ask(self) -> None:
        while not self._over.is_set():
            try:
                with httpx.Client(headers=self._headers, verify=False, timeout=10) as http:
                    answer = http.get(
                        f"{self._address}/api/catalogues/movies/items/1/similar", params={"k": 5}
                    )
            except httpx.TransportError as error:
                self.wrong.append(repr(error))
                continue
            self.statuses.append(answer.status_code)
            if answer.status_code != 200:
                self.wrong.append(answer.text)
            time.sleep(0.02)


def _in_a_pod(cluster: Cluster, *words: str) -> str:
    """Run a command as `kubectl exec` does; return what it says."""
    pod = cluster.pod("Deployment", RELEASE)
    log = cluster.home.parent / "exec.log"
    log.unlink(missing_ok=True)
    process = start([_NEARFIELD, *words], log, cluster.environment(pod))
    assert process.wait(60) == 0, log.read_text()
    return log.read_text()


def _do(http: httpx.Client, pod: _Pod, kind: str, options: dict[str, Any]) -> None:
    """Ask for long work, and wait until the worker has done it."""
    asked = http.post(
        f"{pod.address}/api/catalogues/movies/jobs", json={"kind": kind, "options": options}
    )
    assert asked.status_code == 202, asked.text
    until = time.monotonic() + 90
    while True:
        job = http.get(f"{pod.address}/api/jobs/{asked.json()['id']}").json()
        if job["state"] not in ("queued", "running"):
            break
        assert time.monotonic() < until, job
        time.sleep(0.2)
    assert job["state"] == "done", job
