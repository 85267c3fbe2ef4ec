"""Migrations only add: services of the release before go on with the new schema."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

import nearfield.catalogue.migrations.versions as versions

FILES: Final = sorted(Path(str(versions.__file__)).parent.glob("0*.py"))
ADDS: Final = {"create_table", "create_index", "add_column"}

HARMLESS: Final = {
    # the release before compares names a little less exactly, and does not see the difference
    "0006_exact_names": {"execute", "get_bind"},
}
"""What else some do, and why the release before can live with it."""


def calls(file: Path) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            of = node.func.value
            if isinstance(of, ast.Name) and of.id == "op":
                yield node


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_nothing_is_renamed_taken_away_or_made_narrower(file: Path) -> None:
    allowed = ADDS | HARMLESS.get(file.stem, set())
    assert {call.func.attr for call in calls(file)} <= allowed  # type: ignore[attr-defined]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_rows_of_the_release_before_need_not_name_a_new_column(file: Path) -> None:
    for call in calls(file):
        if call.func.attr == "add_column":  # type: ignore[attr-defined]
            column = call.args[1]
            assert isinstance(column, ast.Call)
            given = {word.arg: word.value for word in column.keywords}
            nullable = ast.unparse(given["nullable"]) if "nullable" in given else "True"
            assert nullable == "True" or "server_default" in given, ast.unparse(call)
