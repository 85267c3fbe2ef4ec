"""Databases for the tests: SQLite always, MariaDB where NEARFIELD_TEST_MARIADB=1."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from nearfield.catalogue.store import Catalogues

BACKENDS = ["sqlite", *(["mariadb"] if os.environ.get("NEARFIELD_TEST_MARIADB") == "1" else [])]


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[str]:
    """Start one server for the whole run, in a folder of its own, and stop it at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # not pytest's own folder: its path is longer than a socket's name may be
    folder = Path(tempfile.mkdtemp(prefix="nf-maria-"))
    common = [f"--datadir={folder}/data", "--user=root"]
    try:
        subprocess.run(
            [
                "mariadb-install-db",
                "--no-defaults",
                *common,
                "--auth-root-authentication-method=normal",
            ],
            check=True,
            capture_output=True,
        )
        server = subprocess.Popen(
            [
                shutil.which("mariadbd") or "/usr/sbin/mariadbd",
                "--no-defaults",
                *common,
                f"--socket={folder}/socket",
                f"--port={port}",
                "--bind-address=127.0.0.1",
                f"--log-error={folder}/log",
                "--innodb-flush-log-at-trx-commit=0",
            ]
        )
        try:
            _wait_until_listening(port, server, folder / "log")
            yield f"mysql+pymysql://root@127.0.0.1:{port}/"
        finally:
            server.terminate()
            server.wait(timeout=30)
    finally:
        shutil.rmtree(folder)


def _wait_until_listening(port: int, server: "subprocess.Popen[bytes]", log: Path) -> None:
    for _ in range(300):
        if server.poll() is not None:
            raise RuntimeError(f"mariadbd ended with {server.returncode}: {log.read_text()}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError(f"mariadbd does not listen: {log.read_text()}")


@pytest.fixture(params=BACKENDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the address of an empty database of its own."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/nearfield.db"
        return
    server = request.getfixturevalue("mariadb_server")
    name = f"test_{uuid.uuid4().hex}"
    engine = create_engine(server)
    with engine.begin() as conn:
        conn.execute(text(f"CREATE DATABASE {name} CHARACTER SET utf8mb4"))
    yield server + name
    with engine.begin() as conn:
        conn.execute(text(f"DROP DATABASE {name}"))
    engine.dispose()


@pytest.fixture
def store(url: str) -> Iterator[Catalogues]:
    with Catalogues(url) as opened:
        yield opened
