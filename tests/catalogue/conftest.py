"""Databases for the tests: SQLite; a real server where `make test-servers` asks for it."""

import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from sqlalchemy import make_url

from nearfield.catalogue.store import Catalogues
from real_servers.databases import copy_sqlite, empty_database, fill, read_schema
from real_servers.mariadb import MariaDB, running_mariadb

MYSQL_URL = os.environ.get("NEARFIELD_TEST_MYSQL_URL")
"""A server of yours that the suite is to run on as well; it makes databases of its own there."""

SERVERS = [pytest.param("mariadb", marks=pytest.mark.servers)]
if MYSQL_URL:
    SERVERS.append(pytest.param("mysql", marks=pytest.mark.servers))
BACKENDS = ["sqlite", *SERVERS]


@pytest.fixture(scope="session")
def mariadb_process() -> Iterator[MariaDB]:
    """Start one server for the whole run, and stop it at the end."""
    with running_mariadb() as server:
        yield server


@pytest.fixture(scope="session")
def mariadb(mariadb_process: MariaDB) -> str:
    return mariadb_process.url


@pytest.fixture(scope="session")
def schema_of() -> Callable[[str], list[str]]:
    """Return what reads the statements that make the schema on a server, once each."""
    return cache(read_schema)


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest) -> str:
    """Return the address of a server, for what SQLite does not have."""
    if request.param == "mysql":
        return MYSQL_URL or ""
    found: str = request.getfixturevalue("mariadb")
    return found


@pytest.fixture
def server_url(server: str) -> Iterator[str]:
    """Return the address of an empty database of its own on a server."""
    with empty_database(server) as url:
        yield url.render_as_string(hide_password=False)


@pytest.fixture(params=BACKENDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the address of an empty database of its own."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/nearfield.db"
        return
    address = MYSQL_URL or "" if request.param == "mysql" else request.getfixturevalue("mariadb")
    with empty_database(address) as found:
        yield found.render_as_string(hide_password=False)


@pytest.fixture
def store(
    url: str,
    tmp_path_factory: pytest.TempPathFactory,
    schema_of: Callable[[str], list[str]],
) -> Iterator[Catalogues]:
    if url.startswith("sqlite"):
        copy_sqlite(tmp_path_factory.getbasetemp() / "template.db", url)
    else:
        server = make_url(url).set(database="")
        fill(url, schema_of(server.render_as_string(hide_password=False)))
    with Catalogues(url) as opened:
        yield opened
