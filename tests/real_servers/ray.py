"""A real Ray cluster on this machine, whose nodes can be ended one by one."""

import os
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from real_servers.processes import end, free_port, start, wait_until

PROGRAM = Path(sys.executable).parent / "ray"

QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_raylet_start_wait_time_s": "120",  # on a machine that has much else to do
    "RAY_CLIENT_SERVER_CHECK_CHANNEL_TIMEOUT_S": "10",  # see `cluster._join_running`
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "GRPC_ENABLE_FORK_SUPPORT": "0",  # else what its client server forks dies now and then
}
_STARTED = "Ray runtime started"


@dataclass
class RayCluster:
    """What the tests know of it."""

    port: int
    client_port: int
    env: Mapping[str, str]
    nodes: "list[subprocess.Popen[bytes]]" = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"ray://127.0.0.1:{self.client_port}"


@contextmanager
def ray_cluster(folder: Path, hidden: Sequence[Path] = ()) -> Iterator[RayCluster]:
    """Run a head without cores, and two nodes with one each; nothing of it is left afterwards.

    The second node is another machine as far as files go: it does not see the hidden folders.
    """
    env = {
        **QUIET,
        "RAY_AUTH_MODE": "token",  # who is not given it cannot use the cluster
        "RAY_AUTH_TOKEN": secrets.token_hex(16),
    }
    cluster = RayCluster(free_port(), free_port(), env)
    # Ray's sockets lie in there, and their paths may not be long
    with ExitStack() as ending, tempfile.TemporaryDirectory(prefix="ray") as scratch:
        options = [
            *("--head", "--port", cluster.port, "--num-cpus", 0, "--temp-dir", scratch),
            *("--ray-client-server-port", cluster.client_port, "--include-dashboard", "false"),
        ]
        head = ending.enter_context(_node(options, folder / "head.log", env))
        _wait_for(_STARTED, head, folder / "head.log")
        options = ["--address", f"127.0.0.1:{cluster.port}", "--num-cpus", 1]
        for number, before in enumerate([[], _without(hidden)]):
            log = folder / f"node{number}.log"
            node = ending.enter_context(_node(options, log, env, before))
            _wait_for(_STARTED, node, log)  # two that begin at once disturb each other
            cluster.nodes.append(node)
        agent = Path(scratch) / "session_latest" / "logs" / "runtime_env_agent.log"
        _wait_for("Listening", head, agent)  # until then no client is let in
        yield cluster


@contextmanager
def _node(
    options: Sequence[object], log: Path, env: Mapping[str, str], before: Sequence[str] = ()
) -> "Iterator[subprocess.Popen[bytes]]":
    command = [
        *(*before, PROGRAM, "start", "--block", "--node-ip-address", "127.0.0.1"),
        *("--object-store-memory", 100_000_000, "--disable-usage-stats", *options),
    ]
    process = start([str(one) for one in command], log, env)
    try:
        yield process
    finally:
        kill(process)


def _without(folders: Sequence[Path]) -> list[str]:
    """Return what a command is to begin with so that it finds some folders empty."""
    hide = "".join(f"mount -t tmpfs none '{one}' && " for one in folders)
    return ["unshare", "--mount", "sh", "-c", f'{hide} exec "$@"', "sh"]


def kill(node: "subprocess.Popen[bytes]") -> None:
    """End a node as a machine ends that loses power: all that it runs, at once."""
    # Ray starts its programs in groups of their own
    below = [node.pid]
    for pid in below:
        below += children(pid)
    for pid in below:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    end(node)


def children(pid: int) -> list[int]:
    """Return the processes that one started."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            found += [int(one) for one in task.read_text().split()]
    return found


def _wait_for(text: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    wait_until(lambda: log.exists() and text in log.read_text(errors="replace"), process, log)
