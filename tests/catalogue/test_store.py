"""Making, naming, listing and removing catalogues; the schema."""

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

import nearfield.catalogue
from nearfield.catalogue.database import Database
from nearfield.catalogue.migrate import migrate
from nearfield.catalogue.schema import HEAD, VERSION_TABLE, metadata
from nearfield.catalogue.store import Catalogues
from nearfield.errors import InvalidInput, NotFound, Unavailable
from small_frames import contents, item_frame, tables, user_frame
from synthetic import make_tables


def test_names_are_kept_and_found(store: Catalogues) -> None:
    made = store.create("songs-2")
    assert store.create("songs-2").uid == made.uid
    store.create("movies")
    assert store.names() == ["movies", "songs-2"]
    first, second = store.summaries()
    assert (first.name, first.items, first.users, first.events) == ("movies", 0, 0, 0)
    assert second.uid == made.uid
    assert datetime.fromisoformat(first.created).utcoffset() is not None


@pytest.mark.parametrize(
    "name", ["", "Movies", "1st", "a" * 41, "a b", "a_b", "é", "x'; drop table items; --", "a\n"]
)
def test_strange_names_are_refused(store: Catalogues, name: str) -> None:
    with pytest.raises(InvalidInput, match=r"cannot be the name of a catalogue.*as 'movies'"):
        store.create(name)
    with pytest.raises(InvalidInput, match="cannot be the name"):
        list(store.import_tables(name, tables()))
    with pytest.raises(NotFound, match="Known: none yet"):
        store.get(name)


def test_a_missing_catalogue_names_the_others(store: Catalogues) -> None:
    store.create("movies")
    with pytest.raises(
        NotFound, match=r"no catalogue 'music'\. Known: movies\. .*nearfield import"
    ):
        store.get("music")


def test_remove_takes_everything_and_no_key_returns(store: Catalogues) -> None:
    frames = make_tables(users=10, items=20, events=60)
    for name in ("kept", "gone"):
        list(store.import_tables(name, frames))
    kept, gone = store.get("kept"), store.get("gone")
    before, keys = contents(kept), gone.item_keys(["1", "2"])
    store.remove("gone")
    assert store.names() == ["kept"]
    assert contents(kept) == before
    with pytest.raises(NotFound, match="was removed"):
        gone.revision()
    with pytest.raises(NotFound, match="unknown users"):
        gone.add_events(frames.events)
    list(store.import_tables("gone", frames))
    assert store.get("gone").item_keys(["1"])[0] > keys.max()
    with pytest.raises(NotFound):
        store.remove("never")


def test_the_migrations_make_the_schema(store: Catalogues, url: str) -> None:
    database = Database(url)
    with database.reading() as conn:
        context = MigrationContext.configure(conn, opts={"version_table": VERSION_TABLE})
        assert compare_metadata(context, metadata) == []
    assert database.version() == HEAD
    database.close()
    folder = Path(nearfield.catalogue.__file__).parent / "migrations"
    assert ScriptDirectory(str(folder)).get_heads() == [HEAD]


def test_processes_that_start_at_once_make_one_schema(url: str) -> None:
    code = f"from nearfield.catalogue.store import Catalogues; Catalogues({url!r}).create('m')"
    started = [
        subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE) for _ in range(4)
    ]
    failures = [process.communicate()[1].decode() for process in started]
    assert failures == [""] * 4
    with Catalogues(url) as store:
        assert store.names() == ["m"]


def test_a_second_migration_need_not_wait_for_the_first_to_close(
    store: Catalogues, url: str
) -> None:
    database = Database(url)
    migrate(database)
    database.close()
    assert store.names() == []


def test_threads_that_start_at_once_make_one_schema(url: str) -> None:
    def name(_: int) -> list[str]:
        with Catalogues(url) as store:
            store.create("m")
            return store.names()

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(name, range(6))) == [["m"]] * 6


