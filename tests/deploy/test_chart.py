"""The Helm chart makes what Kubernetes takes, for every set of values that it comes with."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

import helm_python
import jsonschema
import kubernetes_validate
import pytest
import yaml

import nearfield
from operator_kinds import OF_OPERATORS
from rendered_chart import (
    CHART,
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
    texts,
    values_of,
)

OLDEST, NEWEST = "1.30.0", "1.37.0"
"""Of Kubernetes, between which the objects are checked."""


@pytest.fixture(params=SETS, scope="module")
def values(request: pytest.FixtureRequest) -> Mapping[str, Any]:
    """One of the sets of values that must work."""
    return SETS[request.param]


@pytest.fixture(scope="module")
def documents(values: Mapping[str, Any]) -> list[Document]:
    """What that set makes."""
    return rendered(values)


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_kubernetes_knows_every_field(documents: list[Document], version: str) -> None:
    for one in documents:
        schema = OF_OPERATORS.get(one["kind"])
        if schema is None:
            kubernetes_validate.validate(one, version, strict=True)
        else:
            jsonschema.validate(one["spec"], schema)


def test_a_field_that_kubernetes_does_not_know_is_found() -> None:
    service = named(rendered({}), "Service", RELEASE)
    service["spec"]["portz"] = []
    with pytest.raises(kubernetes_validate.ValidationError, match="portz"):
        kubernetes_validate.validate(service, NEWEST, strict=True)


def test_lint_finds_nothing_but_the_chart_that_is_not_ours() -> None:
    found = helm_python.lint(CHART)
    assert [one["error"] for one in found["messages"]] == [
        "chart directory is missing these dependencies: milvus"
    ]


def test_every_object_is_in_the_namespace_with_labels_and_a_name_of_its_own(
    documents: list[Document],
) -> None:
    names = [(one["kind"], one["metadata"]["name"]) for one in documents]
    assert len(set(names)) == len(names)
    for one in documents:
        assert one["metadata"]["namespace"] == "music"
        assert one["metadata"]["labels"]["app.kubernetes.io/instance"] == RELEASE


def test_a_long_name_of_a_release_fits() -> None:
    for one in rendered(SETS["high availability"], "a" * 53):
        assert len(one["metadata"]["name"]) <= 63


def test_names_of_one_object_in_another_are_right(documents: list[Document]) -> None:
    (service,) = of_kind(documents, "Service")
    serve = [one for one in pods(documents) if _has(one, service["spec"]["selector"])]
    assert len(serve) == 1
    for monitor in of_kind(documents, "ServiceMonitor"):
        assert _has(service, monitor["spec"]["selector"]["matchLabels"])
        assert monitor["spec"]["jobLabel"] in service["metadata"]["labels"]
    for scaler in of_kind(documents, "HorizontalPodAutoscaler"):
        named(documents, "Deployment", scaler["spec"]["scaleTargetRef"]["name"])
    for ingress in of_kind(documents, "Ingress"):
        (rule,) = ingress["spec"]["rules"]
        backend = rule["http"]["paths"][0]["backend"]["service"]
        assert backend == {"name": service["metadata"]["name"], "port": {"name": "http"}}
    for deployment in of_kind(documents, "Deployment"):
        assert _has(deployment["spec"]["template"], deployment["spec"]["selector"]["matchLabels"])


def test_what_a_pod_mounts_and_reads_is_there(documents: list[Document]) -> None:
    (settings,) = of_kind(documents, "ConfigMap")
    claims = {one["metadata"]["name"] for one in of_kind(documents, "PersistentVolumeClaim")}
    for pod in pods(documents):
        volumes = {one["name"] for one in pod["spec"].get("volumes", [])}
        for container in pod["spec"]["containers"]:
            assert {one["name"] for one in container.get("volumeMounts", [])} == volumes
            for source in container.get("envFrom", []):
                assert source["configMapRef"]["name"] == settings["metadata"]["name"]
        for volume in pod["spec"].get("volumes", []):
            if claim := volume.get("persistentVolumeClaim"):
                assert claim["claimName"] in claims | {"mine"}


def test_hooks_that_run_before_the_release_need_nothing_of_it() -> None:
    documents = rendered(EVERYTHING)
    early = [one for one in documents if "pre-install" in _hook(one)]
    assert {one["kind"] for one in early} == {"Job", "NetworkPolicy"}
    job = named(documents, "Job", "songs-migrate")
    spec = job["spec"]["template"]["spec"]
    assert "serviceAccountName" not in spec
    assert not any("envFrom" in one for one in spec["containers"])
    assert not any("persistentVolumeClaim" in one for one in spec["volumes"])
    weights = {one["kind"]: int(one["metadata"]["annotations"][_WEIGHT]) for one in early}
    assert weights["NetworkPolicy"] < weights["Job"]


def test_network_policies_cover_every_pod(documents: list[Document]) -> None:
    policies = of_kind(documents, "NetworkPolicy")
    for pod in pods(documents):
        found = [one for one in policies if _has(pod, one["spec"]["podSelector"]["matchLabels"])]
        assert len(found) == (1 if policies else 0)


def test_milvus_sql_redis_and_names_are_all_that_is_reached() -> None:
    policy = named(rendered(SERVERS), "NetworkPolicy", RELEASE)
    ports = {one["port"] for rule in policy["spec"]["egress"] for one in rule["ports"]}
    assert ports == {53, 3306, 6379, 19530}
    embedded = named(rendered({}), "NetworkPolicy", RELEASE)
    assert {one["port"] for rule in embedded["spec"]["egress"] for one in rule["ports"]} == {53}


@pytest.mark.parametrize("mode", ["embedded", "servers"])
def test_whoever_works_may_reach_what_its_jobs_fetch(mode: str) -> None:
    rule = {"ports": [{"port": 443, "protocol": "TCP"}]}
    values = {"mode": mode, "networkPolicy": {"workerEgress": [rule]}}
    documents = rendered(merged(SERVERS, values))
    policies = {
        one["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/component"]
        for one in of_kind(documents, "NetworkPolicy")
        if rule in one["spec"]["egress"]
    }
    assert policies == {"serve" if mode == "embedded" else "worker"}


def test_budgets_let_a_node_be_drained_and_keep_a_pod() -> None:
    def with_pods(count: int) -> list[Document]:
        return rendered(merged(SERVERS, {one: {"replicas": count} for one in ("serve", "worker")}))

    assert of_kind(with_pods(1), "PodDisruptionBudget") == []
    documents = with_pods(2)
    for budget in of_kind(documents, "PodDisruptionBudget"):
        labels = budget["spec"]["selector"]["matchLabels"]
        deployments = of_kind(documents, "Deployment")
        (covered,) = (one for one in deployments if _has(one["spec"]["template"], labels))
        assert budget["spec"]["maxUnavailable"] < covered["spec"]["replicas"]
    assert len(of_kind(documents, "PodDisruptionBudget")) == 2


def test_the_autoscaler_alone_says_how_many_pods() -> None:
    documents = rendered(SETS["high availability"])
    (scaler,) = of_kind(documents, "HorizontalPodAutoscaler")
    assert scaler["spec"]["minReplicas"] == 3
    serve = named(documents, "Deployment", RELEASE)
    assert "replicas" not in serve["spec"]
    assert serve["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert "PodDisruptionBudget" in {one["kind"] for one in documents}
    spread = serve["spec"]["template"]["spec"]["topologySpreadConstraints"]
    assert {one["topologyKey"] for one in spread} == {
        "topology.kubernetes.io/zone",
        "kubernetes.io/hostname",
    }


def test_one_pod_owns_milvus_lite() -> None:
    (only,) = of_kind(rendered({}), "Deployment")
    assert (only["spec"]["replicas"], only["spec"]["strategy"]) == (1, {"type": "Recreate"})


def test_a_volume_of_one_node_keeps_the_pods_together() -> None:
    for deployment in of_kind(rendered(SERVERS), "Deployment"):
        assert "podAffinity" in deployment["spec"]["template"]["spec"]["affinity"]
    shared = merged(SERVERS, {"home": {"accessMode": "ReadWriteMany"}})
    for deployment in of_kind(rendered(shared), "Deployment"):
        assert "affinity" not in deployment["spec"]["template"]["spec"]


def test_pods_start_anew_when_settings_or_secrets_change() -> None:
    def annotations(values: Mapping[str, Any]) -> list[Any]:
        deployments = of_kind(rendered(values), "Deployment")
        return [one["spec"]["template"]["metadata"]["annotations"] for one in deployments]

    before = annotations(SERVERS)
    assert annotations(SERVERS) == before
    for more in ({"vectors": {"replicas": 2}}, {"secretsRevision": "1"}):
        after = annotations(merged(SERVERS, more))
        assert all(new != old for new, old in zip(after, before, strict=True))


def test_drained_pods_answer_until_nobody_is_sent_there() -> None:
    serve = named(rendered(SERVERS), "Deployment", RELEASE)["spec"]["template"]["spec"]
    (container,) = serve["containers"]
    waits = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert waits >= 5  # so long may proxies take to hear that a pod is to end
    assert serve["terminationGracePeriodSeconds"] > waits + 5  # what uvicorn waits for answers


def test_the_milvus_of_the_chart_is_where_it_puts_itself() -> None:
    assert "nearfield-milvus:19530" in texts(_with_milvus(), RELEASE)["settings.yaml"]
    assert '"http://milvus:19530"' in texts(_with_milvus(), "milvus")["settings.yaml"]
    budgets = of_kind(rendered(_with_milvus()), "PodDisruptionBudget")
    of_milvus = {one["spec"]["selector"]["matchLabels"].get("component") for one in budgets}
    assert of_milvus >= {"proxy", "querynode", "streamingnode", "mixcoord", "datanode"}


def test_all_parts_of_milvus_have_the_password_of_its_store() -> None:
    """Milvus' chart gives it to the store alone, and would leave them with the default."""
    milvus = values_of("high-availability")["milvus"]
    for part in ("proxy", "queryNode", "dataNode", "streamingNode", "mixCoordinator"):
        given = {one["name"]: one["valueFrom"]["secretKeyRef"] for one in milvus[part]["extraEnv"]}
        assert given.keys() == {"MINIO_ACCESS_KEY_ID", "MINIO_SECRET_ACCESS_KEY"}
        assert {one["name"] for one in given.values()} == {milvus["minio"]["existingSecret"]}


