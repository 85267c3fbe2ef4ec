"""What runs in the pods of the chart is what the program is: commands, settings, addresses."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from nearfield.cli.main import app
from nearfield.settings import Settings
from rendered_chart import (
    EVERYTHING,
    RELEASE,
    SERVERS,
    SETS,
    Document,
    merged,
    named,
    of_kind,
    pods,
    rendered,
)
from running_service import Running

_HOME, _TMP = "/var/lib/nearfield", "/tmp"


@pytest.fixture(params=SETS, scope="module")
def documents(request: pytest.FixtureRequest) -> list[Document]:
    """What each of the sets of values that must work makes."""
    return rendered(SETS[request.param])


def test_nothing_runs_as_root_or_may_become_it(documents: list[Document]) -> None:
    for pod in pods(documents):
        spec = pod["spec"]
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["runAsUser"] == 10001
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in spec["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
        assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys()


def test_no_pod_can_call_kubernetes(documents: list[Document]) -> None:
    for spec in (pod["spec"] for pod in pods(documents)):
        assert spec["automountServiceAccountToken"] is False
        assert spec["enableServiceLinks"] is False  # which would name NEARFIELD_... variables
    (account,) = of_kind(documents, "ServiceAccount")
    assert account["automountServiceAccountToken"] is False


def test_images_and_resources_are_told(documents: list[Document]) -> None:
    for pod in pods(documents):
        for container in pod["spec"]["containers"]:
            image = container["image"]
            assert re.search(r":\d+\.\d+\.\d+$|@sha256:[0-9a-f]{64}$", image), image
            assert {"cpu", "memory"} <= container["resources"]["requests"].keys()
            assert "memory" in container["resources"]["limits"]


def test_only_the_home_and_tmp_can_be_written(documents: list[Document]) -> None:
    for pod in pods(documents):
        for container in pod["spec"]["containers"]:
            written = [m for m in container.get("volumeMounts", []) if not m.get("readOnly")]
            assert {one["mountPath"] for one in written} <= {_HOME, _TMP}
        for volume in pod["spec"].get("volumes", []):
            if "emptyDir" in volume:
                assert volume["emptyDir"]["sizeLimit"]


def test_every_variable_is_a_setting(documents: list[Document]) -> None:
    (settings,) = of_kind(documents, "ConfigMap")
    names = set(settings["data"])
    for pod in pods(documents):
        for container in pod["spec"]["containers"]:
            names |= {one["name"] for one in container.get("env", [])}
    ours = {name for name in names if name.startswith("NEARFIELD_")}
    assert ours <= {f"NEARFIELD_{name.upper()}" for name in Settings.model_fields}
    assert "NEARFIELD_HOME" in ours


def test_settings_are_read_as_they_are_written(monkeypatch: pytest.MonkeyPatch) -> None:
    (settings,) = of_kind(rendered(EVERYTHING), "ConfigMap")
    for name, value in settings["data"].items():
        monkeypatch.setenv(name, value)
    read = Settings()
    assert read.home == Path(_HOME)
    assert read.milvus_uri == "https://milvus.example:19530"
    assert (read.milvus.replicas, read.milvus.resource_groups) == (2, ("rg1", "rg2"))
    assert read.milvus.ca == Path("/etc/nearfield/milvus/ca.crt")
    assert read.milvus.key == Path("/etc/nearfield/milvus/tls.key")
    assert read.otlp_endpoint == "http://collector:4318"


def test_files_that_settings_name_are_mounted() -> None:
    documents = rendered(EVERYTHING)
    (settings,) = of_kind(documents, "ConfigMap")
    named_files = {one for one in settings["data"].values() if one.startswith("/etc/nearfield/")}
    for deployment in of_kind(documents, "Deployment"):
        mounted = _files(deployment["spec"]["template"]["spec"])
        assert named_files <= mounted
        assert "/etc/nearfield/database/ca.crt" in mounted
    job = named(documents, "Job", "songs-migrate")
    assert "/etc/nearfield/database/ca.crt" in _files(job["spec"]["template"]["spec"])


def test_passwords_come_from_secrets_alone() -> None:
    for pod in pods(rendered(EVERYTHING)):
        for container in pod["spec"]["containers"]:
            for one in container.get("env", []):
                if one["name"].endswith(("_URL", "_TOKEN")):
                    assert set(one["valueFrom"]) == {"secretKeyRef"}


def test_every_command_and_option_exists(documents: list[Document]) -> None:
    for pod in pods(documents):
        (container,) = pod["spec"]["containers"]
        if container["command"] != ["nearfield"]:
            continue
        command, *options = container["args"]
        text = CliRunner(env={"COLUMNS": "200"}).invoke(app, [command, "--help"])
        assert text.exit_code == 0
        known = set(re.findall(r"--[a-z-]+", text.stdout))
        assert {one.partition("=")[0] for one in options} <= known


def test_options_say_what_the_values_say() -> None:
    def options(values: Mapping[str, Any]) -> list[str]:
        serve = named(rendered(values), "Deployment", RELEASE)
        found: list[str] = serve["spec"]["template"]["spec"]["containers"][0]["args"]
        return found

    assert {"--no-worker", "--api-keys", "--rate=100"} <= set(options(SERVERS))
    assert "--worker" in options({})
    other = {"serve": {"apiKeys": False, "requestsPerSecond": 7, "origins": ["https://a.org"]}}
    told = options(merged(SERVERS, other))
    assert {"--no-api-keys", "--rate=7", "--origin=https://a.org"} <= set(told)


def test_probes_ask_what_the_service_answers(service: Running) -> None:
    container = named(rendered(SERVERS), "Deployment", RELEASE)["spec"]["template"]["spec"]
    serve = container["containers"][0]
    (port,) = serve["ports"]
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        asked = serve[probe]["httpGet"]
        assert asked["port"] == port["name"]
        assert service.http.get(asked["path"]).status_code == 200
    assert f"--port={port['containerPort']}" in serve["args"]
    (monitor,) = of_kind(rendered(EVERYTHING), "ServiceMonitor")
    assert service.http.get(monitor["spec"]["endpoints"][0]["path"]).status_code == 200


def test_prometheus_brings_a_key_where_one_is_needed() -> None:
    (monitor,) = of_kind(rendered(EVERYTHING), "ServiceMonitor")
    sent = monitor["spec"]["endpoints"][0]["authorization"]["credentials"]
    assert sent == {"name": "nearfield-metrics", "key": "key"}
    (open_one,) = of_kind(
        rendered(merged(EVERYTHING, {"serve": {"apiKeys": False}})), "ServiceMonitor"
    )
    assert "authorization" not in open_one["spec"]["endpoints"][0]


def test_the_test_of_the_release_compiles() -> None:
    pod = named(rendered({}), "Pod", "nearfield-test")
    (container,) = pod["spec"]["containers"]
    assert container["command"] == ["python", "-c"]
    compile(container["args"][0], "test", "exec")


def _files(spec: Mapping[str, Any]) -> set[str]:
    """Return the files of secrets that a pod sees."""
    places = {one["name"]: one["mountPath"] for one in spec["containers"][0]["volumeMounts"]}
    return {
        f"{places[volume['name']]}/{item['path']}"
        for volume in spec["volumes"]
        for item in volume.get("secret", {}).get("items", [])
    }
