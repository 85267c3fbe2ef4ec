"""What may be said of a Milvus server, and that all of it reaches other processes."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer

from nearfield.cli.opening import read_places
from nearfield.errors import InvalidInput
from nearfield.jobs.parent import TakenPlaces
from nearfield.vectors.options import MilvusOptions

ALL = MilvusOptions(
    replicas=2,
    index="ivf_flat",
    resource_groups=("rg1", "rg2"),
    ca=Path("/tls/ca.pem"),
    certificate=Path("/tls/me.pem"),
    key=Path("/tls/me.key"),
    server_name="milvus.example.org",
    answer_seconds=2.5,
    write_seconds=20,
    connect_seconds=3,
)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"replicas": 0}, r"replicas are 0.*1 or more"),
        ({"index": "annoy"}, r"index 'annoy' is not known.*auto, flat, hnsw, ivf_flat"),
        ({"answer_seconds": 0}, r"answer_seconds is 0.*above 0"),
        ({"write_seconds": float("nan")}, r"write_seconds is nan"),
        ({"connect_seconds": float("inf")}, r"connect_seconds is inf"),
        ({"certificate": Path("a"), "ca": Path("b")}, r"certificate was given without its key"),
        ({"key": Path("a"), "ca": Path("b")}, r"key was given without its certificate"),
        ({"key": Path("a"), "certificate": Path("b")}, r"without the CA.*NEARFIELD_MILVUS_CA"),
    ],
)
def test_what_cannot_be_used_is_named(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        MilvusOptions(**wrong)


@pytest.mark.parametrize("options", [MilvusOptions(), ALL])
def test_options_survive_the_pipe_to_another_process(options: MilvusOptions) -> None:
    line = TakenPlaces(Path("/home"), "http://m:1", milvus=options).as_line()
    assert MilvusOptions.of_plain(json.loads(line)["milvus"]) == options


def test_the_environment_says_all_of_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    told = {
        "HOME": str(tmp_path),
        "MILVUS_URI": "https://m:19530",
        "MILVUS_TOKEN": "root:Milvus",
        "MILVUS_REPLICAS": "2",
        "MILVUS_INDEX": "ivf_flat",
        "MILVUS_RESOURCE_GROUPS": "rg1, rg2",
        "MILVUS_CA": "/tls/ca.pem",
        "MILVUS_CERTIFICATE": "/tls/me.pem",
        "MILVUS_KEY": "/tls/me.key",
        "MILVUS_SERVER_NAME": "milvus.example.org",
        "MILVUS_ANSWER_SECONDS": "2.5",
        "MILVUS_WRITE_SECONDS": "20",
        "MILVUS_CONNECT_SECONDS": "3",
    }
    for name, value in told.items():
        monkeypatch.setenv(f"NEARFIELD_{name}", value)
    places = read_places(_context())
    assert (places.milvus_uri, places.milvus_token) == ("https://m:19530", "root:Milvus")
    assert places.milvus == ALL


def test_a_wrong_word_of_the_environment_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("NEARFIELD_HOME", str(tmp_path))
    monkeypatch.setenv("NEARFIELD_MILVUS_REPLICAS", "0")
    with pytest.raises(InvalidInput, match=r"replicas are 0"):
        read_places(_context())
    monkeypatch.setenv("NEARFIELD_MILVUS_REPLICAS", "two")
    with pytest.raises(InvalidInput, match=r"NEARFIELD_MILVUS_REPLICAS"):
        read_places(_context())


def _context() -> typer.Context:
    return typer.Context(typer.main.get_command(typer.Typer(callback=lambda: None)))
