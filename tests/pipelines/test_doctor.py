"""Doctor finds what was broken, and says how to mend it."""

import shutil
import sqlite3
from pathlib import Path

from nearfield.pipelines.doctor import Check, examine
from nearfield.pipelines.stores import Stores


def problems(home: Path, milvus_uri: str | None = None) -> list[Check]:
    with Stores(home, milvus_uri) as stores:
        return [check for check in examine(stores) if not check.ok]


def test_a_healthy_home_has_no_problem(filled: Path) -> None:
    with Stores(filled) as stores:
        found = {check.name: check for check in examine(stores)}
    assert all(check.ok for check in found.values())
    assert set(found) >= {"home", "disk", "database", "models", "Milvus", "space movies/fusion"}


def test_a_new_home_has_no_problem(tmp_path: Path) -> None:
    assert problems(tmp_path / "new") == []


def test_a_lost_model_is_missed(home: Path) -> None:
    shutil.rmtree(home / "models")
    (lost,) = problems(home)
    assert lost.name == "space movies/fusion"
    assert "nearfield train fusion --catalogue movies" in lost.remedy


def test_cut_weights_are_found(home: Path) -> None:
    (weights,) = home.glob("models/*/*/*/*.safetensors")
    weights.write_bytes(weights.read_bytes()[:-100])
    (cut,) = problems(home)
    assert cut.name == "models"
    assert str(weights.parent) in cut.remedy


def test_a_damaged_card_is_found(home: Path) -> None:
    (card,) = home.glob("models/*/*/*/card.json")
    card.write_text("{")
    found = problems(home)
    assert "models" in {check.name for check in found}
    assert "not JSON" in found[0].found


def test_a_file_that_is_no_database_is_found(home: Path) -> None:
    for log in home.glob("catalogue.db-*"):
        log.unlink()
    (home / "catalogue.db").write_bytes(b"something else" * 1000)
    found = problems(home)
    assert "not an SQLite database" in next(one.found for one in found if one.name == "database")


def test_a_database_of_another_version_is_found(home: Path) -> None:
    with sqlite3.connect(home / "catalogue.db") as connection:
        (table,) = connection.execute(
            "SELECT name FROM sqlite_master WHERE name LIKE '%version%' AND type = 'table'"
        ).fetchone()
        connection.execute(f"UPDATE {table} SET version_num = '9999'")
    connection.close()
    assert any("schema 9999" in check.found for check in problems(home))


def test_lost_references_are_found(home: Path) -> None:
    with sqlite3.connect(home / "catalogue.db") as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("DELETE FROM items WHERE public_id = '1'")
    connection.close()
    assert any("lost references" in check.found for check in problems(home))


def test_a_milvus_that_is_owned_or_away_is_found(home: Path) -> None:
    with Stores(home) as owner:
        owner.spaces.list()
        (owned,) = problems(home)
    assert owned.name == "Milvus"
    assert "open in this process already" in owned.found
    (away,) = problems(home, "http://127.0.0.1:9")
    assert "Milvus at http://127.0.0.1:9" in away.found
    assert "Start the server" in away.found
