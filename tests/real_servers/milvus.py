"""The real Milvus server, alone: one process with etcd and its queue inside.

It binds fixed ports on every address, so there is one in each network (`tools/alone.sh`).
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import grpc
from pymilvus import MilvusClient
from pymilvus.exceptions import MilvusException

from real_servers.processes import PROGRAMS, end, start, wait_until

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

_METRICS = "metrics"

LEASE = 10
"""Seconds for which etcd goes on believing in the parts of a server that was killed."""

_LONG_LEASE = 300

_PORTS = range(20_000, 32_000)
"""Its ports: below those that outgoing connections take, which would be in its way when it is back.
"""


@dataclass
class MilvusServer:
    """One server, which a test may kill, halt and start again on the same data and ports.

    Parameters
    ----------
    folder : Path
        Its data.
    settings : mapping
        Names of its configuration, such as ``common.security.authorizationEnabled``, to values.
    lease : int
        Seconds after a kill in which it answers from nothing when it is started again. One that
        is halted for longer ends when it goes on.
    """

    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    lease: int = LEASE
    process: "subprocess.Popen[bytes] | None" = None
    ports: Mapping[str, int] = field(default_factory=lambda: _free_ports(*_SERVICES, _METRICS))

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
        for name in _SERVICES:
            command += [f"--{name}-port", str(self.ports[name])]
        extra = {"common.session.ttl": str(self.lease), **self.settings}
        for key, value in extra.items():  # one each: what is joined counts as one value
            command += ["--extra-config", f"{key}={value}"]
        self.process = start(command, log)

    def _start_again(self, log: Path) -> None:
        """Start the server itself: the package would take other ports than those just used.

        Who was killed could not give up its leases, and etcd lets them begin anew when it is
        started. Until they are over, Milvus takes its dead query node for one that lives at the
        address of the new one, and loads nothing; then it goes on by itself.
        """
        program = self.folder / "bin" / "milvus"
        env = {
            "DEPLOY_MODE": "STANDALONE",
            "METRICS_PORT": str(self.ports[_METRICS]),
            "MILVUS_RUN_DIR": str(self.folder / "run"),
            "LD_LIBRARY_PATH": str(program.parent),
        }
        self.process = start([program, "run", "standalone"], log, env)

    def kill(self) -> None:
        """End it as `kill -9` does."""
        if self.process is not None:
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


def _free_ports(*names: str) -> dict[str, int]:
    """Return a port for each name; none that was in use a moment ago, which the package refuses."""
    free = filter(_is_free, _PORTS)
    return {name: next(free) for name in names}


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@contextmanager
def restartable_milvus(
    folder: Path | None = None, settings: Mapping[str, str] | None = None, lease: int = LEASE
) -> Iterator[MilvusServer]:
    """Run a server for the time of the block; parameters as of `MilvusServer`, `milvus_server`."""
    data = folder or Path(tempfile.mkdtemp(prefix="nf-milvus-"))
    found = MilvusServer(data, settings or {}, lease)
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
    # nobody kills it, so no stall of a busy machine shall make it give itself up
    with restartable_milvus(folder, settings, _LONG_LEASE) as server:
        yield server.uri


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
