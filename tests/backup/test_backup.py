"""A home goes into one file, and comes out of it the same, elsewhere."""

import json
import re
import shutil
import stat
import threading
import time
import zipfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from backup.answers import (
    assert_same,
    contents,
    movie_answers,
    song_answers,
    sqlite_of,
)
from nearfield.cli.main import app
from nearfield.errors import InUse, InvalidInput, NotFound
from nearfield.home import Nearfield
from nearfield.pipelines.backup import backup
from nearfield.pipelines.forget_items import forget_items
from nearfield.pipelines.progress import finish
from nearfield.pipelines.restore_home import restore_home
from nearfield.pipelines.stores import Stores


def write(home: Path, file: Path, names: list[str] | None = None) -> Path:
    with Stores(home) as stores:
        finish(backup(stores, file, names))
    return file


def read(file: Path, home: Path) -> Path:
    with Stores(home) as stores:
        finish(restore_home(stores, file))
    return home


def test_a_restored_home_answers_as_the_first_does(songs: Path, tmp_path: Path) -> None:
    music = songs.parent / "music"
    with Nearfield(songs) as nearfield:
        movies, heard = movie_answers(nearfield), song_answers(nearfield, music)
    other = read(write(songs, tmp_path / "a.backup"), tmp_path / "elsewhere" / "home")
    with Nearfield(other) as nearfield:
        assert_same(movies, movie_answers(nearfield))
        assert song_answers(nearfield, music) == heard
        assert len(nearfield.music.duplicates().groups) == 1
        (sent,) = [
            path for path in nearfield.stores.catalogue("songs").sounds.files() if "uploads" in path
        ]
        assert Path(sent).is_relative_to(other)
        assert Path(sent).is_file()


def test_every_row_comes_back(home: Path, tmp_path: Path) -> None:
    with Nearfield(home) as nearfield:  # a key that was given out is never given again
        added = nearfield.stores.catalogue("movies").put_items([{"id": 999, "title": "gone"}])
        assert added is not None
        forget_items(nearfield.stores, "movies", [999])
    other = read(write(home, tmp_path / "a.backup"), tmp_path / "other")
    assert contents(sqlite_of(other)) == contents(sqlite_of(home))
    with Nearfield(home) as one, Nearfield(other) as two:
        keys = []
        for nearfield in (one, two):
            movies = nearfield.stores.catalogue("movies")
            movies.put_items([{"id": 1000, "title": "new"}])
            keys.append(int(movies.item_keys([1000])[0]))
        assert keys[0] == keys[1]
        shown = [{(m.recommender, m.version) for m in each.models()} for each in (one, two)]
        assert shown[0] == shown[1]


def test_rollback_leads_to_the_version_before(home: Path, tmp_path: Path) -> None:
    other = read(write(home, tmp_path / "a.backup"), tmp_path / "other")
    with Nearfield(home) as one, Nearfield(other) as two:
        first, second = one.rollback("movies"), two.rollback("movies")
        assert second.version == first.version
        assert_same(movie_answers(one), movie_answers(two))


