"""Bring a database to the present schema with Alembic, in this process and without an .ini file."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, inspect, text

from nearfield.catalogue.database import Database
from nearfield.catalogue.schema import HEAD, VERSION_TABLE, metadata
from nearfield.catalogue.standing import check_standing
from nearfield.errors import InvalidInput, Unavailable

_ONE_AT_A_TIME: Final = Lock()  # alembic keeps the running migration in a global
_LOCK_SECONDS: Final = 60


def migrate(database: Database, revision: str = HEAD) -> None:
    """Run the migrations that are missing; another process that does the same is waited for.

    Parameters
    ----------
    database : Database
        Of any older version, or empty.
    revision : str
        The last migration to run.

    Raises
    ------
    InvalidInput
        If the database was made by a newer version, or holds tables of another program.
    InUse
        If it is being filled or moved, or was moved.
    """
    with _ONE_AT_A_TIME, _our_turn(database):
        check_standing(database.version(), database.url)
        database.write(lambda conn: _upgrade(conn, database, revision))


def _upgrade(conn: Connection, database: Database, revision: str) -> None:
    url = database.url.render_as_string(hide_password=True)
    tables = set(inspect(conn).get_table_names())
    if VERSION_TABLE not in tables and (foreign := tables & set(metadata.tables)):
        raise InvalidInput(
            f"the database {url} already has tables named {', '.join(sorted(foreign))}, which "
            "Nearfield did not make. Give Nearfield a database of its own."
        )
    try:
        command.upgrade(_config(conn), revision)
    except CommandError as error:
        raise InvalidInput(
            f"the database {url} was made by a newer Nearfield ({error}). Upgrade Nearfield, "
            "or use another database."
        ) from error


@contextmanager
def _our_turn(database: Database) -> Iterator[None]:
    """Keep other processes of a server out until the migration is committed.

    SQLite needs nothing: there BEGIN IMMEDIATE lets one in at a time, and rolls tables back too.
    """
    if database.sqlite:
        yield
        return
    lock = {"name": f"nearfield {database.url.database}"[:64], "wait": _LOCK_SECONDS}
    with database.reading() as conn:  # of its own: the lock outlives the writer's transaction
        if conn.execute(text("SELECT GET_LOCK(:name, :wait)"), lock).scalar() != 1:
            raise Unavailable(
                f"another process has been migrating the database for {_LOCK_SECONDS} s. Wait "
                "until it is done, then run the same command again."
            )
        try:
            yield
        finally:  # the session goes back to the pool and would keep the lock
            conn.execute(text("SELECT RELEASE_LOCK(:name)"), lock)


def _config(conn: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = conn
    return config
