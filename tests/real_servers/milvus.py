"""The real Milvus server, alone: one process with etcd and its queue inside.

It binds fixed ports on every address, so there is one in each network (`tools/alone.sh`).
"""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import grpc
from pymilvus import MilvusClient
from pymilvus.exceptions import MilvusException

from real_servers.processes import PROGRAMS, free_port, running, wait_until

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
    data = folder or Path(tempfile.mkdtemp(prefix="nf-milvus-"))
    ports = {name: free_port() for name in _SERVICES}
    command: list[str | Path] = [PROGRAMS / "milvus-server", "--data", data]
    for name, port in ports.items():
        command += [f"--{name}-port", str(port)]
    extra = {"common.session.ttl": "300", **(settings or {})}
    command += ["--extra-config", ",".join(f"{key}={value}" for key, value in extra.items())]
    uri, log = f"http://127.0.0.1:{ports['proxy']}", data / "server.log"
    try:
        with running(command, log) as process:
            wait_until(lambda: answers(uri), process, log)
            yield uri
    finally:
        if folder is None:
            shutil.rmtree(data, ignore_errors=True)


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
