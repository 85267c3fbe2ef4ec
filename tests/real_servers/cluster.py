"""A real Milvus cluster on one machine, each part a process that can be killed by itself.

It takes some 2 GB, and fixed ports: one cluster in each network (`tools/alone.sh`).

- etcd is Debian's, the object store is SeaweedFS over S3. (Milvus could keep its files in a folder
  that all parts share, but the store is a part that fails, too.)
- The queue is the broker inside librdkafka. It keeps all in memory, so it alone must not be
  killed: what replaces it is empty, and Milvus does not mend that.
"""

import base64
import json
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import httpx
from pymilvus import MilvusClient
from pymilvus.exceptions import MilvusException

from real_servers.cluster_parts import LEADER_KEY, ROLES, RUNS, Parts
from real_servers.memory import resident_mb
from real_servers.milvus import answers
from real_servers.processes import end, listens, start, wait_until

LEASE: Final = 10
"""Seconds until a standby coordinator takes over."""

_TOLD: Final = 600  # characters of each log that are shown when the cluster fails


class Cluster:
    """The parts of a cluster by role, see `ROLES`; each may be ended and started again."""

    roles = ROLES

    def __init__(self, folder: Path, lease: int) -> None:
        self._parts = Parts(folder, lease)
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._logged: dict[str, int] = {}  # bytes of each log before the process was started

    @property
    def uri(self) -> str:
        """Where the proxy answers."""
        return self._parts.uri

    def start(self, role: str) -> None:
        """Start a part that does not run; `wait` tells when it is up."""
        assert not self.alive(role), f"{role} runs already"
        part, log = self._parts.part(role), self._log(role)
        self._logged[role] = log.stat().st_size if log.exists() else 0
        self._processes[role] = start(part.command, log, part.env)

    def wait(self, *roles: str, seconds: float = 90) -> None:
        """Wait until parts (all, where none is named) are healthy."""
        for role in roles or self.roles:
            process, log = self._processes[role], self._log(role)
            wait_until(lambda role=role: self.healthy(role), process, log, seconds)  # type: ignore[misc]

    def kill(self, role: str) -> None:
        """Kill a part as `kill -9` does."""
        end(self._processes[role])

    def stop(self, role: str) -> None:
        """Let a part hang: it answers nothing, and its connections stay."""
        self._processes[role].send_signal(signal.SIGSTOP)

    def cont(self, role: str) -> None:
        """Let a part that hung go on; see `mend`."""
        self._processes[role].send_signal(signal.SIGCONT)

    def mend(self) -> None:
        """Start every part that ended, as Kubernetes does: one that hung longer than its lease
        ends by itself when it goes on.
        """
        for role in self.roles:
            if not self.alive(role):
                self.start(role)

    def alive(self, role: str) -> bool:
        """Tell whether the process of a part runs."""
        process = self._processes.get(role)
        return process is not None and process.poll() is None

    def healthy(self, role: str | None = None) -> bool:
        """Tell whether a part, or every one, runs and says that it is well."""
        if role is None:
            return all(map(self.healthy, self.roles)) and answers(self.uri)
        if not self.alive(role):
            return False
        if role == "queue":
            return self._parts.queue_file.exists() and bool(self._parts.queue_file.read_text())
        part = self._parts.part(role)
        if part.listens is not None:
            return listens(part.listens)
        try:
            answer = httpx.get(f"http://127.0.0.1:{part.health}/healthz", timeout=2)
        except httpx.HTTPError:
            return False
        return answer.status_code == 200

    def leader(self) -> str:
        """Return the role of the coordinator that leads."""
        key = base64.b64encode(LEADER_KEY.encode()).decode()
        found = httpx.post(f"{self._parts.etcd}/v3/kv/range", json={"key": key}).json()
        session = json.loads(base64.b64decode(found["kvs"][0]["value"]))
        return self._parts.coordinator_at(session["Address"])

    def replicas(self) -> int:
        """Return how many copies of each collection are led by a node, of the one with fewest."""
        client = MilvusClient(self.uri, timeout=5)
        try:
            found = [client.describe_replica(name) for name in client.list_collections()]
        except MilvusException:  # of one that has lost all nodes
            return 0
        finally:
            client.close()
        led = [[one for one in all_of if _is_led(one)] for all_of in found]
        return min(map(len, led), default=0)

    def readable(self, role: str) -> bool:
        """Tell whether a query node that was started says that there are rows to answer from."""
        with self._log(role).open("rb") as log:
            log.seek(self._logged[role])
            return b"Update readable segment version" in log.read()

    def memory_mb(self) -> float:
        """Return the resident memory of all parts together."""
        return sum(resident_mb(one.pid) for one in self._processes.values())

    def said(self) -> str:
        """Return the end of what each part logged."""
        logs = {role: self._log(role) for role in self._processes}
        return "\n".join(
            f"--- {role} ({'runs' if self.alive(role) else 'ended'})\n"
            + log.read_text(errors="replace")[-_TOLD:]
            for role, log in logs.items()
            if log.exists()
        )

    def close(self) -> None:
        """End every part; those first that others do not need."""
        for role in reversed(self._processes):
            with suppress(ProcessLookupError, subprocess.TimeoutExpired):
                end(self._processes[role])

    def _log(self, role: str) -> Path:
        return self._parts.folder_of(role) / "log"


def _is_led(replica: Any) -> bool:
    return bool(replica.group_nodes) and all(
        shard.shard_leader in replica.group_nodes for shard in replica.shards
    )


@contextmanager
def milvus_cluster(folder: Path | None = None, lease: int = LEASE) -> Iterator[Cluster]:
    """Run a cluster for the time of the block, and yield it when all of it is up.

    Parameters
    ----------
    folder : Path, optional
        Its data and logs; where not given they are thrown away at the end, and the end of each
        log is shown where the block fails.
    lease : int
        Seconds after which a part that died is given up by the others.
    """
    home = folder or Path(tempfile.mkdtemp(prefix="nf-cluster-"))
    cluster = Cluster(home, lease)
    try:
        for role in ("etcd", "queue", "store"):
            cluster.start(role)
        cluster.wait("etcd", "queue", "store")
        cluster.start("coordinator")
        cluster.wait("coordinator")  # so that it is the one that leads
        for role in RUNS:
            if role != "coordinator":
                cluster.start(role)
        cluster.wait()
        until = time.monotonic() + 60
        while not answers(cluster.uri):
            assert time.monotonic() < until, "the proxy does not answer"
            time.sleep(0.2)
        yield cluster
    except BaseException as error:
        error.add_note(cluster.said())
        raise
    finally:
        cluster.close()
        if folder is None:
            shutil.rmtree(home, ignore_errors=True)
