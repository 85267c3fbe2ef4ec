"""Encrypted connections to a server."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from nearfield.catalogue.store import Catalogues
from nearfield.errors import Unavailable
from real_servers.mariadb import MariaDB, running_mariadb
from real_servers.processes import free_port

pytestmark = pytest.mark.servers

REQUEST = ("req", "-newkey", "rsa:2048", "-nodes")
USER = "CREATE USER strict@localhost IDENTIFIED BY 'secret' REQUIRE X509"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the certificates lie: two authorities, what the first one signed."""
    made = tmp_path_factory.mktemp("certificates")
    for name in ("ca", "other"):
        told = ("-x509", "-days", "1", "-subj", f"/CN={name}", "-keyout", f"{name}.key")
        openssl(made, *REQUEST, *told, "-out", f"{name}.pem")
    (made / "names").write_text("subjectAltName=IP:127.0.0.1")
    for name in ("server", "client"):
        openssl(
            made,
            *REQUEST,
            *("-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr"),
        )
        openssl(
            made,
            *("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key"),
            *("-CAcreateserial", "-days", "1", "-extfile", "names", "-out", f"{name}.pem"),
        )
    return made


def openssl(folder: Path, *words: str) -> None:
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def secure(folder: Path) -> Iterator[MariaDB]:
    """Lend a server that takes encrypted connections alone."""
    options = (
        f"--ssl-ca={folder}/ca.pem",
        f"--ssl-cert={folder}/server.pem",
        f"--ssl-key={folder}/server.key",
        "--require-secure-transport=1",
    )
    with running_mariadb(options, free_port()) as server:
        engine = create_engine(f"{server.url}?ssl_ca={folder}/ca.pem")
        with engine.begin() as conn:
            for statement in (
                "CREATE DATABASE facts",
                USER,
                "GRANT ALL ON facts.* TO strict@localhost",
            ):
                conn.execute(text(statement))
        engine.dispose()
        yield server


def address(server: MariaDB, user: str = "root", **query: object) -> str:
    url = make_url(server.url).set(database="facts", username=user)
    if user != "root":
        url = url.set(password="secret")
    told = {name: str(value) for name, value in query.items()}
    return url.update_query_dict(told).render_as_string(hide_password=False)


def cipher(url: str) -> str:
    with Catalogues(url, hurried=True) as store, store._database.reading() as conn:
        return str(conn.execute(text("SHOW SESSION STATUS LIKE 'Ssl_cipher'")).one()[1])


def test_the_certificate_of_the_server_is_checked(secure: MariaDB, folder: Path) -> None:
    assert cipher(address(secure, ssl_ca=folder / "ca.pem"))
    with pytest.raises(Unavailable, match="certificate verify failed"):
        cipher(address(secure, ssl_ca=folder / "other.pem"))


def test_without_an_authority_it_is_encrypted_all_the_same(secure: MariaDB) -> None:
    assert cipher(address(secure))
    with pytest.raises(Unavailable, match="or wants TLS"):
        cipher(address(secure, ssl_disabled=1))


def test_a_user_may_have_to_show_a_certificate(secure: MariaDB, folder: Path) -> None:
    own = {"ssl_cert": folder / "client.pem", "ssl_key": folder / "client.key"}
    assert cipher(address(secure, "strict", ssl_ca=folder / "ca.pem", **own))
    with pytest.raises(Unavailable, match="refuses this user or password"):
        cipher(address(secure, "strict", ssl_ca=folder / "ca.pem"))