def test_copies_are_as_many_as_groups_and_coordinators_have_a_standby() -> None:
    values = values_of("high-availability")
    milvus, vectors = values["milvus"], values["vectors"]
    assert vectors["resourceGroups"] == milvus["replicaResourceGroups"]
    assert vectors["replicas"] == len(vectors["resourceGroups"]) == 2
    assert milvus["mixCoordinator"]["activeStandby"]["enabled"]
    for part, least in (("proxy", 2), ("mixCoordinator", 2), ("dataNode", 2), ("queryNode", 1)):
        assert milvus[part]["replicas"] >= least
    assert milvus["etcd"]["replicaCount"] == 3


def test_versions_agree() -> None:
    told = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert told["appVersion"] == told["version"] == nearfield.__version__
    lock = yaml.safe_load((CHART / "Chart.lock").read_text())
    (wanted,), (locked,) = told["dependencies"], lock["dependencies"]
    both = [[_as_helm_sees(wanted)], [_as_helm_sees(locked)]]
    digest = hashlib.sha256(json.dumps(both, separators=(",", ":")).encode()).hexdigest()
    assert lock["digest"] == f"sha256:{digest}"


def test_notes_name_the_next_steps() -> None:
    notes = texts(SERVERS)["NOTES.txt"]
    assert "keys add admin --scope admin" in notes
    assert "port-forward service/nearfield" in notes
    assert "All pods run on one node" in notes
    everything = texts(EVERYTHING)["NOTES.txt"]
    assert "https://songs.example.org" in everything
    assert "secret generic nearfield-metrics" in everything
    assert "keys add prometheus --scope metrics" in everything
    assert "NO API key" in texts(merged(SERVERS, {"serve": {"apiKeys": False}}))["NOTES.txt"]


_WEIGHT: Final = "helm.sh/hook-weight"


def _hook(document: Document) -> str:
    found: str = document["metadata"].get("annotations", {}).get("helm.sh/hook", "")
    return found


def _has(document: Document, labels: Mapping[str, str]) -> bool:
    return all(document["metadata"]["labels"].get(name) == labels[name] for name in labels)


def _with_milvus() -> dict[str, Any]:
    """Return values that bring Milvus; what its own chart makes of them is not rendered."""
    return merged({"mode": "servers", "milvus": {"enabled": True, "cluster": {"enabled": True}}})


def _as_helm_sees(dependency: Mapping[str, str]) -> dict[str, str]:
    """Return a dependency with its fields in the order in which Helm hashes them."""
    order = ("name", "version", "repository", "condition")
    return {name: dependency[name] for name in order if name in dependency}
