"""The real Milvus server, alone: one process with etcd and its queue inside.

It binds fixed ports on every address, so there is one in each network (`tools/alone.sh`).
"""

import base64
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import httpx
from pymilvus import MilvusClient
from pymilvus.exceptions import MilvusException

from real_servers.processes import PROGRAMS, end, free_port, listens, start, wait_until

_SERVICES = (
    "etcd",
    "root-coord",
    "proxy",
    "proxy-internal",
    "query-coord",
    "query-node",
    "index-coord",
    "index-node",
    "data-coord",
    "data-node",
)

_SESSIONS = "by-dev/meta/session/"
_ETCD = 2379
"""The port of the etcd inside, which no setting changes."""


@dataclass
class MilvusServer:
    """One server, which a test may kill, halt and start again on the same data and ports.

    Parameters
    ----------
    folder : Path
        Its data.
    settings : mapping
        Names of its configuration, such as ``common.security.authorizationEnabled``, to values.
    """

    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    process: "subprocess.Popen[bytes] | None" = None
    leases: list[str] = field(default_factory=list)
    ports: dict[str, int] = field(default_factory=lambda: {one: free_port() for one in _SERVICES})

    @property
    def uri(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.ports['proxy']}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        log = self.folder / "server.log"
        if (self.folder / "configs" / "milvus.yaml").exists():
            self._start_again(log)
        else:
            self._start_first(log)
        assert self.process is not None
        wait_until(self.answers, self.process, log)

    def answers(self) -> bool:
        """Tell whether it answers."""
        return answers(self.uri)

    def _start_first(self, log: Path) -> None:
        """Let the package write settings, and start the server by them."""
        command: list[str | Path] = [PROGRAMS / "milvus-server", "--data", self.folder]
        for name, port in self.ports.items():
            command += [f"--{name}-port", str(port)]
        extra = {"common.session.ttl": "300", **self.settings}
        for key, value in extra.items():  # one each: what is joined counts as one value
            command += ["--extra-config", f"{key}={value}"]
        self.process = start(command, log)

    def _start_again(self, log: Path) -> None:
        """Start the server itself: the package would take other ports than those just used.

        Who was killed could not give up its leases. They are taken away, for the new one would
        wait for some of them, and wait for the query node that it believes to be behind another.
        """
        program = self.folder / "bin" / "milvus"
        env = {
            "DEPLOY_MODE": "STANDALONE",
            "METRICS_PORT": str(free_port()),
            "MILVUS_RUN_DIR": str(self.folder / "run"),
            "LD_LIBRARY_PATH": str(program.parent),
        }
        self.process = start([program, "run", "standalone"], log, env)
        wait_until(lambda: listens(_ETCD), self.process, log)
        for key in self.leases:
            _etcd("deleterange", {"key": key})

    def kill(self) -> None:
        """End it as `kill -9` does."""
        if self.process is not None:
            self.leases = _leases()
            end(self.process)
        self.process = None

    def halt(self) -> None:
        """Let it accept connections and answer nothing."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it answer again."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGCONT)


def _has_forgotten(name: str) -> bool:
    """Remove the session of a coordinator from etcd; tell whether etcd was up to it."""
    key = base64.b64encode(f"by-dev/meta/session/{name}".encode()).decode()
    try:
        told = httpx.post(f"http://127.0.0.1:{_ETCD}/v3/kv/deleterange", json={"key": key})
    except httpx.HTTPError:
        return False
    return told.is_success


@contextmanager
def restartable_milvus(
    folder: Path | None = None, settings: Mapping[str, str] | None = None
) -> Iterator[MilvusServer]:
    """Run a server for the time of the block; parameters as of `milvus_server`."""
    data = folder or Path(tempfile.mkdtemp(prefix="nf-milvus-"))
    found = MilvusServer(data, settings or {})
    try:
        found.start()
        yield found
    finally:
        found.kill()
        if folder is None:
            shutil.rmtree(data, ignore_errors=True)


@contextmanager
def milvus_server(
    folder: Path | None = None, settings: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Run a server for the time of the block and yield its address.

    Parameters
    ----------
    folder : Path, optional
        Its data; thrown away at the end where not given.
    settings : mapping, optional
        Names of its configuration, such as ``common.security.authorizationEnabled``, to values.
    """
    with restartable_milvus(folder, settings) as server:
        yield server.uri


def _leases() -> list[str]:
    """Return the keys by which the parts of a server that runs are known; in base64."""
    first, last = (
        base64.b64encode(one.encode()).decode() for one in (_SESSIONS, _SESSIONS[:-1] + "0")
    )
    found = _etcd("range", {"key": first, "range_end": last, "keys_only": "true"})
    return [one["key"] for one in found.get("kvs", []) if int(one.get("lease", 0))]


def _etcd(call: str, about: dict[str, str]) -> Any:
    return httpx.post(f"http://127.0.0.1:{_ETCD}/v3/kv/{call}", json=about, timeout=30).json()


def answers(uri: str, token: str = "") -> bool:
    """Tell whether a server answers: by a call, for its port of health may be another."""
    try:
        client = MilvusClient(uri, token=token, timeout=2)
    except (MilvusException, grpc.RpcError, grpc.FutureTimeoutError):
        return False
    try:
        client.list_collections()
    except (MilvusException, grpc.RpcError):
        return False
    finally:
        client.close()
    return True
