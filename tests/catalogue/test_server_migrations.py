"""Migrations on servers, which commit every statement by itself."""

import subprocess
import sys

import pytest
from sqlalchemy import Connection, event, text

import nearfield.catalogue.database
from nearfield.catalogue.database import Database
from nearfield.catalogue.migrate import migrate
from nearfield.catalogue.schema import HEAD
from nearfield.catalogue.store import Catalogues
from nearfield.errors import InUse, InvalidInput, NotFound
from real_servers.databases import empty_database, read_schema

DDL = ("CREATE", "ALTER", "UPDATE", "INSERT")

KILLED = """
import os, sys
from sqlalchemy import event
import nearfield.catalogue.database
from nearfield.catalogue.database import Database
from nearfield.catalogue.migrate import migrate
database, left = Database(sys.argv[1]), [int(sys.argv[2])]
def die(conn, cursor, statement, *others):
    left[0] -= statement.lstrip().startswith(("CREATE", "ALTER"))
    if left[0] < 0:
        os.kill(os.getpid(), 9)
event.listen(database._engine, "before_cursor_execute", die)
migrate(database)
"""

FIRST = (
    "INSERT INTO catalogues (id, name, uid, revision, integer_items, integer_users, "
    "item_attributes, user_attributes, created) "
    "VALUES (1, 'movies', 'u', 4, 0, 0, '[\"artist\"]', '[]', '2020-01-01T00:00:00+00:00')",
    "INSERT INTO items VALUES (7, 1, 'Ä', 'Amélie 😀', 2001, '{\"artist\": \"Tiersen\"}')",
    "INSERT INTO item_genres VALUES (7, 'комедия', 0)",
    "INSERT INTO users VALUES (5, 1, 'Zoë', '{}')",
    "INSERT INTO events VALUES (3, 5, 7, 0, 4.5, 1000000)",
)


class CutOff(Exception):
    """Stands for a kill."""


def schema(url: str) -> list[str]:
    """Return how every table of a database is made."""
    database = Database(url)
    with database.reading() as conn:
        names = conn.execute(text("SHOW TABLES")).scalars().all()
        made = [conn.execute(text(f"SHOW CREATE TABLE `{name}`")).one()[1] for name in names]
    database.close()
    return made


def parts(tables: list[str]) -> list[list[str]]:
    """Return the parts of each table in an order of their own: indexes are made in any."""
    return [sorted(line.strip(" ,") for line in table.splitlines()) for table in tables]


def migrate_until(url: str, statements: int) -> bool:
    """Migrate, and break off before a statement; return whether it came to the end."""
    database, left = Database(url), [statements]

    def count(_conn: object, _cursor: object, statement: str, *_others: object) -> None:
        if statement.lstrip().startswith(DDL):
            left[0] -= 1
            if left[0] < 0:
                raise CutOff

    event.listen(database._engine, "before_cursor_execute", count)
    try:
        migrate(database)
        return True
    except CutOff:
        return False
    finally:
        database.close()


def test_a_migration_goes_on_wherever_it_was_cut_off(server: str, server_url: str) -> None:
    runs = next(count for count in range(1000) if migrate_until(server_url, count))
    assert runs > 10
    assert parts(schema(server_url)) == parts(read_schema(server)[:-1])
    with Catalogues(server_url) as store:
        assert store.names() == []


@pytest.mark.parametrize("statements", [1, 4])
def test_a_killed_migration_lets_the_next_one_in_at_once(server_url: str, statements: int) -> None:
    command = [sys.executable, "-c", KILLED, server_url, str(statements)]
    assert subprocess.run(command, check=False).returncode == -9
    with Catalogues(server_url) as store:
        assert store.create("movies").counts() == (0, 0, 0)


def test_what_the_first_version_held_comes_through_every_step(server_url: str) -> None:
    database = Database(server_url)
    migrate(database, "0001")
    database.write(lambda conn: [conn.execute(text(one.replace(":0", r"\:0"))) for one in FIRST])
    for number in range(2, int(HEAD) + 1):
        migrate(database, f"{number:04}")
        assert database.version() == f"{number:04}"
    database.close()
    with Catalogues(server_url) as store:
        movies = store.get("movies")
        (item,) = movies.items(movies.item_keys(["Ä"]))
        assert (item.title, item.year, item.genres) == ("Amélie 😀", 2001, ("комедия",))
        assert item.attributes == {"artist": "Tiersen"}
        assert movies.history(movies.user_key("Zoë")).values.tolist() == [4.5]
        with pytest.raises(NotFound):
            movies.user_key("Zoë ")
        assert [one.title for one in movies.browse("tiersen").items] == ["Amélie 😀"]


def test_tables_of_another_program_are_not_taken_for_ours(server: str) -> None:
    with empty_database(server) as url:
        address = url.render_as_string(hide_password=False)
        database = Database(address)
        migrate(database, "0003")
        database.write(lambda conn: conn.exec_driver_sql("CREATE TABLE jobs (name INT)"))
        with pytest.raises(InvalidInput, match=r"tables named jobs.*a database of its own"):
            migrate(database)
        database.close()


def test_a_table_that_is_being_read_is_not_waited_for_for_ever(
    server_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, writer = Database(server_url), Database(server_url)
    migrate(writer, "0005")
    monkeypatch.setattr(nearfield.catalogue.database, "_ATTEMPTS", 2)
    with reader.reading(snapshot=True) as conn:
        conn.exec_driver_sql("SELECT * FROM items")

        def wait_a_second(other: Connection) -> None:
            other.exec_driver_sql("SET SESSION lock_wait_timeout = 1")

        event.listen(writer._engine, "begin", wait_a_second)
        with pytest.raises(InUse, match="is being used by others"):
            migrate(writer)
        assert writer.version() == "0005"
    migrate(writer)
    assert writer.version() == HEAD
    for database in (reader, writer):
        database.close()
