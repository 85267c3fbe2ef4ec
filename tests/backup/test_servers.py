"""From a folder to a real Milvus and a real MariaDB, and back: equal answers, nothing lost."""

import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from backup.answers import assert_same, contents, movie_answers, song_answers, sqlite_of
from backup.killed import finish_command, kill_command
from nearfield.catalogue.database import Database
from nearfield.errors import InUse, InvalidInput
from nearfield.home import Nearfield
from nearfield.pipelines.backup import backup
from nearfield.pipelines.destination import Destination
from nearfield.pipelines.move import Moved, move
from nearfield.pipelines.progress import finish
from nearfield.pipelines.restore_home import restore_home
from nearfield.pipelines.stores import Stores
from real_servers.databases import empty_database
from real_servers.mariadb import mariadb_server
from real_servers.milvus import milvus_server

pytestmark = pytest.mark.servers

NEAR = 1e-5  # between the sums of Milvus and ours


@dataclass(frozen=True)
class Servers:
    milvus: str
    sql: str


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    with milvus_server() as milvus, mariadb_server() as sql:
        yield Servers(milvus, sql)


@pytest.fixture
def url(servers: Servers) -> Iterator[str]:
    """An empty database."""
    with empty_database(servers.sql) as url:
        yield url.render_as_string(hide_password=False)


@pytest.fixture(autouse=True)
def milvus(servers: Servers) -> Iterator[str]:
    """The Milvus; it is emptied after each test."""
    yield servers.milvus
    with Stores(Path("/nowhere"), servers.milvus) as stores:
        stores.make = lambda: None  # type: ignore[method-assign]
        for name in {space.catalogue for space in stores.spaces.list()}:
            stores.spaces.drop(name)


def moved(stores: Stores, *places: str) -> Moved:
    to = Destination.read(places)
    with to.of(stores) as target:
        return finish(move(stores, to, target))


def test_a_backup_of_a_folder_is_restored_to_servers_and_moves_back(
    songs: Path, tmp_path: Path, milvus: str, url: str
) -> None:
    music = songs.parent / "music"
    with Nearfield(songs) as nearfield:
        movies, heard = movie_answers(nearfield), song_answers(nearfield, music)
        finish(backup(nearfield.stores, tmp_path / "a.backup"))
    with Nearfield(tmp_path / "away", milvus_uri=milvus, database_url=url) as nearfield:
        done = finish(restore_home(nearfield.stores, tmp_path / "a.backup"))
        assert "songs/sound" in done.answering
        assert_same(movies, movie_answers(nearfield), NEAR)
        assert song_answers(nearfield, music)["playlist"] == heard["playlist"]
        with pytest.raises(InvalidInput, match="not empty"):
            finish(restore_home(nearfield.stores, tmp_path / "a.backup"))
        nearfield.stores.catalogue("movies").put_user("of the server")
        back = moved(nearfield.stores, str(tmp_path / "back"))
        assert back.settings["NEARFIELD_MILVUS_URI"] is None
    with Nearfield(tmp_path / "back") as nearfield:
        assert_same(movies, movie_answers(nearfield))
        assert song_answers(nearfield, music) == heard
    before, after = contents(sqlite_of(songs)), contents(sqlite_of(tmp_path / "back"))
    for table in ("events", "items", "song_prints", "sound_vectors", "song_groups", "api_keys"):
        if table != "items":  # which name where the home lies
            assert after[table] == before[table]
    assert len(after["users"]) == len(before["users"]) + 1


def test_tables_move_to_a_server_and_on_while_events_come_in(
    home: Path, servers: Servers, url: str
) -> None:
    """Every event that was acknowledged on the way is there in the end; others were refused."""
    with Nearfield(home) as nearfield:
        wanted = movie_answers(nearfield)
    with empty_database(servers.sql) as other:
        second = other.render_as_string(hide_password=False)
        with Stores(home) as stores:
            told = posting_while(stores, (url,))
        with Stores(home, database_url=url) as stores:
            told += posting_while(stores, (second,))
        assert written(second) == sorted(told)
        with Nearfield(home, database_url=second) as nearfield:
            assert_same(wanted, movie_answers(nearfield))


