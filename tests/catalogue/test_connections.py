"""Servers that close connections, die, hang and come back; writers that get in each other's way."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, event, make_url, text

import nearfield.catalogue.database
from nearfield.catalogue.addresses import read_server_options
from nearfield.catalogue.database import Database
from nearfield.catalogue.store import Catalogues
from nearfield.errors import InUse, InvalidInput, Unavailable
from real_servers.databases import empty_database
from real_servers.mariadb import MariaDB, running_mariadb
from real_servers.processes import free_port
from service_process import wait_for
from small_frames import item_frame, tables

ITEMS = [str(number) for number in range(20)]


@pytest.fixture(scope="module")
def own() -> Iterator[MariaDB]:
    """Lend a server to be killed and stopped, which has a database `facts`."""
    with running_mariadb(port=free_port()) as server:
        engine = create_engine(server.url)
        with engine.begin() as conn:
            conn.execute(text("CREATE DATABASE facts"))
        engine.dispose()
        yield server


def facts(server: MariaDB, **query: str) -> str:
    url = make_url(server.url).set(database="facts").update_query_dict(query)
    return url.render_as_string(hide_password=False)


def fill(store: Catalogues) -> None:
    list(store.import_tables("movies", tables(item_frame(*((one, one, 1, []) for one in ITEMS)))))


def rated(user: str, item: str, moment: int) -> dict[str, Any]:
    return {"user": user, "item": item, "value": 3, "time": moment}


def kill_connections(url: str) -> int:
    """Let the server close every connection to a database but the one that asks."""
    engine = create_engine(url)
    with engine.connect() as conn:
        query = "SELECT id FROM information_schema.processlist WHERE db = DATABASE()"
        mine = conn.execute(text("SELECT CONNECTION_ID()")).scalar()
        others = [one for one in conn.execute(text(query)).scalars() if one != mine]
        for number in others:
            with suppress(Exception):  # it may have ended by itself
                conn.execute(text(f"KILL {number}"))
    engine.dispose()
    return len(others)


def test_every_statement_means_the_same_whatever_the_server_is_set_to(server_url: str) -> None:
    with Catalogues(server_url) as store, store._database.reading() as conn:
        row = conn.execute(
            text(
                "SELECT @@sql_mode, @@time_zone, @@character_set_connection, @@autocommit, "
                "@@innodb_lock_wait_timeout, @@lock_wait_timeout"
            )
        ).one()
    assert "STRICT_ALL_TABLES" in row[0]
    assert "NO_ENGINE_SUBSTITUTION" in row[0]
    assert tuple(row[1:]) == ("+00:00", "utf8mb4", 1, 10, 60)


def test_what_does_not_fit_is_refused_and_never_cut(server_url: str) -> None:
    with Catalogues(server_url) as store:
        store.create("movies")
        change = text("UPDATE catalogues SET name = :name")
        with pytest.raises(Unavailable, match="Data too long"):
            store._database.write(lambda conn: conn.execute(change, {"name": "x" * 41}))
        assert store.names() == ["movies"]


def test_a_read_is_one_round_trip(server_url: str) -> None:
    sent: list[str] = []
    with Catalogues(server_url) as store:
        fill(store)
        movies = store.get("movies")
        with store._database.reading() as conn:
            driver: Any = conn.connection.dbapi_connection
        send = driver._execute_command

        def note(command: int, sql: str | bytes) -> None:
            sent.append(sql.decode() if isinstance(sql, bytes) else sql)
            send(command, sql)

        driver._execute_command = note
        assert movies.revision() > 0
        assert len(sent) == 1
        movies.post_events([{"user": "a", "item": "1", "kind": "liked"}])
        assert sent[1] == "START TRANSACTION"
        assert sent[-1] == "COMMIT"


def test_a_snapshot_sees_one_moment(store: Catalogues, url: str) -> None:
    fill(store)
    count = text("SELECT COUNT(*) FROM events")
    with store._database.reading(snapshot=True) as conn:
        assert conn.execute(count).scalar() == 0
        with Catalogues(url) as other:
            other.get("movies").post_events([rated("a", "1", 1)])
        assert conn.execute(count).scalar() == 0
    with store._database.reading() as conn:
        assert conn.execute(count).scalar() == 1


def test_closed_connections_are_not_noticed_by_who_asks(server_url: str) -> None:
    with Catalogues(server_url) as store:
        fill(store)
        movies = store.get("movies")
        for moment in range(3):
            threads = [threading.Thread(target=movies.counts) for _ in range(6)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert kill_connections(server_url) >= 1
            assert movies.counts().events == moment
            assert kill_connections(server_url) >= 1
            assert movies.post_events([rated("a", "1", moment)]).added == 1


@pytest.mark.servers
def test_a_server_that_was_killed_and_started_anew_is_asked_again(own: MariaDB) -> None:
    with Catalogues(facts(own)) as store:
        fill(store)
        movies = store.get("movies")
        for moment in range(2):
            own.end()
            with pytest.raises(Unavailable, match="cannot be reached"):
                movies.counts()
            own.start()
            assert movies.counts().events == moment
            assert movies.post_events([rated("a", "1", moment)]).added == 1
        store.remove("movies")


@pytest.mark.servers
def test_a_server_that_hangs_is_given_up(own: MariaDB) -> None:
    with Catalogues(facts(own, read_timeout="1", connect_timeout="1")) as store:
        fill(store)
        movies = store.get("movies")
        with own.frozen():
            for work in (movies.revision, lambda: movies.post_events([rated("a", "1", 1)])):
                with pytest.raises(Unavailable):
                    work()
        assert movies.counts().items == len(ITEMS)
        store.remove("movies")


@pytest.mark.servers
def test_who_is_in_a_hurry_waits_for_a_server_that_hangs_once(own: MariaDB) -> None:
    url = facts(own, answer_timeout="1", connect_timeout="1", pool_size="1", max_overflow="1")
    with Catalogues(url, hurried=True) as store:
        fill(store)
        movies = store.get("movies")
        told: list[str] = []

        def ask() -> None:
            with pytest.raises(Unavailable) as caught:
                movies.revision()
            told.append(str(caught.value))

        with own.frozen():
            threads = [threading.Thread(target=ask) for _ in range(6)]
            for thread in threads:
                thread.start()
            for thread in threads:  # also those that wait for a place in the pool
                thread.join(15)
            with pytest.raises(Unavailable, match="has not answered since"):
                movies.post_events([rated("a", "1", 1)])
        assert len(told) == 6
        assert any("did not answer in time" in one for one in told)
        wait_for(lambda: can_be_asked(store), 15)
        assert movies.counts() == (len(ITEMS), 0, 0)
        store.remove("movies")


@pytest.mark.servers
def test_a_write_that_was_begun_is_given_up_and_undone(own: MariaDB) -> None:
    url = facts(own, answer_timeout="1", connect_timeout="1")
    with Catalogues(url, hurried=True) as store:
        fill(store)
        change = text("UPDATE catalogues SET revision = revision + 1000")

        def work(conn: Connection) -> None:
            conn.execute(change)
            with own.frozen():
                conn.execute(change)  # would be waited for half a minute

        before = store.get("movies").revision()
        with pytest.raises(Unavailable, match="did not answer in time"):
            store._database.write(work)
        wait_for(lambda: can_be_asked(store), 15)
        assert store.get("movies").revision() == before
        store.remove("movies")


def can_be_asked(store: Catalogues) -> bool:
    with suppress(Unavailable):
        return bool(store.names())
    return False


@pytest.mark.servers
def test_a_server_that_takes_no_writes_any_more_is_left(own: MariaDB) -> None:
    administrator = create_engine(own.url)
    with administrator.begin() as conn:
        conn.exec_driver_sql("CREATE USER plain@localhost")  # not an administrator, who may write
        conn.exec_driver_sql("GRANT ALL ON facts.* TO plain@localhost")
    url = make_url(facts(own)).set(username="plain").render_as_string(hide_password=False)
    with Catalogues(url) as store:
        fill(store)
        movies = store.get("movies")
        before = connection_number(store)
        with administrator.begin() as conn:
            conn.exec_driver_sql("SET GLOBAL read_only = 1")
        with pytest.raises(Unavailable, match="is read-only"):
            movies.post_events([rated("a", "1", 1)])
        assert movies.counts() == (len(ITEMS), 0, 0)
        assert connection_number(store) > before  # whatever has its name by now is asked
        with administrator.begin() as conn:
            conn.exec_driver_sql("SET GLOBAL read_only = 0")
        assert movies.post_events([rated("a", "1", 1)]).added == 1
        store.remove("movies")
    administrator.dispose()


def connection_number(store: Catalogues) -> int:
    with store._database.reading() as conn:
        return int(conn.execute(text("SELECT CONNECTION_ID()")).scalar_one())


def test_a_commit_without_an_answer_is_not_made_twice(server_url: str) -> None:
    with Catalogues(server_url) as store:
        store.create("movies")
        movies, jobs = store.get("movies"), store.jobs
        database = store._database
        left = [0]

        def lose(conn: Connection) -> None:
            """Commit, and let the answer get lost."""
            if left[0]:
                left[0] -= 1
                driver: Any = conn.connection.dbapi_connection
                driver.commit()
                driver._sock.shutdown(socket.SHUT_RDWR)

        event.listen(database._engine, "commit", lose)
        left[0] = 1
        with pytest.raises(Unavailable, match="not known whether this change was made"):
            movies.playlists.add("list", [])
        assert [one.name for one in movies.playlists.list()] == ["list"]
        left[0] = 1
        job = jobs.add("train", "movies", {})
        assert [one.id for one in jobs.list()] == [job.id]
        left[0] = 1
        claimed = jobs.claim(job.id, "worker")
        assert claimed is not None
        assert (claimed.attempts, claimed.worker) == (1, "worker")
        left[0] = 1
        assert jobs.end(job.id, "worker", "done", {"a": 1})
        left[0] = 1
        key = store.keys.add("app", ["read"])
        assert store.keys.find(key) is not None
        fill(store)
        left[0] = 1
        movies.post_events([rated("a", "1", 1), rated("a", "2", 1)])
        assert movies.counts().events == 2


WRITER = """
import sys
from nearfield.catalogue.store import Catalogues
store = Catalogues(sys.argv[1])
movies, who = store.get("movies"), sys.argv[2]
rows = [(who, item, moment) for moment in range(25) for item in ("1", "2")]
if who == "b":
    rows.reverse()
