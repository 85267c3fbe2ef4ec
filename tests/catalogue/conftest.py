"""Databases for the tests: SQLite; a real server where `make test-servers` asks for it."""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from nearfield.catalogue.store import Catalogues
from real_servers.mariadb import mariadb_server

MYSQL_URL = os.environ.get("NEARFIELD_TEST_MYSQL_URL")
"""A server of yours that the suite is to run on as well; it makes databases of its own there."""

BACKENDS = ["sqlite", pytest.param("mariadb", marks=pytest.mark.servers)]
if MYSQL_URL:
    BACKENDS.append(pytest.param("mysql", marks=pytest.mark.servers))


@pytest.fixture(scope="session")
def mariadb() -> Iterator[str]:
    """Start one server for the whole run, and stop it at the end."""
    with mariadb_server() as url:
        yield url


@pytest.fixture(params=BACKENDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the address of an empty database of its own."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/nearfield.db"
        return
    server = make_url(
        MYSQL_URL or "" if request.param == "mysql" else request.getfixturevalue("mariadb")
    )
    name = f"nearfield_test_{uuid.uuid4().hex}"
    engine = create_engine(server)
    with engine.begin() as conn:
        conn.execute(text(f"CREATE DATABASE {name} CHARACTER SET utf8mb4"))
    yield server.set(database=name).render_as_string(hide_password=False)
    with engine.begin() as conn:
        conn.execute(text(f"DROP DATABASE {name}"))
    engine.dispose()


@pytest.fixture
def store(url: str) -> Iterator[Catalogues]:
    with Catalogues(url) as opened:
        yield opened
