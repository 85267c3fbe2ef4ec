"""Values that cannot work are refused before anything is installed, by name."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import helm_python
import pytest
import yaml

from rendered_chart import CHART, RELEASE, SERVERS, SETS, merged, named, rendered

WRONG: Mapping[str, Any] = {
    "serve.replicas": 0,
    "serve.replica": 2,
    "serve.resources.requests.cpu": None,
    "serve.resources.limits.memory": "512MB",
    "serve.autoscaling.targetCPU": "70%",
    "serve.spread.zones": "Always",
    "serve.origins": ["example.org"],
    "serve.disruptionBudget.maxUnavailable": 0,
    "worker.replicas": 1.5,
    "worker.image.tag": "latest",
    "image.tag": "latest",
    "image.digest": "sha256:abc",
    "image.pullPolicy": "Sometimes",
    "home.accessMode": "ReadWriteTwice",
    "home.size": "20",
    "mode": "server",
    "database.existingSecret": "",
    "database.url": "mysql+pymysql://user:password@host/db",
    "redis.existingSecret": "My_Secret",
    "vectors.uri": "milvus:19530",
    "vectors.replicas": -1,
    "vectors.index": "annoy",
    "vectors.answerSeconds": 0,
    "service.port": 70_000,
    "service.type": "ExternalName",
    "ingress.hosts": ["https://example.org"],
    "networkPolicy.from": [{"namespaceSelectors": {}}],
    "networkPolicy.database.to": [{"ipBlock": {"cidr": "10.0.0.0"}}],
    "monitoring.serviceMonitor.interval": 30,
    "monitoring.alerts.groups.gpu": True,
    "user.uid": 0,
    "temporary.serve": "much",
    "extraEnv": {"A": "b"},
    "milvus.enabled": "yes",
    "replicaCount": 3,
}
"""A value that must be refused, by the path to it."""

TOGETHER: tuple[tuple[Mapping[str, Any], str], ...] = (
    ({"mode": "servers"}, "vectors.uri"),
    ({"mode": "servers", "milvus": {"enabled": True}, "vectors": {"uri": "http://m:1"}}, "one of"),
    ({"milvus": {"enabled": True}}, "Milvus Lite"),
    ({"serve": {"autoscaling": {"enabled": True}}}, "mode: embedded can only have one"),
    (merged(SERVERS, {"home": {"accessMode": "ReadWriteOncePod"}}), "ReadWriteMany"),
    (merged(SERVERS, {"serve": {"spread": {"nodes": "DoNotSchedule"}}}), "ReadWriteMany"),
    (merged(SERVERS, {"vectors": {"tls": {"existingSecret": "tls"}}}), "https://"),
    (merged(SERVERS, {"vectors": {"tls": {"keyKey": "tls.key"}}}), "go together"),
    (merged(SERVERS, {"serve": {"drainSeconds": 60}}), "terminationGraceSeconds"),
    (merged(SERVERS, {"serve": {"autoscaling": {"minReplicas": 9}}}), "minReplicas"),
    ({"ingress": {"enabled": True}}, "ingress.hosts"),
    ({"gateway": {"enabled": True}}, "gateway.parents"),
)
"""Values each of which is right, but not together, and what the message must say."""


DEFAULTS: Final = yaml.safe_load((CHART / "values.yaml").read_text())
NAMES: Final = {"servers": RELEASE, "default": RELEASE, "everything": "songs"}


def at(path: str, value: Any) -> dict[str, Any]:
    """Return values with one set."""
    for name in reversed(path.split(".")):
        value = {name: value}
    return dict(value)


@pytest.mark.parametrize("path", WRONG)
def test_a_wrong_value_is_refused_by_name(path: str) -> None:
    with helm_python.Chart.load(CHART) as chart, pytest.raises(helm_python.HelmError) as refused:
        chart.validate_schema(merged(at(path, WRONG[path])))
    message = str(refused.value)
    assert path.split(".")[-1] in message or path.replace(".", "/") in message, message


@pytest.mark.parametrize(("values", "message"), TOGETHER)
def test_values_that_do_not_go_together_are_refused(
    values: Mapping[str, Any], message: str
) -> None:
    with pytest.raises(helm_python.HelmError, match=re.escape(message)):
        rendered(values)


def test_the_schema_leaves_nothing_open() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())

    def objects(node: Any, path: str) -> Iterator[tuple[str, Any]]:
        if isinstance(node, dict):
            if node.get("type") == "object":
                yield path, node
            for name, below in node.items():
                yield from objects(below, f"{path}/{name}")
        elif isinstance(node, list):
            for below in node:
                yield from objects(below, path)

    free = {
        path.removeprefix("/")
        for path, node in objects(schema, "")
        if node.get("additionalProperties") is not False
    }
    assert free == {
        "definitions/texts",  # labels, annotations
        "definitions/selector/properties/matchExpressions/items",
        "properties/extraEnv/items/properties/valueFrom",
        "properties/networkPolicy/properties/workerEgress/items",
        "properties/global",  # Helm's
        "properties/milvus",  # another chart's
    }


def test_every_default_is_explained() -> None:
    lines = (CHART / "values.yaml").read_text().splitlines()
    values = yaml.safe_load("\n".join(lines))
    schema = json.loads((CHART / "values.schema.json").read_text())
    assert set(values) == set(schema["properties"]) - {"global"}
    for name in values:
        (line,) = (at for at, text in enumerate(lines) if text.startswith(f"{name}:"))
        above = [text for text in lines[max(0, line - 6) : line] if text.startswith("#")]
        assert above, name


@pytest.mark.parametrize("base", ["servers", "everything", "default"])
def test_each_switch_can_be_turned(base: str) -> None:
    switches = {path for path, value in _leaves(DEFAULTS) if isinstance(value, bool)}
    assert len(switches) > 15
    not_alone = {"milvus.enabled", "ingress.enabled", "gateway.enabled"}
    if base == "default":
        not_alone |= {"serve.autoscaling.enabled"}
    for path in switches - not_alone:
        before = dict(_leaves(merged(DEFAULTS, SETS[base])))[path]
        documents = rendered(merged(SETS[base], at(path, not before)))
        assert named(documents, "Service", NAMES[base])


def test_the_readme_names_every_group_of_values_and_no_other() -> None:
    readme = (CHART / "README.md").read_text()
    table = readme.split("## Values")[1]
    rows = re.findall(r"^\| (`.+?) \|", table, re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`([\w.]+)`", row)}
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    assert {name.split(".")[0] for name in named} == set(values)
    assert "worker.image" in named
    files = {file.name for file in CHART.glob("values-*.yaml")}
    assert set(re.findall(r"values-[\w-]+\.yaml", readme)) == files


def _leaves(values: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        here = f"{path}.{name}".removeprefix(".")
        if isinstance(value, Mapping):
            yield from _leaves(value, here)
        else:
            yield here, value
