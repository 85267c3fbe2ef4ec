"""Keys of programs."""

from pathlib import Path

import pytest

from nearfield.catalogue.keys import ApiKeys
from nearfield.catalogue.store import Catalogues
from nearfield.errors import InvalidInput, NotFound


@pytest.fixture
def keys(store: Catalogues) -> ApiKeys:
    return store.keys


def test_a_key_is_told_once_and_kept_as_a_digest(keys: ApiKeys, tmp_path: Path) -> None:
    key = keys.add("player", ["write", "read"])
    assert key.startswith("nf_")
    assert len(key) == 3 + 43
    assert keys.find(key) == ("player", frozenset({"read", "write"}))
    assert keys.find(key[:-1]) is None
    assert keys.find("\ud800") is None
    assert key.encode() not in b"".join(file.read_bytes() for file in tmp_path.iterdir())
    other = keys.add("admin", ["admin"])
    assert other != key
    assert [one.as_data()["scopes"] for one in keys.list()] == [["read", "write"], ["admin"]]
    assert [one.name for one in keys.list()] == ["player", "admin"]


def test_a_removed_key_opens_nothing(keys: ApiKeys) -> None:
    key = keys.add("player", ["read"])
    with pytest.raises(NotFound, match=r"no key 'plaier'\. Known: player\."):
        keys.remove("plaier")
    keys.remove("player")
    assert keys.find(key) is None
    assert keys.add("player", ["read"]) != key


@pytest.mark.parametrize(
    ("name", "scopes", "message"),
    [
        ("", ["read"], "cannot be the name of a key"),
        (" a", ["read"], "white space at its ends"),
        ("a\n b", ["read"], "printable"),
        ("x" * 81, ["read"], "1 to 80 printable"),
        ("x", [], "wanted one or more of read, write, admin, metrics"),
        ("x", ["root"], r"\['root'\] came as scopes"),
        ("x", "read", "wanted one or more"),
        ("taken", ["read"], "there is a key named 'taken' already"),
    ],
)
def test_wrong_keys_are_refused(keys: ApiKeys, name: str, scopes: list[str], message: str) -> None:
    keys.add("taken", ["read"])
    with pytest.raises(InvalidInput, match=message):
        keys.add(name, scopes)
    assert len(keys.list()) == 1
