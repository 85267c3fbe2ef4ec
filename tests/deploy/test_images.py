"""The images and the compose file name what is there: files, commands, settings, one another."""

import json
import re
import tomllib
from typing import Any, Final

import pytest
import yaml
from typer.testing import CliRunner

import nearfield
from nearfield.cli.main import app
from nearfield.settings import Settings
from rendered_chart import CHART, ROOT, pods, rendered

DEPLOY: Final = ROOT / "deploy"
COMPOSE: Final[dict[str, Any]] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVICES: Final[dict[str, Any]] = COMPOSE["services"]
OURS: Final = ("serve", "worker", "migrate")


def instructions() -> list[tuple[str, str]]:
    """Return the lines of the Dockerfile as they are run: what, and with which words."""
    lines = (line for line in (DEPLOY / "Dockerfile").read_text().splitlines() if line[:1] != "#")
    text = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [tuple(line.split(" ", 1)) for line in text.splitlines() if line]  # type: ignore[misc]


def test_what_is_copied_is_there_and_not_ignored() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    kept = {line[1:] for line in ignored if line.startswith("!")}
    assert "*" in ignored
    for what, words in instructions():
        if what == "COPY" and not words.startswith("--from"):
            *sources, _ = words.split()
            assert set(sources) <= kept
            assert all((ROOT / source).exists() for source in sources)


def test_extras_exist_and_only_workers_have_torch() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    runs = " ".join(words for what, words in instructions() if what == "RUN")
    served = re.findall(r"'\.\[([\w,]+)\]'", runs)[0].split(",")
    (more,) = (words for what, words in instructions() if words.startswith("EXTRAS="))
    assert {*served, *more.removeprefix("EXTRAS=").split(",")} <= extras.keys()
    assert not any("torch" in package for extra in served for package in extras[extra])


def test_images_run_as_the_user_of_the_chart() -> None:
    user = yaml.safe_load((CHART / "values.yaml").read_text())["user"]
    assert ("USER", f"{user['uid']}:{user['gid']}") in instructions()
    told = dict(re.findall(r"(\w+)=(\S+)", " ".join(w for i, w in instructions() if i == "ENV")))
    (settings,) = (one for one in rendered({}) if one["kind"] == "ConfigMap")
    assert settings["data"].items() <= told.items()


def test_targets_are_what_chart_and_compose_call_them() -> None:
    stages = {words.split(" AS ")[1] for what, words in instructions() if what == "FROM"}
    for name in ("serve", "worker"):
        assert SERVICES[name]["build"]["target"] in stages
    images = {pod["spec"]["containers"][0]["image"] for pod in pods(rendered({}))}
    assert images == {SERVICES[name]["image"] for name in ("serve", "worker")}
    assert SERVICES["serve"]["image"].endswith(f":{nearfield.__version__}")


def test_the_same_milvus_runs_in_compose_and_in_the_chart() -> None:
    (dependency,) = yaml.safe_load((CHART / "Chart.yaml").read_text())["dependencies"]
    of_chart = {"5.0.19": "v2.6.15"}[dependency["version"]]
    assert SERVICES["milvus"]["image"].endswith(of_chart)


@pytest.mark.parametrize("name", SERVICES)
def test_every_image_has_a_version_and_tells_of_its_health(name: str) -> None:
    service = SERVICES[name]
    assert re.search(r":[vR]?\S*\d", service["image"])
    assert service["healthcheck"]
    for other, after in service.get("depends_on", {}).items():
        healthy = after["condition"] == "service_healthy"
        assert "test" in SERVICES[other]["healthcheck"] if healthy else SERVICES[other]
    for volume in service.get("volumes", []):
        assert volume.split(":")[0] in COMPOSE["volumes"]


@pytest.mark.parametrize("name", OURS)
def test_our_services_are_as_narrow_as_pods_and_use_what_exists(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    known = {f"NEARFIELD_{one.upper()}" for one in Settings.model_fields}
    assert service["environment"].keys() <= known
    command, *options = service["command"]
    text = CliRunner(env={"COLUMNS": "200"}).invoke(app, [command, "--help"])
    assert text.exit_code == 0
    assert {one for one in options if one.startswith("--")} <= set(
        re.findall(r"--[a-z-]+", text.stdout)
    )


def test_servers_are_addressed_by_their_names() -> None:
    addresses = SERVICES["serve"]["environment"].values()
    hosts = {re.split(r"[:/]", re.split("://|@", address)[-1])[0] for address in addresses}
    assert hosts == {"milvus", "mariadb", "redis"}
    assert SERVICES["serve"]["ports"] == ["127.0.0.1:8000:8000"]
    assert not any("ports" in SERVICES[name] for name in SERVICES.keys() - {"serve"})


def test_every_password_has_to_be_given() -> None:
    text = (DEPLOY / "compose.yaml").read_text()
    wanted = set(re.findall(r"\$\{(\w+):\?", text))
    assert set(re.findall(r"\$\{(\w+)", text)) == wanted
    given = dict(
        line.split("=", 1)
        for line in (DEPLOY / "compose.env.example").read_text().splitlines()
        if line[:1] != "#"
    )
    assert given == dict.fromkeys(wanted, "")


def test_probes_in_python_compile() -> None:
    (healthcheck,) = (words for what, words in instructions() if what == "HEALTHCHECK")
    image = json.loads(healthcheck.split("CMD", 1)[1])
    for *program, probe in (image, SERVICES["serve"]["healthcheck"]["test"][1:]):
        assert program == ["python", "-c"]
        assert "http://127.0.0.1:8000/" in probe
        compile(probe, "probe", "exec")
