"""`nearfield migrate`: a database of any age is brought up to date, and says where it stood."""

import json
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection
from typer.testing import CliRunner

from nearfield.catalogue.database import Database
from nearfield.catalogue.migrate import _config
from nearfield.catalogue.schema import HEAD, VERSION_TABLE
from nearfield.catalogue.standing import MOVING
from nearfield.cli.main import app
from real_servers.mariadb import mariadb_server


def run(home: Path, *words: str, url: str | None = None) -> Any:
    settings = {} if url is None else {"NEARFIELD_DATABASE_URL": url}
    return CliRunner(env=settings).invoke(app, ["--home", str(home), "migrate", *words])


def bring(url: str, version: str) -> None:
    """Leave a database as an older release left it, or a newer one."""
    database = Database(url)

    def work(conn: Connection) -> None:
        if version <= HEAD:
            command.upgrade(_config(conn), version)
        else:
            conn.exec_driver_sql(f"UPDATE {VERSION_TABLE} SET version_num = '{version}'")

    database.write(work)
    database.close()


def file_of(home: Path) -> str:
    return f"sqlite:///{home / 'catalogue.db'}"


def test_a_new_home_gets_the_newest_schema(tmp_path: Path) -> None:
    first = run(tmp_path / "home", "--json")
    assert (first.exit_code, json.loads(first.stdout)) == (
        0,
        {"from": None, "to": HEAD, "newest": HEAD},
    )
    again = run(tmp_path / "home")
    assert again.exit_code == 0
    assert f"is at {HEAD}, the newest" in again.stderr


def test_an_old_database_says_where_it_stood(tmp_path: Path) -> None:
    bring(file_of(tmp_path), "0003")
    behind = run(tmp_path, "--check")
    assert behind.exit_code == 1
    assert f"is at 0003; {HEAD} is the newest." in behind.stderr
    assert f"Run `nearfield --home {tmp_path} migrate`" in behind.stderr
    done = run(tmp_path)
    assert done.exit_code == 0
    assert f"was at 0003; now it is at {HEAD}." in done.stderr
    assert run(tmp_path, "--check").exit_code == 0


def test_check_makes_nothing(tmp_path: Path) -> None:
    checked = run(tmp_path / "home", "--check", "--json")
    assert (checked.exit_code, json.loads(checked.stdout)["from"]) == (1, None)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [[], ["--check"]])
def test_a_newer_database_is_named(tmp_path: Path, words: list[str]) -> None:
    run(tmp_path)
    bring(file_of(tmp_path), "9999")
    refused = run(tmp_path, *words)
    assert refused.exit_code == 1
    assert "made by a newer Nearfield" in refused.stderr


@pytest.mark.parametrize("words", [[], ["--check"]])
def test_a_database_that_is_being_moved_is_left_alone(tmp_path: Path, words: list[str]) -> None:
    run(tmp_path)
    bring(file_of(tmp_path), f"{MOVING}here")
    refused = run(tmp_path, *words)
    assert refused.exit_code == 1
    assert "is being moved" in refused.stderr


def test_a_server_that_is_away_is_named_without_its_password(tmp_path: Path) -> None:
    away = run(tmp_path / "home", url="mysql+pymysql://me:secret@127.0.0.1:1/facts")
    assert away.exit_code == 1
    assert "127.0.0.1" in away.stderr
    assert "secret" not in away.stderr
    assert not (tmp_path / "home").exists()


@pytest.mark.servers
def test_a_server_is_migrated_without_a_folder(tmp_path: Path) -> None:
    with mariadb_server() as server:
        database = Database(server)
        with database.reading() as conn:
            conn.exec_driver_sql("CREATE DATABASE facts CHARACTER SET utf8mb4")
        database.close()
        url = server.replace("/?", "/facts?")
        bring(url, "0004")
        assert run(tmp_path / "home", "--check", url=url).exit_code == 1
        done = run(tmp_path / "home", "--json", url=url)
        assert (done.exit_code, json.loads(done.stdout)["from"]) == (0, "0004")
        assert run(tmp_path / "home", "--check", url=url).exit_code == 0
    assert not (tmp_path / "home").exists()