def test_others_can_read_it(home: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(write(home, tmp_path / "a.backup")) as archive:
        assert archive.testzip() is None
        told = json.loads(archive.read("manifest.json"))
        frame = pl.read_parquet(archive.read(told["tables"]["events"]["part"]))
        assert frame.height == told["tables"]["events"]["rows"] > 1000
        space = told["spaces"][0]
        rows = pl.read_parquet(archive.read(space["part"]))
        lengths = np.linalg.norm(rows["vector"].to_numpy(), axis=1)
        np.testing.assert_allclose(lengths, 1, atol=1e-3)
    text = json.dumps(told)
    assert "sqlite" not in text
    assert "token" not in text


def test_one_catalogue_alone(home: Path, tmp_path: Path) -> None:
    with Nearfield(home) as nearfield:
        films = nearfield.stores.catalogues.create("films")
        films.put_items([{"id": 1, "title": "one"}])
        films.post_events([{"user": 1, "item": 1, "kind": "liked", "time": 5}])
        with pytest.raises(NotFound, match=r"no catalogue 'nobody'\. Known: films, movies"):
            finish(backup(nearfield.stores, tmp_path / "b.backup", ["nobody"]))
    other = read(write(home, tmp_path / "a.backup", ["films"]), tmp_path / "other")
    with Nearfield(other) as nearfield:
        assert [one.name for one in nearfield.catalogues()] == ["films"]
        assert nearfield.stores.catalogue("films").counts() == (1, 1, 1)
        assert nearfield.spaces() == []
        assert nearfield.models() == []
        assert nearfield.stores.catalogues.keys.list() == []
        assert nearfield.stores.catalogues.jobs.list() == []


def test_a_file_that_is_there_stays(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "a.backup"
    file.write_text("mine")
    with pytest.raises(InvalidInput, match="is there already"):
        write(home, file)
    assert file.read_text() == "mine"
    with Stores(home) as stores:
        finish(backup(stores, file, force=True))
    assert zipfile.is_zipfile(file)


def test_one_that_is_given_up_leaves_nothing(home: Path, tmp_path: Path) -> None:
    with Stores(home) as stores:
        steps = backup(stores, tmp_path / "a.backup")
        for _ in range(3):
            next(steps)
        with pytest.raises(InUse, match="another process is writing"):
            finish(backup(stores, tmp_path / "a.backup"))
        steps.close()
        assert list(tmp_path.glob("*.backup*")) == []
        assert list(tmp_path.glob(".*")) == []
        (tmp_path / ".a.backup.partial").write_bytes(b"of one that was killed")
        finish(backup(stores, tmp_path / "a.backup"))
    read(tmp_path / "a.backup", tmp_path / "other")


def test_events_go_in_meanwhile_and_the_tables_are_of_one_moment(
    home: Path, tmp_path: Path
) -> None:
    """Each user of the writer has every event up to some moment, and no event lacks its user."""
    stop = threading.Event()
    posted: list[int] = []

    def post(stores: Stores) -> None:
        movies = stores.catalogue("movies")
        while not stop.is_set():
            number = len(posted)
            user = f"writer {number // 5}"
            movies.post_events(
                [{"user": user, "item": 1 + number % 40, "kind": "liked", "time": number}]
            )
            posted.append(number)

    with Stores(home) as stores, Stores(home) as other:
        thread = threading.Thread(target=post, args=(other,))
        thread.start()
        try:
            wait_for(posted, 12)
            least, seen = len(posted), []
            for _ in backup(stores, tmp_path / "a.backup"):
                seen.append(len(posted))
                wait_for(posted, len(posted) + 1)  # nobody is kept waiting
        finally:
            stop.set()
            thread.join()
    restored = read(tmp_path / "a.backup", tmp_path / "other")
    rows = contents(sqlite_of(restored))
    users = {row[0]: row[2] for row in rows["users"]}
    times = sorted(row[5] for row in rows["events"] if str(users[row[1]]).startswith("writer"))
    assert times == list(range(len(times)))
    assert least <= len(times) <= seen[0] + 1


def wait_for(posted: list[int], count: int) -> None:
    while len(posted) < count:
        time.sleep(0.001)


def test_a_publish_meanwhile_is_followed(home: Path, tmp_path: Path) -> None:
    """Whatever answers when spaces were read is in the backup, with what answered before."""
    with Nearfield(home) as nearfield:
        steps = backup(nearfield.stores, tmp_path / "a.backup")
        for step in steps:
            if "the space" in step.what:
                break
        made = nearfield.train("fusion", catalogue="movies", dim=8, width=8, epochs=1, seed=9)
        nearfield.publish("movies", made)
        finish(steps)
        wanted = movie_answers(nearfield)
        spaces = {(one.version, one.active) for one in nearfield.spaces()}
    with Nearfield(read(tmp_path / "a.backup", tmp_path / "other")) as other:
        assert {(one.version, one.active) for one in other.spaces()} == spaces
        assert_same(wanted, movie_answers(other))


def test_items_that_came_after_the_tables_are_left_out_of_spaces(
    home: Path, tmp_path: Path
) -> None:
    with Nearfield(home) as nearfield:
        wanted = movie_answers(nearfield)
        steps = backup(nearfield.stores, tmp_path / "a.backup")
        for step in steps:
            if "the space" in step.what:
                break
        nearfield.stores.catalogue("movies").put_items([{"id": 999, "title": "new", "year": 2000}])
        nearfield.refresh("movies")
        finish(steps)
    with Nearfield(read(tmp_path / "a.backup", tmp_path / "other")) as other:
        assert_same(wanted, movie_answers(other))
        for space in other.spaces():
            assert other.stores.spaces.count(space) == 80


def test_who_was_erased_later_does_not_come_back(home: Path, tmp_path: Path) -> None:
    old = write(home, tmp_path / "old.backup")
    with Nearfield(home) as nearfield:
        nearfield.erase(1, catalogue="movies")
    new = write(home, tmp_path / "new.backup")
    with Stores(tmp_path / "other") as stores:
        done = finish(restore_home(stores, old, new))
        assert done.forgotten == 1
        rows = contents(stores.database_url)
        assert "1" not in {row[2] for row in rows["users"]}
        assert len(rows["erased_users"]) == 1
    with Nearfield(tmp_path / "other") as nearfield, pytest.raises(NotFound):
        nearfield.recommend(user=1)


def test_the_commands(home: Path, tmp_path: Path) -> None:
    file = str(tmp_path / "a.backup")
    done = CliRunner().invoke(app, ["--home", str(home), "backup", file])
    assert done.exit_code == 0, done.stderr
    assert "3 versions of spaces" in " ".join(done.stderr.split())
    assert re.search(r"MB\) in \d+\.\d s\.", done.stderr)
    checked = CliRunner().invoke(app, ["restore", "--check", file, "--json"])
    assert json.loads(checked.stdout)["catalogues"].keys() == {"movies"}
    other = ["--home", str(tmp_path / "other")]
    back = CliRunner().invoke(app, [*other, "restore", file, "--json"])
    told = json.loads(back.stdout)
    assert told["answering"] == ["movies/fusion", "movies/graph"]
    assert (told["vectors"], told["bytes"]) == (240, Path(file).stat().st_size)
    third = CliRunner().invoke(app, ["--home", str(tmp_path / "third"), "restore", file])
    said = " ".join(third.stderr.split())
    assert re.search(r"rows, 240 vectors and \d+ files \(\d\.\d MB\) in \d+\.\d s\.", said)
    assert said.count("Comparing users ...") == 1
    assert "Comparing song_pairs" not in said  # which has no rows
    again = CliRunner().invoke(app, [*other, "restore", file])
    assert again.exit_code == 1
    assert "is not empty: it holds" in " ".join(again.stderr.split())
    fine = CliRunner().invoke(app, [*other, "doctor"])
    assert fine.exit_code == 0, fine.stdout


def test_what_there_is_one_of_is_told_as_one(home: Path, tmp_path: Path) -> None:
    with Nearfield(home) as nearfield:
        nearfield.stores.spaces.drop("movies", "fusion")
    file, later = str(tmp_path / "a.backup"), str(tmp_path / "later.backup")
    done = CliRunner().invoke(app, ["--home", str(home), "backup", file])
    assert ", 1 version of a space and " in " ".join(done.stderr.split())
    checked = CliRunner().invoke(app, ["restore", "--check", file])
    assert ", 1 version of a space, written by " in " ".join(checked.stderr.split())
    with Nearfield(home) as nearfield:
        nearfield.erase(1, catalogue="movies")
    write(home, Path(later))
    other = ["--home", str(tmp_path / "other"), "restore", file, "--erased", later]
    back = CliRunner().invoke(app, other)
    assert "1 user who was erased later did not come back" in " ".join(back.stderr.split())


def test_a_file_is_for_its_owner_alone(home: Path, tmp_path: Path) -> None:
    file = write(home, tmp_path / "a.backup")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_homes_that_are_not_empty_are_left_alone(home: Path, tmp_path: Path) -> None:
    file = write(home, tmp_path / "a.backup")
    before = contents(sqlite_of(home))
    with pytest.raises(InvalidInput, match=r"not empty: it holds .*Nothing is ever merged"):
        read(file, home)
    assert contents(sqlite_of(home)) == before
    shutil.copytree(home / "models", tmp_path / "half" / "models")
    with pytest.raises(InvalidInput, match=r"half is not empty: .*card.json is there"):
        read(file, tmp_path / "half")
    shutil.rmtree(tmp_path / "half" / "models")
    shutil.copytree(home / "milvus.db", tmp_path / "half" / "milvus.db")
    with pytest.raises(InvalidInput, match="is not empty: it holds movies/fusion"):
        read(file, tmp_path / "half")
    assert not (tmp_path / "half" / "catalogue.db").exists()
    with Stores(tmp_path / "opened") as stores:
        assert stores.catalogues.names() == []  # which made the tables
    read(file, tmp_path / "opened")
