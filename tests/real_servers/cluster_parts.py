"""What a Milvus cluster consists of: the program, the settings and the ports of each part."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from real_servers.milvus_program import glog_settings, milvus_program
from real_servers.processes import PROGRAMS

COORDINATORS: Final = ("rootCoord", "queryCoord", "dataCoord", "indexCoord")

RUNS: Final[Mapping[str, tuple[str, ...]]] = {
    "coordinator": ("mixture", "-rootcoord", "-querycoord", "-datacoord", "-indexcoord"),
    "standby": ("mixture", "-rootcoord", "-querycoord", "-datacoord", "-indexcoord"),
    "datanode": ("datanode",),
    "indexnode": ("indexnode",),
    "querynode1": ("querynode",),
    "querynode2": ("querynode",),
    "proxy": ("proxy",),
}
"""The parts of Milvus by role, and what its program is told."""

ROLES: Final = ("etcd", "queue", "store", *RUNS)
"""All parts, in the order in which they start."""

LEADER_KEY: Final = "nearfield/meta/session/rootcoord"
"""Where etcd knows the coordinator that leads."""

_FIRST: Final = 21_000  # below the ports that outgoing connections take: those may not be free
_KEY: Final = "nearfield"  # of the object store


@dataclass(frozen=True)
class Part:
    """How a part is started.

    Parameters
    ----------
    command : tuple of str or path
        Program and arguments.
    env : mapping
        What its environment has beside ours.
    listens : int, optional
        The port at which it answers once it is up.
    health : int, optional
        The port at which it tells over HTTP how it is.
    """

    command: tuple[str | Path, ...]
    env: Mapping[str, str]
    listens: int | None = None
    health: int | None = None


class Parts:
    """The parts of one cluster. Every port is fixed: one cluster in each network.

    Parameters
    ----------
    folder : Path
        Where each part gets a folder of its own.
    lease : int
        Seconds after which etcd forgets a part that died; a standby coordinator waits as long.
    """

    def __init__(self, folder: Path, lease: int) -> None:
        self._folder = folder
        self._lease = lease
        names = ["etcd", "etcd-peer", "master", "volume", "filer", "s3"]
        names += [f"{one}-grpc" for one in ("master", "volume", "filer", "s3")]
        names += [f"{role}-{coordinator}" for role in RUNS for coordinator in COORDINATORS]
        names += [f"{role}-{use}" for role in RUNS for use in ("serves", "inside", "health")]
        self._ports = {name: _FIRST + place for place, name in enumerate(names)}

    @property
    def uri(self) -> str:
        """Where the proxy answers."""
        return f"http://127.0.0.1:{self._ports['proxy-serves']}"

    @property
    def etcd(self) -> str:
        """Where etcd answers."""
        return f"http://127.0.0.1:{self._ports['etcd']}"

    def coordinator_at(self, address: str) -> str:
        """Return the role of the coordinator with this address (host:port) of its root."""
        port = int(address.rpartition(":")[2])
        return next(one for one in RUNS if self._ports[f"{one}-rootCoord"] == port)

    @property
    def queue_file(self) -> Path:
        """Where the queue writes its address when it is up."""
        return self._folder / "queue" / "address"

    def folder_of(self, role: str) -> Path:
        """Return the folder of a part, made where there is none."""
        folder = self._folder / role
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def part(self, role: str) -> Part:
        """Return how a part is started; for Milvus' own, its settings are written."""
        if role == "etcd":
            return self._etcd()
        if role == "queue":
            script = Path(__file__).with_name("mock_queue.py")
            return Part((PROGRAMS / "python", script, self.queue_file), {})
        if role == "store":
            return self._store()
        return self._milvus(role)

    def _etcd(self) -> Part:
        at, peer_at = self.etcd, f"http://127.0.0.1:{self._ports['etcd-peer']}"
        command = (
            "etcd",
            f"--data-dir={self.folder_of('etcd')}/data",
            f"--listen-client-urls={at}",
            f"--advertise-client-urls={at}",
            f"--listen-peer-urls={peer_at}",
            f"--initial-advertise-peer-urls={peer_at}",
            f"--initial-cluster=default={peer_at}",
        )
        return Part(command, {}, listens=self._ports["etcd"])

    def _store(self) -> Part:
        folder = self.folder_of("store")
        rights = {
            "name": "milvus",
            "credentials": [{"accessKey": _KEY, "secretKey": _KEY}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }
        (folder / "s3.json").write_text(json.dumps({"identities": [rights]}))
        (folder / "data").mkdir(exist_ok=True)
        command = ["-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={folder}/data", "-volume.max=60"]
        command += ["-master.volumeSizeLimitMB=64", "-s3", f"-s3.config={folder}/s3.json"]
        command += ["-s3.port.iceberg=0", "-s3.port.lance=0"]
        for name in ("master", "volume", "filer", "s3"):
            command += [f"-{name}.port={self._ports[name]}"]
            command += [f"-{name}.port.grpc={self._ports[f'{name}-grpc']}"]
        return Part((PROGRAMS / "weed", "server", *command), {}, listens=self._ports["s3"])

    def _milvus(self, role: str) -> Part:
        folder, program = self.folder_of(role), milvus_program()
        (folder / "milvus.yaml").write_text(json.dumps(self._settings(role), indent=1))
        shutil.copy(glog_settings(), folder / "glog.conf")
        health = self._ports[f"{role}-health"]
        env = {
            "LD_LIBRARY_PATH": str(program.parent),
            "MILVUSCONF": str(folder),
            "MILVUS_RUN_DIR": str(folder / "run"),
            "METRICS_PORT": str(health),
            "DEPLOY_MODE": "CLUSTER",
            "GOMAXPROCS": "2",
        }
        return Part((program, "run", *RUNS[role]), env, health=health)

    def _settings(self, role: str) -> dict[str, Any]:
        """Return what differs from Milvus' defaults; its YAML may be JSON."""
        ports, serves = self._ports, self._ports[f"{role}-serves"]
        folder = self.folder_of(role)
        found: dict[str, Any] = {
            name: {"ip": "127.0.0.1", "port": ports[f"{role}-{name}"], "enableActiveStandby": True}
            for name in COORDINATORS
        }
        for name in ("proxy", "queryNode", "dataNode", "indexNode"):
            found[name] = {"ip": "127.0.0.1", "port": serves}
        found["proxy"]["internalPort"] = ports[f"{role}-inside"]
        found["queryCoord"]["autoBalance"] = True  # a node that came back gets its share again
        found["etcd"] = {"endpoints": f"127.0.0.1:{ports['etcd']}", "rootPath": "nearfield"}
        found["mq"] = {"type": "kafka"}
        found["kafka"] = {"brokerList": self.queue_file.read_text()}
        found["minio"] = {
            "address": "127.0.0.1",
            "port": ports["s3"],
            "accessKeyID": _KEY,
            "secretAccessKey": _KEY,
            "bucketName": "milvus",
        }
        found["localStorage"] = {"path": str(folder / "cache")}
        found["common"] = {"storageType": "minio", "session": {"ttl": self._lease}}
        # ten attempts make a search wait 6 s for a node that is gone, three 2 s
        found["grpc"] = {"client": {"maxMaxAttempts": 3}}
        found["log"] = {"level": "info", "file": {"rootPath": ""}, "stdout": True}
        return found
