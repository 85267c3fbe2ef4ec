"""Passwords and certificates, on a real Milvus server that wants both."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nearfield.errors import InvalidInput, Unavailable
from nearfield.vectors.embeddings import Embeddings
from nearfield.vectors.options import MilvusOptions
from nearfield.vectors.spaces import Spaces
from real_servers.secure_milvus import TOKEN, Certificates, SecureMilvus

pytestmark = [pytest.mark.servers, pytest.mark.milvus]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureMilvus]:
    folder = tmp_path_factory.mktemp("secure")
    (folder / "data").mkdir()
    found = SecureMilvus(folder / "data", Certificates.made_in(folder / "certificates"))
    try:
        found.start()
        yield found
    finally:
        found.kill()


@pytest.fixture(scope="module")
def options(server: SecureMilvus) -> MilvusOptions:
    return server.certificates.options


def refuses_all_along(spaces: Spaces, says: str) -> None:
    """Ask often: what does not help is not tried again, and nobody is kept from asking."""
    with closing(spaces):
        for _ in range(10):
            with pytest.raises(Unavailable, match=says):
                spaces.open("movies", "fusion")
            with pytest.raises(Unavailable, match=says):
                spaces.list()
        assert (spaces.health().state, spaces.health().failures) == ("ok", 0)


def test_who_is_known_publishes_and_asks(server: SecureMilvus, options: MilvusOptions) -> None:
    vectors = np.eye(8, dtype=np.float32)
    with Spaces(server.uri, TOKEN, options=options) as spaces:
        list(spaces.publish("movies", "fusion", "v1", Embeddings(np.arange(1, 9), vectors, {})))
        index = spaces.open("movies", "fusion")[1]
        assert index.search(vectors, 1).ids.ravel().tolist() == list(range(1, 9))
        assert index.get(np.array([3])).tolist() == vectors[2:3].tolist()


def test_a_wrong_password_is_said(server: SecureMilvus, options: MilvusOptions) -> None:
    says = r"does not accept the token.*NEARFIELD_MILVUS_TOKEN"
    refuses_all_along(Spaces(server.uri, "root:wrong", options=options), says)
    refuses_all_along(Spaces(server.uri, options=options), says)


def test_who_signed_the_server_must_be_known(
    server: SecureMilvus, options: MilvusOptions, tmp_path: Path
) -> None:
    says = r"do not trust each other.*NEARFIELD_MILVUS_CA"
    other = Certificates.made_in(tmp_path / "others")
    refuses_all_along(Spaces(server.uri, TOKEN, options=replace(options, ca=other["ca.pem"])), says)


def test_the_server_must_have_the_name(server: SecureMilvus, options: MilvusOptions) -> None:
    says = r"do not trust each other.*NEARFIELD_MILVUS_SERVER_NAME"
    refuses_all_along(Spaces(server.uri, TOKEN, options=replace(options, server_name=None)), says)


def test_a_file_that_is_not_there_is_named(server: SecureMilvus, options: MilvusOptions) -> None:
    with pytest.raises(InvalidInput, match=r"absent\.pem cannot be read.*NEARFIELD_MILVUS_CA"):
        Spaces(server.uri, TOKEN, options=replace(options, ca=Path("/absent.pem")))


def test_who_shows_no_certificate_is_told(server: SecureMilvus, options: MilvusOptions) -> None:
    bare = replace(options, certificate=None, key=None, answer_seconds=0.5)
    with Spaces(server.uri, TOKEN, options=bare) as spaces, pytest.raises(Unavailable) as told:
        spaces.list()
    assert "certificate" in str(told.value)
