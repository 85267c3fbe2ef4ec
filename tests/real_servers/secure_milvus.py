"""The real Milvus server with passwords, and certificates on both sides."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from nearfield.errors import Unavailable
from nearfield.vectors.connection import Connection
from nearfield.vectors.options import MilvusOptions
from real_servers.milvus import MilvusServer

NAME = "milvus.nearfield.test"
"""In the server's certificate; its address says localhost."""

TOKEN = "root:Milvus"


@dataclass(frozen=True)
class Certificates:
    """A certificate authority, and what it signed.

    Parameters
    ----------
    folder : Path
        Holds ``ca.pem``, and ``server`` and ``client``, each ``.pem`` and ``.key``.
    """

    folder: Path

    @classmethod
    def made_in(cls, folder: Path) -> "Certificates":
        """Make all of them, good for a day."""
        folder.mkdir()
        _openssl(
            *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"),
            *("-subj", "/CN=nearfield test CA", "-keyout", "ca.key", "-out", "ca.pem"),
            folder=folder,
        )
        (folder / "names").write_text(f"subjectAltName=DNS:{NAME}")
        for name in ("server", "client"):
            _openssl(
                *("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={NAME}"),
                *("-keyout", f"{name}.key", "-out", f"{name}.csr"),
                folder=folder,
            )
            _openssl(
                *("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key"),
                *("-CAcreateserial", "-days", "1", "-extfile", "names", "-out", f"{name}.pem"),
                folder=folder,
            )
        return cls(folder)

    def __getitem__(self, name: str) -> Path:
        return self.folder / name

    @property
    def options(self) -> MilvusOptions:
        """What a client must say."""
        return MilvusOptions(
            ca=self["ca.pem"],
            certificate=self["client.pem"],
            key=self["client.key"],
            server_name=NAME,
        )


class SecureMilvus(MilvusServer):
    """A server that wants a password, and a certificate of who calls.

    Parameters
    ----------
    folder : Path
        Its data.
    certificates : Certificates
        Its own, and of who may call.
    """

    def __init__(self, folder: Path, certificates: Certificates) -> None:
        self.certificates = certificates
        settings = {
            "common.security.authorizationEnabled": "true",
            "common.security.tlsMode": "2",
            "tls.serverPemPath": str(certificates["server.pem"]),
            "tls.serverKeyPath": str(certificates["server.key"]),
            "tls.caPemPath": str(certificates["ca.pem"]),
        }
        super().__init__(folder, settings)

    @property
    def uri(self) -> str:
        """Its address."""
        return super().uri.replace("http://127.0.0.1", "https://localhost")

    def answers(self) -> bool:
        """Tell whether it answers."""
        with Connection(self.uri, TOKEN, options=self.certificates.options) as connection:
            try:
                connection.call("list_collections")
            except Unavailable:
                return False
        return True


def _openssl(*words: str, folder: Path) -> None:
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)
