"""Alerts go by figures that exist, ring when they should, and each has its entry in the runbook."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from rendered_chart import CHART, EVERYTHING, NAMESPACE, ROOT, SETS, merged, of_kind, rendered
from running_service import Running

FILES: Final = sorted((CHART / "alerts").glob("*.yaml"))
TESTS: Final = sorted((Path(__file__).parent / "alerts").glob("*.yaml"))
RUNBOOK: Final = ROOT / "docs" / "runbook.md"
DASHBOARD: Final = ROOT / "deploy" / "grafana" / "nearfield.json"

_PARTS: Final = ("What it means", "What users see", "Look", "Mend", "Prevent")
_SERIES: Final = re.compile(r"\b((?:nearfield|process)_\w+)(?:\{([^}]*)\})?")


def rules_of(file: Path) -> list[dict[str, Any]]:
    groups = yaml.safe_load(file.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


RULES: Final = [rule for file in FILES for rule in rules_of(file)]


@pytest.fixture(scope="module")
def promtool() -> str:
    """Prometheus' own checker of rules."""
    found = shutil.which("promtool")
    if found is None:
        assert os.environ.get("CI") != "true", "promtool is missing"
        pytest.skip("no promtool: install Debian's prometheus")
    return found


@pytest.fixture(scope="module")
def figures(service: Running) -> Mapping[str, set[str]]:
    """The labels of each figure that a service tells; of an empty home some have no values."""
    found: dict[str, set[str]] = {}
    for line in service.http.get("/metrics").text.splitlines():
        if told := re.match(r"# TYPE (\w+) (\w+)", line):
            kinds = {"histogram": ("_bucket", "_sum", "_count")}.get(told[2], ("",))
            found.update({told[1] + kind: set() for kind in kinds})
        elif sample := re.match(r"(\w+)(?:\{(.*)\})? ", line):
            found.setdefault(sample[1], set()).update(re.findall(r'(\w+)="', sample[2] or ""))
    return found


def check(promtool: str, *words: str | Path) -> None:
    done = subprocess.run([promtool, *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_prometheus_takes_the_rules(promtool: str, file: Path) -> None:
    check(promtool, "check", "rules", file)


@pytest.mark.parametrize("file", TESTS, ids=lambda file: file.stem)
def test_alerts_ring_when_they_should(promtool: str, file: Path) -> None:
    check(promtool, "test", "rules", file)


def test_every_alert_was_seen_to_ring() -> None:
    seen = set(re.findall(r'alertname="(\w+)"', "".join(file.read_text() for file in TESTS)))
    assert {rule["alert"] for rule in RULES} == seen


def test_prometheus_takes_what_the_chart_makes_of_them(promtool: str, tmp_path: Path) -> None:
    (made,) = of_kind(rendered(EVERYTHING), "PrometheusRule")
    file = tmp_path / "rules.yaml"
    file.write_text(yaml.safe_dump(made["spec"]))
    check(promtool, "check", "rules", file)


def test_alerts_of_a_release_go_by_its_own_objects() -> None:
    alerts = {"monitoring": {"alerts": {"enabled": True, "groups": {"certificates": True}}}}
    documents = rendered(merged(SETS["high availability"], alerts), "songs")
    (made,) = of_kind(documents, "PrometheusRule")
    rules = {
        rule["alert"]: rule["expr"] for group in made["spec"]["groups"] for rule in group["rules"]
    }
    assert rules.keys() == {rule["alert"] for rule in RULES}
    for expr in rules.values():
        assert f'namespace="{NAMESPACE}"' in expr
        assert 'namespace="nearfield"' not in expr
    named_there = set(
        re.findall(r'(\w+)=~?"(songs[^"]*|nearfield-[^"]*)"', " ".join(rules.values()))
    )
    kinds = {"deployment": "Deployment", "job_name": "Job"}
    kinds["horizontalpodautoscaler"] = "HorizontalPodAutoscaler"
    made_there = {
        (label, one["metadata"]["name"])
        for label, kind in kinds.items()
        for one in of_kind(documents, kind)
    }
    assert named_there == made_there | {("deployment", "songs-milvus-.+")}


def test_groups_can_be_left_out_and_the_runbook_moved() -> None:
    groups = {"service": True, "cluster": False, "milvus": False, "certificates": False}
    alerts = {"groups": groups, "runbookUrl": "https://wiki.example/nearfield"}
    values = merged(EVERYTHING, {"monitoring": {"alerts": alerts}})
    (made,) = of_kind(rendered(values), "PrometheusRule")
    (group,) = made["spec"]["groups"]
    assert group["name"] == "nearfield"
    for rule in group["rules"]:
        url = rule["annotations"]["runbook_url"]
        assert url == f"https://wiki.example/nearfield#{rule['alert'].lower()}"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_says_what_to_do(rule: Mapping[str, Any]) -> None:
    assert rule["labels"]["severity"] in ("critical", "warning", "info")
    assert rule["annotations"].keys() == {"summary", "description", "runbook_url"}
    assert rule["annotations"]["runbook_url"].endswith(f"runbook.md#{rule['alert'].lower()}")


def test_the_dashboard_shows_whatever_rings() -> None:
    """All but what only says that a process lives, or lacks sockets."""
    shown = DASHBOARD.read_text()
    asked = {name for rule in RULES for name, _ in _SERIES.findall(rule["expr"])}
    assert {name for name in asked if name not in shown} == {"process_open_fds", "process_max_fds"}


def test_the_runbook_has_an_entry_for_each_alert_and_no_other() -> None:
    entries = re.split(r"^### (?=Nearfield)", RUNBOOK.read_text(), flags=re.MULTILINE)[1:]
    names = [entry.split("\n", 1)[0] for entry in entries]
    assert sorted(names) == sorted(rule["alert"] for rule in RULES)
    for name, entry in zip(names, entries, strict=True):
        told = re.findall(r"^\*\*(.+?)\.\*\*", entry, flags=re.MULTILINE)
        assert tuple(told) == _PARTS, name


def test_alerts_and_panels_go_by_figures_that_exist(figures: Mapping[str, set[str]]) -> None:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    shown = [target["expr"] for panel in panels for target in panel["targets"]]
    asked = [rule["expr"] for rule in RULES] + shown
    found = [one for text in asked for one in _SERIES.findall(text)]
    assert len(found) > 25
    for name, selector in found:
        assert name in figures, name
        labels = set(re.findall(r'(\w+)\s*[!=]~?"', selector)) - {"job", "instance", "namespace"}
        if figures[name]:
            assert labels <= figures[name], (name, selector)
