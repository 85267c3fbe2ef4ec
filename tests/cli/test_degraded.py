"""What the command line says where Milvus does not answer."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nearfield.cli.main import app


def test_popular_items_are_shown_and_said_to_be_so(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEARFIELD_MILVUS_URI", "http://127.0.0.1:9")  # nobody listens there
    monkeypatch.setenv("NEARFIELD_MILVUS_ANSWER_SECONDS", "1")
    wish = ["--home", str(home), "recommend", "--user", "3", "--where", "genre = 'Drama'"]
    shown = CliRunner().invoke(app, [*wish, "--json"])
    assert shown.exit_code == 0, shown.output
    assert shown.stderr.splitlines() == ["Milvus does not answer: what is popular instead."]
    lines = json.loads(shown.stdout)
    assert lines
    assert all("Drama" in one["genres"] for one in lines)
    assert {(one["degraded"], one["space"]) for one in lines} == {("popular", "popularity")}
    alike = CliRunner().invoke(app, ["--home", str(home), "similar", "--item", "5"])
    assert alike.exit_code == 0, alike.output
    assert "Milvus does not answer" in alike.stderr


def test_a_whole_answer_says_nothing(home: Path) -> None:
    shown = CliRunner().invoke(app, ["--home", str(home), "recommend", "--user", "3", "--json"])
    assert shown.stderr == ""
    assert {one["degraded"] for one in json.loads(shown.stdout)} == {None}
