"""A home moves to another folder, or its tables elsewhere; nothing acknowledged is lost."""

import re
import threading
from pathlib import Path

import pytest
from typer.testing import CliRunner

from backup.answers import assert_same, contents, movie_answers, song_answers, sqlite_of
from nearfield.cli.main import app
from nearfield.errors import InUse, InvalidInput, NotFound
from nearfield.home import Nearfield
from nearfield.pipelines.destination import Destination
from nearfield.pipelines.move import Moved, cancel_move, move
from nearfield.pipelines.progress import Steps, finish
from nearfield.pipelines.stores import Stores


def moving(stores: Stores, *places: str | Path) -> Steps[Moved]:
    to = Destination.read([str(place) for place in places])
    with to.of(stores) as target:
        return (yield from move(stores, to, target))


def moved(home: Path, *places: str | Path) -> Moved:
    with Stores(home) as stores:
        return finish(moving(stores, *places))


def test_a_home_moves_into_another_folder(songs: Path, home: Path, tmp_path: Path) -> None:
    music = songs.parent / "music"
    with Nearfield(songs) as nearfield:
        wanted, heard = movie_answers(nearfield), song_answers(nearfield, music)
    before = contents(sqlite_of(songs))
    done = moved(songs, tmp_path / "new")
    assert done.settings["NEARFIELD_HOME"] == str(tmp_path / "new")
    with Nearfield(tmp_path / "new") as nearfield:
        assert_same(wanted, movie_answers(nearfield))
        assert song_answers(nearfield, music) == heard
    with Stores(songs) as stores:
        with pytest.raises(InUse, match=r"was moved to another place\. Set NEARFIELD_DATABASE_URL"):
            stores.catalogues.names()
        assert moved(songs, tmp_path / "new").settings == done.settings  # it is over
        cancel_move(stores)
        with pytest.raises(NotFound, match="nothing to cancel"):
            cancel_move(stores)
    assert contents(sqlite_of(songs)) == before


def test_tables_move_alone(home: Path, tmp_path: Path) -> None:
    with Nearfield(home) as nearfield:
        wanted = movie_answers(nearfield)
    url = f"sqlite:///{tmp_path / 'other.db'}"
    done = moved(home, url)
    assert done.settings == {"NEARFIELD_DATABASE_URL": url}
    with Nearfield(home, database_url=url) as nearfield:
        assert_same(wanted, movie_answers(nearfield))


def test_writers_are_refused_and_nothing_acknowledged_is_lost(home: Path, tmp_path: Path) -> None:
    """Two writers, one before its home was opened and one after, until both are refused."""
    told: list[int] = []
    refused: list[str] = []
    began = threading.Barrier(3)

    def post(number: int) -> None:
        with Stores(home) as stores:
            movies = stores.catalogue("movies")
            began.wait()
            for time in range(10_000):
                event = {"user": f"w{number}", "item": 1, "kind": "liked", "time": time}
                try:
                    movies.post_events([event])
                except InUse as error:
                    refused.append(str(error))
                    return
                told.append(number)

    threads = [threading.Thread(target=post, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    began.wait()
    while len(told) < 20:
        pass
    moved(home, tmp_path / "new")
    for thread in threads:
        thread.join()
    assert len(refused) == 2
    assert all("moved" in why for why in refused)
    rows = contents(sqlite_of(tmp_path / "new"))
    users = {row[0]: str(row[2]) for row in rows["users"]}
    written = [users[row[1]] for row in rows["events"]]
    for number in range(2):
        assert written.count(f"w{number}") == told.count(number)


def test_while_it_moves_it_answers_and_says_why_it_takes_nothing(
    home: Path, tmp_path: Path
) -> None:
    with Nearfield(home) as nearfield:
        wanted = movie_answers(nearfield)
        steps = moving(nearfield.stores, tmp_path / "new")
        for step in steps:
            if step.what == "Writing events":
                break
        movies = nearfield.stores.catalogue("movies")
        event = {"user": 1, "item": 1, "kind": "liked", "time": 1}
        with pytest.raises(InUse, match=r"is being moved .*or `nearfield move --cancel`"):
            movies.post_events([event])
        with Stores(home) as other:  # opened meanwhile
            assert other.catalogues.names() == ["movies"]
        with pytest.raises(InUse, match="is not whole"):
            Stores(tmp_path / "new").catalogues.names()
        assert_same(wanted, movie_answers(nearfield))
        steps.close()  # as Ctrl-C does: writers are let in again
        movies.post_events([event])
    assert moved(home, tmp_path / "new").rows["events"] == 2001


def test_a_publish_meanwhile_is_noticed(home: Path, tmp_path: Path) -> None:
    with Nearfield(home) as nearfield:
        steps = moving(nearfield.stores, tmp_path / "new")
        for step in steps:
            if "the space" in step.what:
                break
        nearfield.rollback("movies")
        with pytest.raises(InUse, match=r"published or changed meanwhile\. Run the same again"):
            finish(steps)
        wanted = movie_answers(nearfield)
    moved(home, tmp_path / "new")
    with Nearfield(tmp_path / "new") as nearfield:
        assert_same(wanted, movie_answers(nearfield))


def test_places_that_cannot_be(home: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="say where to"):
        Destination.read([])
    with pytest.raises(InvalidInput, match="second place of its kind"):
        Destination.read(["/a", "/b"])
    with pytest.raises(InvalidInput, match="'ftp://x' is no place to move to"):
        Destination.read(["ftp://x"])
    with pytest.raises(InvalidInput, match="lies there already"):
        moved(home, home)
    with pytest.raises(InvalidInput, match="lies there already"):
        moved(home, sqlite_of(home))
    with pytest.raises(InvalidInput, match="lies inside the home"):
        moved(home, home / "new")
    with Nearfield(tmp_path / "full") as full:
        full.stores.catalogues.create("mine")
    with pytest.raises(InvalidInput, match="is not empty: it holds 1 catalogues"):
        moved(home, tmp_path / "full")
    with Nearfield(home) as nearfield:  # nobody was refused for it
        nearfield.stores.catalogue("movies").put_user("new")


def test_the_command(home: Path, tmp_path: Path) -> None:
    new = str(tmp_path / "new")
    done = CliRunner().invoke(app, ["--home", str(home), "move", "--to", new])
    assert done.exit_code == 0, done.stderr
    told = " ".join(done.stderr.split())
    assert f"export NEARFIELD_HOME='{new}' unset NEARFIELD_MILVUS_URI" in told
    assert "move --cancel" in told
    assert re.search(r"rows, 240 vectors and \d+ files \(\d\.\d MB\) in \d+\.\d s\.", told)
    again = CliRunner().invoke(app, ["--home", str(home), "move", "--to", new])
    assert "An earlier run had moved all of it. Now set:" in " ".join(again.stderr.split())
    refused = CliRunner().invoke(app, ["--home", str(home), "recommend", "--user", "1"])
    assert refused.exit_code == 1
    assert "was moved to another place" in " ".join(refused.stderr.split())
    asked = CliRunner().invoke(app, ["--home", str(home), "migrate", "--check"])
    assert asked.exit_code == 1
    assert "was moved to another place" in " ".join(asked.stderr.split())
    back = CliRunner().invoke(app, ["--home", str(home), "move", "--cancel"])
    assert back.exit_code == 0, back.stderr
    assert CliRunner().invoke(app, ["--home", str(home), "recommend", "--user", "1"]).exit_code == 0
