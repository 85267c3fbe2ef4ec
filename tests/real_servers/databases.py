"""Databases that hold the present schema already: quicker copied than migrated each time."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from sqlalchemy import URL, create_engine, make_url, text

from nearfield.catalogue.schema import VERSION_TABLE
from nearfield.catalogue.store import Catalogues

_CHARSET = "CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"


@contextmanager
def empty_database(server: str, charset: str = _CHARSET) -> Iterator[URL]:
    """Lend an empty database of a server."""
    url = make_url(server).set(database=f"nearfield_test_{uuid4().hex}")
    engine = create_engine(server)
    with engine.begin() as conn:
        conn.execute(text(f"CREATE DATABASE {url.database} {charset}"))
    try:
        yield url
    finally:
        with engine.begin() as conn:
            conn.execute(text(f"DROP DATABASE {url.database}"))
        engine.dispose()


def read_schema(server: str) -> list[str]:
    """Return the statements that make what the migrations make on a server."""
    with empty_database(server) as url:
        Catalogues(url.render_as_string(hide_password=False)).close()
        engine = create_engine(url)
        with engine.connect() as conn:
            names = conn.execute(text("SHOW TABLES")).scalars().all()
            made = [conn.execute(text(f"SHOW CREATE TABLE `{name}`")).one()[1] for name in names]
            version = conn.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar_one()
        engine.dispose()
    return [*made, f"INSERT INTO {VERSION_TABLE} (version_num) VALUES ('{version}')"]


def fill(url: str, schema: list[str]) -> None:
    """Make the tables in an empty database of a server."""
    engine = create_engine(url)
    with engine.begin() as conn:
        conn.exec_driver_sql("SET foreign_key_checks = 0")  # tables come by name
        for statement in schema:
            conn.exec_driver_sql(statement.replace("%", "%%"))
    engine.dispose()


def copy_sqlite(template: Path, url: str) -> None:
    """Copy a database of SQLite; made where the template is missing."""
    if not template.exists():
        Catalogues(f"sqlite:///{template}").close()
    shutil.copy(template, str(make_url(url).database))