print("ready", flush=True)
sys.stdin.readline()
for user, item, moment in rows:
    done = movies.post_events([
        {"user": name, "item": item, "value": 3, "time": moment} for name in (user, "both")
    ])
    print(done.added, flush=True)
store.close()
"""


def test_processes_that_write_at_once_lose_and_double_nothing(server_url: str) -> None:
    with Catalogues(server_url) as store:
        fill(store)
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", WRITER, server_url, who],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for who in "ab"
        ]
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        told = [process.communicate()[0].split() for process in processes]
        assert sum(int(one) for lines in told for one in lines) == 150
        assert store.get("movies").counts() == (len(ITEMS), 3, 150)


def test_deadlocks_are_tried_again_until_both_are_done(server_url: str) -> None:
    with Catalogues(server_url) as store:
        for name in ("one", "other"):
            store.create(name)
        database = store._database
        add = text("UPDATE catalogues SET revision = revision + 1 WHERE name = :name")
        tries, rounds = [0], 30
        barrier = threading.Barrier(2)

        def both(names: tuple[str, str], conn: Connection) -> None:
            tries[0] += 1
            for name in names:
                conn.execute(add, {"name": name})
                time.sleep(0.001)

        def run(names: tuple[str, str]) -> None:
            for _ in range(rounds):
                barrier.wait()
                database.write(lambda conn: both(names, conn))

        threads = [
            threading.Thread(target=run, args=[names])
            for names in (("one", "other"), ("other", "one"))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        revisions = [store.get(name).revision() for name in ("one", "other")]
        assert revisions == [2 * rounds, 2 * rounds]
        assert tries[0] > 2 * rounds  # there were deadlocks


def test_who_waits_too_long_for_a_row_is_told(
    server_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nearfield.catalogue.database, "_ATTEMPTS", 2)  # of a second each
    database = Database(server_url)
    with Catalogues(server_url) as store:
        store.create("movies")
        wait = "SET SESSION innodb_lock_wait_timeout = 1"
        row = "SELECT revision FROM catalogues FOR UPDATE"
        tries = [0]

        def work(conn: Connection) -> None:
            tries[0] += 1
            conn.exec_driver_sql(wait)
            conn.exec_driver_sql(row)

        def hold(conn: Connection) -> None:
            conn.exec_driver_sql(row)
            with pytest.raises(InUse, match="is being used by others"):
                store._database.write(work)

        database.write(hold)
        assert tries[0] == 2
    database.close()


def test_more_threads_than_connections_take_turns(server_url: str) -> None:
    address = f"{server_url}&pool_size=1&max_overflow=1"
    with Catalogues(address) as store:
        fill(store)
        movies = store.get("movies")
        found: list[int] = []
        threads = [
            threading.Thread(target=lambda: found.append(movies.counts().items)) for _ in range(20)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [len(ITEMS)] * 20


def test_a_pool_that_is_used_up_says_so(server_url: str) -> None:
    address = f"{server_url}&pool_size=1&max_overflow=0&pool_timeout=1"
    with Catalogues(address) as store:
        with store._database.reading():
            assert store.connections() == (1, 1)
            with pytest.raises(Unavailable, match="larger pool_size"):
                store.names()
        assert store.names() == []
        assert store.connections() == (0, 1)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("pool_size=many", "pool_size='many', but a whole number from 1"),
        ("answer_timeout=0.5", "answer_timeout='0.5', but a whole number from 1"),
        ("read_timeout=0", "read_timeout='0', but a whole number from 1"),
        ("charset=latin1", "charset 'latin1', which cannot hold every title"),
        ("local_infile=1", "says 'local_infile', which is not known"),
        ("sslca=x", "says 'sslca', which is not known. After `[?]` it may say: .*ssl_ca"),
    ],
)
def test_addresses_that_say_what_cannot_be_are_refused(query: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        Catalogues(f"mysql+pymysql://me@localhost/facts?{query}")


def test_only_who_is_in_a_hurry_waits_less_for_an_answer() -> None:
    url = make_url("mysql+pymysql://me@localhost/facts?answer_timeout=2&read_timeout=20")
    rest, options = read_server_options(url, hurried=True)
    assert not rest.query
    assert (options.seconds["answer_timeout"], options.seconds["read_timeout"]) == (2, 20)
    assert read_server_options(url)[1].seconds["answer_timeout"] == 20


def test_the_driver_need_not_be_named(server: str) -> None:
    with empty_database(server) as url:
        for name in ("mysql", "mariadb", "mariadb+pymysql"):
            address = url.set(drivername=name).render_as_string(hide_password=False)
            with Catalogues(address) as store:
                assert store.create("movies").counts().items == 0


@pytest.mark.servers
def test_a_server_that_wants_primary_keys_gets_them() -> None:
    with running_mariadb(("--innodb-force-primary-key=1",)) as server:
        engine = create_engine(server.url)
        with engine.begin() as conn:
            conn.execute(text("CREATE DATABASE facts"))
        engine.dispose()
        with Catalogues(facts(server)) as store:
            fill(store)
