"""A catalogue goes into files, and comes out of them the same."""

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from nearfield.catalogue.catalogue import Catalogue
from nearfield.catalogue.export import PAGE
from nearfield.cli.main import app
from nearfield.errors import InvalidInput
from nearfield.home import Nearfield
from nearfield.pipelines.export import export_files, export_stream
from nearfield.pipelines.imports import import_folder, import_table
from nearfield.pipelines.progress import finish
from nearfield.pipelines.table_files import Format
from small_frames import contents
from synthetic import make_tables

FORMATS: tuple[Format, ...] = get_args(Format)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Nearfield]:
    with Nearfield(tmp_path / "home") as nearfield:
        yield nearfield


@pytest.fixture
def odd(home: Nearfield) -> Catalogue:
    """A catalogue in which everything is a little unusual."""
    made = home.stores.catalogues.create("odd")
    made.put_items(
        [
            {"id": "0", "title": 'Quote " and \\ and \n line', "year": 1, "genres": ["a|b", "c"]},
            {"id": "ü", "title": "東京", "attributes": {"name": "x", "rating": 3, "ti'tle": "0"}},
            {"id": "a,b", "title": "a,b", "attributes": {"gone": None}},
        ]
    )
    made.put_user("nobody")
    made.put_user("7", {"age": 30, "uid": "u", "kind": "i"})
    made.post_events(
        [
            {"user": 7, "item": "ü", "value": 4.1, "time": 5},
            {"user": 7, "item": "0", "kind": "skipped", "time": 5},
            {"user": "new", "item": "0", "kind": "listened", "value": -2, "time": 9},
            {"user": 7, "item": "0", "kind": "liked", "time": 1},
        ]
    )
    return made


def written(home: Nearfield, table: str, form: Format = "jsonl", name: str = "odd") -> bytes:
    return b"".join(export_stream(home.stores, name, table, form))


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("kind", ["folder", "zip", "stream"])
def test_what_is_exported_comes_back_the_same(
    home: Nearfield, odd: Catalogue, tmp_path: Path, form: Format, kind: str
) -> None:
    place = tmp_path / ("out.zip" if kind != "folder" else "out")
    if kind == "stream":
        place.write_bytes(written(home, "all", form))
    else:
        done = finish(export_files(home.stores, "odd", place, form=form))
        assert done.rows["events"] == 4
    assert [file.name for file in tmp_path.glob("*.partial")] == []
    back = finish(import_folder(home.stores, "back", place, strict=True))
    assert back.layout == "export"
    copy = home.stores.catalogue("back")
    assert contents(copy) == contents(odd)
    assert [copy.integer_ids(), copy.integer_user_ids()] == [False, False]
    assert finish(import_folder(home.stores, "back", place)).unchanged


@pytest.mark.parametrize("form", FORMATS)
def test_many_pages_come_back_in_order(home: Nearfield, tmp_path: Path, form: Format) -> None:
    frames = make_tables(users=250, items=2 * PAGE + 1, events=9_000)
    home.import_tables("many", frames.items, frames.users, frames.events)
    finish(export_files(home.stores, "many", tmp_path / "x.zip", form=form))
    finish(import_folder(home.stores, "back", tmp_path / "x.zip"))
    one, other = (home.stores.catalogue(name).collection() for name in ("many", "back"))
    assert one.items.drop("key").equals(other.items.drop("key"))
    assert one.users.drop("key").equals(other.users.drop("key"))
    for name in ("user", "item", "kind", "value", "time"):
        a, b = getattr(one.interactions, name), getattr(other.interactions, name)
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("form", FORMATS)
def test_single_tables_are_read_by_others_and_by_us(
    home: Nearfield, odd: Catalogue, tmp_path: Path, form: Format
) -> None:
    read = pl.read_ndjson if form == "jsonl" else pl.read_parquet
    events = read(io.BytesIO(written(home, "events", form)))
    assert events.columns == ["user", "item", "kind", "value", "time"]
    assert events.height == 4
    for table in ("items", "users", "events"):
        file = tmp_path / f"{table}.{form}"
        file.write_bytes(written(home, table, form))
        finish(import_table(home.stores, "back", table, file, strict=True))
    assert contents(home.stores.catalogue("back")) == contents(odd)
    with pytest.raises(InvalidInput, match="cannot be imported as songs"):
        finish(import_table(home.stores, "back", "songs", file))


def test_an_empty_catalogue_goes_out_and_in(home: Nearfield, tmp_path: Path) -> None:
    home.stores.catalogues.create("odd")
    for form in FORMATS:
        (tmp_path / "x.zip").write_bytes(written(home, "all", form))
        done = finish(import_folder(home.stores, f"back-{form}", tmp_path / "x.zip"))
        assert done.counts == (0, 0, 0)


def test_wrong_exports_are_refused(home: Nearfield, odd: Catalogue, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no table 'x' to export: wanted one of items"):
        written(home, "x")
    with pytest.raises(InvalidInput, match="no format 'csv'"):
        written(home, "items", "csv")  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="one table is no zip"):
        finish(export_files(home.stores, "odd", tmp_path / "x.zip", "items"))

    def changed(**changes: Any) -> Path:
        finish(export_files(home.stores, "odd", tmp_path / "x"))
        file = tmp_path / "x" / "manifest.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))
        return tmp_path / "x"

    with pytest.raises(InvalidInput, match="exported by a newer Nearfield"):
        finish(import_folder(home.stores, "back", changed(nearfield=99)))
    with pytest.raises(InvalidInput, match="a table 'x', which there is not"):
        finish(import_folder(home.stores, "back", changed(tables={"x": {}})))
    lost = {"items": {"file": "../../etc/passwd", "rows": 1}}
    with pytest.raises(InvalidInput, match=r"lacks '\.\./\.\./etc/passwd'"):
        finish(import_folder(home.stores, "back", changed(tables=lost)))
    assert home.stores.catalogues.names() == ["odd"]


def test_the_commands(home: Nearfield, odd: Catalogue, tmp_path: Path) -> None:
    before = contents(odd)
    home.close()
    call = ["--home", str(home.stores.home)]
    done = CliRunner().invoke(app, [*call, "export", "odd", str(tmp_path / "o.zip")])
    assert done.exit_code == 0
    assert "3 items, 3 users, 4 events of 'odd'" in " ".join(done.stderr.split())
    with zipfile.ZipFile(tmp_path / "o.zip") as archive:
        assert archive.testzip() is None
    one = [str(tmp_path / "e.parquet"), "--table", "events", "--format", "parquet", "--json"]
    done = CliRunner().invoke(app, [*call, "export", "odd", *one])
    assert json.loads(done.stdout)["rows"] == {"events": 4}
    assert pl.read_parquet(one[0]).height == 4
    done = CliRunner().invoke(app, [*call, "import", "back", str(tmp_path / "o.zip")])
    assert done.exit_code == 0
    assert contents(home.stores.catalogue("back")) == before
