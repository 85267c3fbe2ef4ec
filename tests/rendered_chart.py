"""The Helm chart, rendered in this process as Helm would, for sets of values."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import helm_python
import yaml

ROOT: Final = Path(__file__).parent.parent
CHART: Final = ROOT / "deploy" / "helm" / "nearfield"

RELEASE: Final = "nearfield"
NAMESPACE: Final = "music"

OWN_MILVUS: Final[Mapping[str, Any]] = {
    "milvus": {"enabled": False},
    "vectors": {"uri": "http://milvus.example:19530"},
}
"""In place of the chart of Milvus, which is no part of this repository."""

Document = dict[str, Any]


def values_of(name: str) -> dict[str, Any]:
    """Return the values of one of the chart's files, e.g. "small"."""
    found: dict[str, Any] = helm_python.values_from_yaml(
        (CHART / f"values-{name}.yaml").read_text()
    )
    return found


def merged(*several: Mapping[str, Any]) -> dict[str, Any]:
    """Return values laid over one another, as several `-f` are."""
    found: dict[str, Any] = {}
    for values in several:
        for key, value in values.items():
            both = isinstance(value, Mapping) and isinstance(found.get(key), Mapping)
            found[key] = merged(found[key], value) if both else value
    return found


SERVERS: Final = merged({"mode": "servers"}, OWN_MILVUS)
"""The least that mode: servers needs."""

EVERYTHING: Final = merged(
    SERVERS,
    {
        "fullnameOverride": "songs",
        "image": {"digest": f"sha256:{'0' * 64}", "pullSecrets": ["registry"]},
        "home": {"accessMode": "ReadWriteMany", "storageClass": "nfs"},
        "database": {"caSecret": "database-ca"},
        "vectors": {
            "uri": "https://milvus.example:19530",
            "existingSecret": "milvus",
            "replicas": 2,
            "resourceGroups": ["rg1", "rg2"],
            "tls": {
                "existingSecret": "milvus-tls",
                "certificateKey": "tls.crt",
                "keyKey": "tls.key",
                "serverName": "milvus",
            },
        },
        "serve": {
            "origins": ["https://example.org"],
            "podAnnotations": {"a": "b"},
            "podLabels": {"team": "music"},
            "nodeSelector": {"disk": "ssd"},
            "tolerations": [{"key": "music", "operator": "Exists", "effect": "NoSchedule"}],
            "priorityClassName": "high",
            "autoscaling": {"enabled": True},
        },
        "worker": {"replicas": 3, "podLabels": {"team": "music"}, "nodeSelector": {"gpu": "yes"}},
        "service": {"type": "LoadBalancer", "annotations": {"a": "b"}},
        "ingress": {
            "enabled": True,
            "className": "nginx",
            "annotations": {"nginx.ingress.kubernetes.io/proxy-body-size": "512m"},
            "hosts": ["songs.example.org"],
            "tlsSecret": "songs-tls",
        },
        "gateway": {
            "enabled": True,
            "parents": [{"name": "public", "namespace": "gateways"}],
            "hosts": ["songs.example.org"],
        },
        "networkPolicy": {
            "database": {"port": 3307, "to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]},
            "workerEgress": [{"ports": [{"port": 443}]}],
        },
        "monitoring": {
            "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
            "alerts": {"enabled": True, "groups": {"certificates": True}},
        },
        "tracing": {"endpoint": "http://collector:4318"},
        "secretsRevision": "2",
        "extraEnv": [{"name": "TZ", "value": "UTC"}],
    },
)
"""Whatever can be switched on."""

SETS: Final[Mapping[str, Mapping[str, Any]]] = {
    "default": {},
    "embedded": values_of("embedded"),
    "small": merged(values_of("small"), OWN_MILVUS),
    "high availability": merged(values_of("high-availability"), OWN_MILVUS),
    "servers": SERVERS,
    "everything": EVERYTHING,
    "bare": merged(
        SERVERS,
        {
            "networkPolicy": {"enabled": False},
            "redis": {"existingSecret": ""},
            "worker": {"enabled": False},
            "migrate": {"enabled": False},
            "serve": {"apiKeys": False, "drainSeconds": 0},
            "home": {"existingClaim": "mine"},
        },
    ),
}
"""Sets of values that must work, by name."""


def texts(values: Mapping[str, Any], release: str = RELEASE) -> dict[str, str]:
    """Return what each template becomes, by the end of its name."""
    with helm_python.Chart.load(CHART) as chart:
        made = chart.render(dict(values), name=release, namespace=NAMESPACE)
    return {name.removeprefix("nearfield/templates/"): text for name, text in made.items()}


def rendered(values: Mapping[str, Any], release: str = RELEASE) -> list[Document]:
    """Return all objects that would be sent to Kubernetes."""
    made = texts(values, release).items()
    parts = (yaml.safe_load_all(text) for name, text in made if name.endswith(".yaml"))
    return [document for part in parts for document in part if document]


def of_kind(documents: list[Document], kind: str) -> list[Document]:
    """Return the objects of one kind."""
    return [one for one in documents if one["kind"] == kind]


def named(documents: list[Document], kind: str, name: str) -> Document:
    """Return the one object of that kind and name."""
    (found,) = (one for one in of_kind(documents, kind) if one["metadata"]["name"] == name)
    return found


def pods(documents: list[Document]) -> Iterator[Document]:
    """Return metadata and spec of each kind of pod that would run."""
    for one in documents:
        if one["kind"] in ("Deployment", "Job"):
            yield one["spec"]["template"]
        elif one["kind"] == "Pod":
            yield one
