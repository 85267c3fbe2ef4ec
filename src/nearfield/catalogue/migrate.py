"""Bring a database to the present schema with Alembic, in this process and without an .ini file."""

from pathlib import Path
from threading import Lock
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, inspect, text

from nearfield.catalogue.database import Database
from nearfield.catalogue.schema import HEAD, VERSION_TABLE, metadata
from nearfield.errors import InvalidInput, Unavailable

_ONE_AT_A_TIME: Final = Lock()  # alembic keeps the running migration in a global
_LOCK_SECONDS: Final = 60


def migrate(database: Database) -> None:
    """Run the migrations that are missing; another process that does the same is waited for.

    Raises
    ------
    InvalidInput
        If the database was made by a newer version, or holds tables of another program.
    """
    with _ONE_AT_A_TIME:
        database.write(lambda conn: _upgrade(conn, database))


def _upgrade(conn: Connection, database: Database) -> None:
    url = database.url.render_as_string(hide_password=True)
    if not database.sqlite:  # SQLite's BEGIN IMMEDIATE is the lock
        _take_lock(conn, f"nearfield {database.url.database}"[:64])
    tables = set(inspect(conn).get_table_names())
    if VERSION_TABLE not in tables and (foreign := tables & set(metadata.tables)):
        raise InvalidInput(
            f"the database {url} already has tables named {', '.join(sorted(foreign))}, which "
            "Nearfield did not make. Give Nearfield a database of its own."
        )
    try:
        command.upgrade(_config(conn), HEAD)
    except CommandError as error:
        raise InvalidInput(
            f"the database {url} was made by a newer Nearfield ({error}). Upgrade Nearfield, "
            "or use another database."
        ) from error


def _take_lock(conn: Connection, name: str) -> None:
    """Wait for our turn on a server; the lock ends with the connection's session."""
    got = conn.execute(text("SELECT GET_LOCK(:name, :wait)"), {"name": name, "wait": _LOCK_SECONDS})
    if got.scalar() != 1:
        raise Unavailable(
            f"another process has been migrating the database for {_LOCK_SECONDS} s. Wait until "
            "it is done, then run the same command again."
        )


def _config(conn: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = conn
    return config
