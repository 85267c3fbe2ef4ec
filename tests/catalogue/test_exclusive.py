"""Locks among all that share a database."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from nearfield.catalogue.database import Database
from nearfield.catalogue.store import Catalogues
from nearfield.errors import InUse, Unavailable
from real_servers.databases import empty_database

HOLD = """
import sys
from nearfield.catalogue.store import Catalogues
store = Catalogues(sys.argv[1])
with store.exclusive("space movies"):
    print("held", flush=True)
    sys.stdin.readline()
store.close()
"""


def hold(url: str) -> "subprocess.Popen[str]":
    """Start a process that has the lock once this returns."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_one_at_a_time(store: Catalogues, url: str) -> None:
    with Catalogues(url) as other:
        with store.exclusive("space movies") as held:
            held.check()
            with (
                pytest.raises(
                    InUse, match=r"^'space movies' is in use by .*Wait for the other one\."
                ),
                other.exclusive("space movies", "Wait for the other one."),
            ):
                pass
            with other.exclusive("space songs"), store.exclusive("Space Movies 2"):
                held.check()
        with other.exclusive("space movies") as again:
            again.check()


def test_threads_of_a_process_keep_each_other_out(store: Catalogues) -> None:
    entered, ready = [], threading.Barrier(4)

    def enter() -> None:
        ready.wait()
        with store.exclusive("space", seconds=30):
            entered.append(time.monotonic())
            time.sleep(0.02)
            entered.append(time.monotonic())

    threads = [threading.Thread(target=enter) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(entered) == 8
    assert entered == sorted(entered)


def test_a_killed_holder_holds_it_no_more(store: Catalogues, url: str) -> None:
    process = hold(url)
    try:
        with (
            pytest.raises(InUse, match=r"process.*Wait for the other one\."),
            store.exclusive("space movies", "Wait for the other one."),
        ):
            pass
    finally:
        process.kill()
        process.communicate()
    with store.exclusive("space movies", seconds=10) as held:
        held.check()


def test_a_holder_that_is_done_gives_it_back(store: Catalogues, url: str) -> None:
    process = hold(url)
    assert process.communicate("go\n")[0] == ""
    assert process.returncode == 0
    with store.exclusive("space movies") as held:
        held.check()


def test_who_waits_gets_it_when_it_is_free(store: Catalogues, url: str) -> None:
    process = hold(url)
    threading.Timer(0.3, process.communicate, ["go\n"]).start()
    with store.exclusive("space movies", seconds=20) as held:
        held.check()
    process.wait(timeout=30)


def test_an_error_in_the_block_gives_it_back(store: Catalogues) -> None:
    with pytest.raises(ZeroDivisionError), store.exclusive("space"):
        raise ZeroDivisionError
    with store.exclusive("space"):
        pass


def test_the_file_lies_beside_the_database(tmp_path: Path) -> None:
    with (
        Catalogues(f"sqlite:///{tmp_path}/facts.db") as store,
        store.exclusive("space mövies"),
    ):
        (lock,) = tmp_path.glob("*.lock")
        assert lock.name.startswith("facts.db.space-m-vies-")


def test_a_lock_that_the_server_forgot_is_noticed(server_url: str) -> None:
    database = Database(server_url)
    with Catalogues(server_url) as store, store.exclusive("space movies") as held:
        held.check()
        with database.reading() as conn:
            locks = text("SELECT id FROM information_schema.processlist WHERE db = DATABASE()")
            mine = conn.execute(text("SELECT CONNECTION_ID()")).scalar()
            for number in conn.execute(locks).scalars().all():
                if number != mine:
                    conn.exec_driver_sql(f"KILL {number}")
        with pytest.raises(Unavailable, match="lock of 'space movies' was lost"):
            held.check()
        with store.exclusive("space movies", seconds=5) as other:
            other.check()
    database.close()


def test_databases_of_one_server_do_not_share_locks(server: str, server_url: str) -> None:
    with (
        empty_database(server) as other,
        Catalogues(server_url) as store,
        Catalogues(other.render_as_string(hide_password=False)) as stranger,
        store.exclusive("space movies"),
        stranger.exclusive("space movies") as held,
    ):
        held.check()
