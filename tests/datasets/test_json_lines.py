"""JSON lines."""

from pathlib import Path

import pytest

from nearfield.datasets.read import TableFiles, read_files, read_folder
from nearfield.errors import InvalidInput


def test_types_become_what_other_tables_have(tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").write_text(
        '{"user": 1, "item": "a", "rating": 4}\n{"user": 2, "item": "a", "rating": 3.5}\n'
    )
    (tmp_path / "items.jsonl").write_text(
        '{"item": "a", "title": "A", "genres": ["x", "y"], "good": true}\n'
        '{"item": "b", "title": "B", "genres": []}\n'
    )
    read = read_folder(tmp_path, strict=True)
    assert read.layout == "events.jsonl"
    assert read.tables.events.rows() == [
        ("1", "a", "rated", 4.0, 0),
        ("2", "a", "rated", 3.5, 0),
    ]
    assert read.tables.items.rows() == [
        ("a", "A", None, ["x", "y"], "true"),
        ("b", "B", None, [], None),
    ]


def test_lines_that_cannot_be_read_are_refused_by_line(tmp_path: Path) -> None:
    file = tmp_path / "e.jsonl"
    file.write_text(
        '{"user": 1, "item": "a"}\n'
        "\n"
        '{"user": "x", "item": 2.5, "kind": null}\n'
        '{"user": 1, "item": \n'
        "[1]\n"
        '{"user": {"a": 1}, "item": "a"}\n'
        '{"user": "\\ud800", "item": "a"}\n'
        '{"item": "a"}\n'
    )
    read = read_files(TableFiles(events=file))
    assert [one.line for one in read.report.refusals] == [4, 5, 6, 7, 8]
    assert read.report.count("e.jsonl").read == 7
    assert read.tables.events.select("user", "item").rows() == [("1", "a"), ("x", "2.5")]
    file.write_text(" \n")
    with pytest.raises(InvalidInput, match="is empty"):
        read_files(TableFiles(events=file))