def posting_while(stores: Stores, places: tuple[str, ...]) -> list[str]:
    """Move while two threads post events; return those that were acknowledged."""
    told: list[str] = []
    refused: list[InUse] = []

    def post(number: int) -> None:
        movies = stores.catalogue("movies")
        for _ in range(100_000):
            name = f"w{number}-{len(told)}-{random.random()}"
            try:
                movies.post_events([{"user": name, "item": 1, "kind": "liked", "time": 1}])
            except InUse as error:
                refused.append(error)
                return
            told.append(name)

    threads = [threading.Thread(target=post, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    while len(told) < 10:
        time.sleep(0.001)
    try:
        moved(stores, *places)
    finally:
        for thread in threads:
            thread.join()
    assert len(refused) == 2
    return told


def written(url: str) -> list[str]:
    """Return the users of the writers who have an event."""
    query = (
        "SELECT public_id FROM users JOIN events ON users.id = user_id "
        "WHERE public_id LIKE 'w%-%' ORDER BY public_id"
    )
    database = Database(url)
    try:
        with database.reading() as conn:
            return sorted(conn.execute(text(query)).scalars())
    finally:
        database.close()


def test_a_backup_of_a_server_is_of_one_moment(home: Path, tmp_path: Path, url: str) -> None:
    """Events are posted for two users at once: never is one there without the other."""
    stop = threading.Event()
    with Stores(home) as stores:
        moved(stores, url)
    with Stores(home, database_url=url) as stores:

        def post() -> None:
            movies = stores.catalogue("movies")
            for moment in range(100_000):
                if stop.is_set():
                    return
                event = {"item": 1, "kind": "liked", "time": moment}
                movies.post_events([{**event, "user": "a"}, {**event, "user": "b"}])

        thread = threading.Thread(target=post)
        thread.start()
        try:
            time.sleep(0.2)
            finish(backup(stores, tmp_path / "a.backup"))
        finally:
            stop.set()
            thread.join()
    with Stores(tmp_path / "other") as stores:
        finish(restore_home(stores, tmp_path / "a.backup"))
    rows = contents(sqlite_of(tmp_path / "other"))
    users = {row[2]: row[0] for row in rows["users"]}
    times = [sorted(row[5] for row in rows["events"] if row[1] == users[name]) for name in "ab"]
    assert times[0] == times[1] == list(range(len(times[0])))
    assert times[0]


def test_a_killed_move_to_servers_is_finished_by_the_same_command(
    home: Path, milvus: str, url: str
) -> None:
    with Nearfield(home) as nearfield:
        wanted = movie_answers(nearfield)
    words = ("move", "--to", milvus, "--to", url)
    kill_command(home, words, "Writing the space graph")
    with Stores(home) as stores:
        movies = stores.catalogue("movies")  # it can be read
        with pytest.raises(InUse, match="is being moved"):
            movies.put_user("late")
    with pytest.raises(InUse, match="is not whole"):
        Stores(home, milvus, database_url=url).catalogues  # noqa: B018
    finish_command(home, *words)
    with Nearfield(home, milvus_uri=milvus, database_url=url) as nearfield:
        assert_same(wanted, movie_answers(nearfield), NEAR)


def test_tables_of_another_program_are_left_alone(home: Path, url: str) -> None:
    engine = create_engine(url)
    with engine.begin() as conn:
        conn.execute(text("CREATE TABLE items (id INT)"))
    with Stores(home) as stores:
        with pytest.raises(InvalidInput, match="which Nearfield did not make"):
            moved(stores, url)
        stores.catalogue("movies").put_user("let in again")
    with engine.begin() as conn:
        assert conn.execute(text("SHOW TABLES")).scalars().all() == ["items"]
    engine.dispose()
