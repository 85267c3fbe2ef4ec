"""Backups that are damaged, cut off, crafted or of a newer program: refused, nothing written."""

import io
import json
import shutil
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nearfield.catalogue.database import Database
from nearfield.catalogue.migrate import migrate
from nearfield.errors import InvalidInput, NotFound
from nearfield.home import Nearfield
from nearfield.pipelines.backup import backup
from nearfield.pipelines.backup_file import MANIFEST, BackupWriter
from nearfield.pipelines.backup_read import BackupFile
from nearfield.pipelines.progress import finish
from nearfield.pipelines.restore_home import restore_home
from nearfield.pipelines.stores import Stores


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A small backup: two items, an event, a file of a map."""
    folder = tmp_path_factory.mktemp("small")
    with Stores(folder / "home") as stores:
        films = stores.catalogues.create("films")
        films.put_items([{"id": 1, "title": "one"}, {"id": 2, "title": "two"}])
        films.post_events([{"user": "u", "item": 1, "kind": "liked", "time": 5}])
        (folder / "home" / "maps" / "films").mkdir(parents=True)
        (folder / "home" / "maps" / "films" / "x.parquet").write_bytes(b"map")
        finish(backup(stores, folder / "a.backup"))
    return (folder / "a.backup").read_bytes()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("damaged")


def refuse(place: Path, data: bytes, match: str) -> None:
    """See that a file is refused and that nothing is written."""
    (place / "x.backup").write_bytes(data)
    home = place / "home"
    with Stores(home) as stores, pytest.raises(InvalidInput, match=match):
        finish(restore_home(stores, place / "x.backup"))
    assert not home.exists()


@given(st.data())
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_changed_byte_is_noticed(whole: bytes, place: Path, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(whole) - 1))
    change = data.draw(st.integers(1, 255))
    refuse(place, whole[:at] + bytes([whole[at] ^ change]) + whole[at + 1 :], "backup")


@given(st.data())
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_cut_or_lengthened_file_is_noticed(
    whole: bytes, place: Path, data: st.DataObject
) -> None:
    end = data.draw(st.integers(0, len(whole) - 1))
    refuse(place, whole[:end], "is no backup, or its end is missing")
    refuse(place, whole + whole[end:], "backup")


def test_other_files_are_no_backups(place: Path, tmp_path: Path) -> None:
    refuse(place, b"", "is no backup")
    refuse(place, b"PK\x05\x06" + bytes(18), "is no backup")
    with pytest.raises(NotFound, match="is no file"):
        BackupFile(tmp_path)


def crafted(whole: bytes, change: Callable[[dict[str, Any], dict[str, bytes]], None]) -> bytes:
    """Return a backup with other parts and another manifest, whose checksums agree."""
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    told = json.loads(parts.pop(MANIFEST))
    change(told, parts)
    file = io.BytesIO()
    with closing(BackupWriter(file)) as writer:
        for name, data in parts.items():
            with writer.part(name) as sink:
                sink.write(data)
        there = {name: facts.model_dump() for name, facts in writer.parts.items()}
        writer.finish(json.dumps({**told, "parts": told.get("set", there)}).encode())
    return file.getvalue()


@pytest.mark.parametrize(
    "name",
    [
        "home/../outside",
        "home//etc/passwd",
        "home/models/films/../../../outside",
        "home/models/films/a\\..\\..\\outside",
        "home/models/c:/outside",
        "home/models/others/card.json",
        "home/catalogue.db",
        "home/milvus.db/x",
        "home/reports/../x.json",
        "home/maps/films/" + "n" * 300,
        "home/maps/films/\x01",
    ],
)
def test_places_outside_are_refused(whole: bytes, place: Path, name: str) -> None:
    data = crafted(whole, lambda _, parts: parts.update({name: b"evil"}))
    refuse(place, data, "is no place in a home")


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"nearfield_backup": 2}, r"written by a newer Nearfield .*form 2.*Upgrade"),
        ({"schema_version": "9999"}, r"newer Nearfield .*tables 9999.*Upgrade"),
        ({"nearfield_backup": "1"}, "does not say what it is"),
        ({"catalogues": {"../x": "u"}}, "cannot be used: ValidationError"),
        ({"tables": {"items": {"part": "nowhere", "rows": 1}}}, "'nowhere' is missing"),
        ({"tables": {"items; DROP": {"part": "sql/items.parquet", "rows": 1}}}, "ValidationError"),
        ({"set": {}}, "its parts are not those that its manifest names"),
    ],
)
def test_manifests_that_cannot_be_are_refused(
    whole: bytes, place: Path, change: dict[str, Any], match: str
) -> None:
    refuse(place, crafted(whole, lambda told, _: told.update(change)), match)


def test_what_would_swell_is_refused(whole: bytes, place: Path) -> None:
    space = {"catalogue": "films", "recommender": "fusion", "version": "1", "active": True}
    huge = {**space, "rows": 10**12, "dim": 64, "part": "sql/items.parquet"}
    data = crafted(whole, lambda told, _: told["spaces"].append(huge))
    refuse(place, data, "is too short for its rows")
    file = io.BytesIO(whole)
    packed = io.BytesIO()
    with zipfile.ZipFile(file) as archive, zipfile.ZipFile(packed, "w", 8) as other:
        for name in archive.namelist():
            other.writestr(name, archive.read(name))
        other.comment = archive.comment
    bytes_ = packed.getvalue()
    refuse(place, _sealed(bytes_), "it has no manifest|is compressed")


def _sealed(data: bytes) -> bytes:
    """Return a file whose checksum agrees."""
    import hashlib

    body = data[:-64]
    return body + hashlib.sha256(body + b"0" * 64).hexdigest().encode()


def test_tables_with_other_columns_leave_no_home_that_opens(whole: bytes, tmp_path: Path) -> None:
    odd = io.BytesIO()
    pq.write_table(pa.table({"id": [1], "evil": ["x"]}), odd)

    def change(told: dict[str, Any], parts: dict[str, bytes]) -> None:
        parts["sql/items.parquet"] = odd.getvalue()
        told["tables"]["items"]["rows"] = 1

    (tmp_path / "x.backup").write_bytes(crafted(whole, change))
    with Stores(tmp_path / "home") as stores:
        with pytest.raises(InvalidInput, match=r"other columns than wanted: .*evil"):
            finish(restore_home(stores, tmp_path / "x.backup"))
        with pytest.raises(ConnectionError, match=r"is not whole: .*run the same command again"):
            stores.catalogues.names()


def test_an_older_backup_is_brought_up_to_date(whole: bytes, tmp_path: Path) -> None:
    """Tables of version 0004 have no `items_revision` and no `changed`."""

    def older(told: dict[str, Any], parts: dict[str, bytes]) -> None:
        told["schema_version"] = "0004"
        for table, gone in (("items", "changed"), ("catalogues", "items_revision")):
            name = told["tables"][table]["part"]
            rows = pq.read_table(io.BytesIO(parts[name])).drop_columns([gone])
            sink = io.BytesIO()
            pq.write_table(rows, sink)
            parts[name] = sink.getvalue()

    database = Database(f"sqlite:///{tmp_path / 'probe.db'}")
    migrate(database, "0004")
    assert database.version() == "0004"
    database.close()
    (tmp_path / "x.backup").write_bytes(crafted(whole, older))
    with Stores(tmp_path / "home") as stores:
        finish(restore_home(stores, tmp_path / "x.backup"))
    with Nearfield(tmp_path / "home") as nearfield:
        assert nearfield.stores.catalogue("films").counts() == (2, 1, 1)
    shutil.rmtree(tmp_path / "home")