def test_a_newer_database_is_left_alone(store: Catalogues, url: str) -> None:
    database = Database(url)
    database.write(
        lambda conn: conn.exec_driver_sql(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    )
    database.close()
    with pytest.raises(InvalidInput, match=r"newer Nearfield.*9999.*Upgrade Nearfield"):
        Catalogues(url)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "facts.db"


def test_sqlite_is_set_up_for_many_readers(path: Path) -> None:
    names = ("journal_mode", "foreign_keys", "synchronous", "busy_timeout")
    with Catalogues(f"sqlite:///{path}") as store, store._database.reading() as conn:
        asked = {name: conn.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names}
    assert asked == {
        "journal_mode": "wal",
        "foreign_keys": 1,
        "synchronous": 1,
        "busy_timeout": 30_000,
    }


def test_tables_of_another_program_are_left_alone(path: Path) -> None:
    with sqlite3.connect(path) as conn:
        conn.execute("CREATE TABLE users (name TEXT)")
    conn.close()
    with pytest.raises(InvalidInput, match=r"already has tables named users.*database of its own"):
        Catalogues(f"sqlite:///{path}")


def test_a_file_that_is_no_database_is_refused(path: Path) -> None:
    path.write_bytes(b"item,title\n" * 1000)
    with pytest.raises(InvalidInput, match=r"facts\.db is not an SQLite database\. Move that file"):
        Catalogues(f"sqlite:///{path}")
    assert path.read_bytes() == b"item,title\n" * 1000


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"no/facts\.db cannot be opened\. Check that its folder"):
        Catalogues(f"sqlite:///{tmp_path}/no/facts.db")


def test_a_read_only_database_can_be_read_and_says_so(path: Path) -> None:
    with Catalogues(f"sqlite:///{path}") as store:
        list(store.import_tables("movies", tables(users=user_frame("u"))))
        read_only = f"sqlite:///file:{path}?mode=ro&uri=true"
        with Catalogues(read_only) as reader:
            assert reader.get("movies").user_key("u") > 0
            with pytest.raises(Unavailable, match=r"cannot be written\. Check the permissions"):
                reader.create("songs")


def test_a_full_disk_says_so_and_loses_nothing(path: Path) -> None:
    url = f"sqlite:///{path}"
    with Catalogues(url) as store:
        list(store.import_tables("movies", tables(item_frame(("a", "A", None, [])))))
    code = f"""
import resource, sys
sys.path.insert(0, {str(Path(__file__).parents[1])!r})
from synthetic import make_tables
from nearfield.catalogue.store import Catalogues
from nearfield.errors import Unavailable
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
try:
    for progress in Catalogues({url!r}).import_tables("movies", make_tables(events=3000), 500):
        print(progress.table, progress.done)
except Unavailable as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "disk" in done.stdout.splitlines()[-1]
    assert "run the same command again" in done.stdout
    with Catalogues(url) as store:
        catalogue = store.get("movies")
        assert catalogue.items(catalogue.item_keys(["a"]))[0].title == "A"
        list(store.import_tables("movies", make_tables(events=3000)))
        assert catalogue.counts() == (81, 60, 3000)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("movies", r"cannot be read.*Write sqlite:////"),
        ("postgresql://localhost/x", r"asks for 'postgresql'.*only SQLite, MySQL and MariaDB"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("mysql+nothing://localhost/x", r"no driver for 'mysql\+nothing'.*nearfield\[mysql\]"),
    ],
)
def test_addresses_that_cannot_work_are_refused(address: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        Catalogues(address)


def test_a_server_that_is_not_there_is_named_without_the_password() -> None:
    with pytest.raises(Unavailable, match=r"cannot be reached") as caught:
        Catalogues("mysql+pymysql://me:secret@127.0.0.1:9/facts")
    assert "127.0.0.1:9/facts" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_lent_connections_are_counted(store: Catalogues) -> None:
    used, most = store.connections()
    assert used == 0
    with store._database.reading(), store._database.reading():
        assert store.connections() == (2, most)
    assert store.connections() == (0, most)
    assert most >= 15
