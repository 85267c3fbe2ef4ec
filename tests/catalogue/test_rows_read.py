"""What one answer asks of a server reads the rows that it is about, not the whole catalogue."""

from collections.abc import Callable

from sqlalchemy import text

from nearfield.catalogue.catalogue import Catalogue
from nearfield.catalogue.database import Database
from nearfield.catalogue.store import Catalogues
from nearfield.types import Ids
from synthetic import make_tables

READ = text(
    "SELECT SUM(variable_value) FROM information_schema.session_status "
    "WHERE variable_name LIKE 'Handler_read%'"
)
READ_MYSQL = text(
    "SELECT SUM(variable_value) FROM performance_schema.session_status "
    "WHERE variable_name LIKE 'Handler_read%'"
)


def rows_read(database: Database) -> int:
    with database.reading() as conn:
        mariadb: bool = getattr(conn.dialect, "is_mariadb", False)
        return int(conn.execute(READ if mariadb else READ_MYSQL).scalar_one())


ASKED: dict[str, Callable[[Catalogue, Ids], object]] = {
    "items": lambda movies, keys: movies.items(keys),
    "item_ids": lambda movies, keys: movies.item_ids(keys),
    "item_keys": lambda movies, keys: movies.item_keys(["1", "2", "3"]),
    "user": lambda movies, keys: movies.user(1),
    "history": lambda movies, keys: movies.history(movies.user_key(1), 20),
    "revision": lambda movies, keys: movies.revision(),
    "users": lambda movies, keys: movies.users_page("1", limit=3),
    "attributes": lambda movies, keys: movies.user_attributes(movies.user_key(1)),
}


def test_few_rows_are_read(server_url: str) -> None:
    address = f"{server_url}&pool_size=1&max_overflow=0"  # every count is of one connection
    with Catalogues(address) as store:
        database = store._database
        for name in ("movies", "others"):
            list(store.import_tables(name, make_tables(users=300, items=2000, events=3000)))
        movies = store.get("movies")
        keys = movies.item_keys(["1", "2", "3"])
        before = rows_read(database)
        to_count = rows_read(database) - before
        read = {}
        for name, ask in ASKED.items():
            before = rows_read(database)
            ask(movies, keys)
            read[name] = rows_read(database) - before - to_count
    assert {name: rows for name, rows in read.items() if rows > 200} == {}
