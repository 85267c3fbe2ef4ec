"""The faults of servers, by name: each begins, lasts for some seconds, and is mended."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias

from fault_stage import Stage

Fault: TypeAlias = Callable[[Stage, float], dict[str, Any]]
"""Makes and mends a fault that lasts for some seconds; returns what else is to be told."""

LEADER: Final = "leader"
"""The coordinator that leads at the moment; the other stands by."""

_COMMAND: Final = 300.0  # seconds


def killed(*roles: str) -> Fault:
    """Kill parts of the cluster; start them again."""

    def fault(stage: Stage, seconds: float) -> dict[str, Any]:
        for role in roles:
            stage.cluster.kill(_role(stage, role))
        time.sleep(seconds)
        stage.cluster.mend()
        return {}

    return fault


def hung(role: str) -> Fault:
    """Let a part of the cluster hang; let it go on."""

    def fault(stage: Stage, seconds: float) -> dict[str, Any]:
        stage.cluster.stop(role)
        time.sleep(seconds)
        stage.cluster.cont(role)
        return {}

    return fault


def database_killed(stage: Stage, seconds: float) -> dict[str, Any]:
    """Kill MariaDB while events are posted; start it again."""
    assert stage.database is not None
    with stage.posting() as posted:
        time.sleep(1)
        stage.database.end()
        time.sleep(seconds)
        stage.database.start()
        time.sleep(2)
    return stage.check(posted)


def database_hung(stage: Stage, seconds: float) -> dict[str, Any]:
    """Let MariaDB hang; let it go on."""
    assert stage.database is not None
    with stage.database.frozen():
        time.sleep(seconds)
    return {}


def service_killed(stage: Stage, seconds: float) -> dict[str, Any]:
    """Kill the service while events are posted; start it again."""
    with stage.posting() as posted:
        time.sleep(1)
        stage.kill_service()
        time.sleep(seconds)
        stage.start_service()
        time.sleep(2)
    return stage.check(posted)


def publishing(role: str) -> Fault:
    """Kill a part of the cluster while the other model is published; publish again if it fails."""

    def fault(stage: Stage, seconds: float) -> dict[str, Any]:
        model = stage.prepared.models[1 if _answers(stage, 0) else 0]
        env = {**os.environ, **stage.env}
        start = time.monotonic()
        command = _publish(stage, model)
        first = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=env
        )
        time.sleep(2.5)  # Python has loaded by then
        stage.cluster.kill(_role(stage, role))
        time.sleep(seconds)
        stage.cluster.mend()
        _, said = first.communicate(timeout=_COMMAND)
        told: dict[str, Any] = {
            "publish_exit": first.returncode,
            "publish_s": round(time.monotonic() - start, 1),
            "publish_said": "" if first.returncode == 0 else said.strip()[-300:],
        }
        if first.returncode != 0:
            stage.full()
            again = subprocess.run(command, capture_output=True, env=env, timeout=_COMMAND)
            told["second_exit"] = again.returncode
        return told

    return fault


def _role(stage: Stage, role: str) -> str:
    return stage.cluster.leader() if role == LEADER else role


def _publish(stage: Stage, model: Path) -> list[str]:
    program = str(Path(sys.executable).parent / "nearfield")
    return [program, "--home", str(stage.prepared.folder), "publish", "--model", str(model)]


def _answers(stage: Stage, version: int) -> bool:
    """Tell whether the last full answer was of a version."""
    last = next(one for one in reversed(stage.asked.asked) if one.verdict == "right")
    return last.told == f"version {version}"


FAULTS: Final[Mapping[str, Fault]] = {
    "nothing": killed(),
    "query node": killed("querynode1"),
    "the other query node": killed("querynode2"),
    "both query nodes": killed("querynode1", "querynode2"),
    "query node hangs": hung("querynode1"),
    "data node": killed("datanode"),
    "index node": killed("indexnode"),
    "proxy": killed("proxy"),
    "proxy hangs": hung("proxy"),
    "leading coordinator": killed(LEADER),
    "both coordinators": killed("coordinator", "standby"),
    "etcd": killed("etcd"),
    "object store": killed("store"),
    "all of Milvus": killed(
        "querynode1", "querynode2", "datanode", "proxy", "coordinator", "standby"
    ),
    "service": service_killed,
    "database": database_killed,
    "database hangs": database_hung,
    "publish and query node": publishing("querynode1"),
    "publish and data node": publishing("datanode"),
    "publish and coordinator": publishing(LEADER),
}
