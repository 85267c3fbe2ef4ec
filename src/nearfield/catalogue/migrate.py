"""Bring a database to the present schema with Alembic, in this process and without an .ini file."""

from contextlib import nullcontext
from pathlib import Path
from threading import Lock
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, inspect

from nearfield.catalogue.database import Database
from nearfield.catalogue.exclusive import exclusive
from nearfield.catalogue.resumed import not_ours
from nearfield.catalogue.schema import HEAD, VERSION_TABLE, metadata
from nearfield.catalogue.standing import check_standing
from nearfield.errors import InvalidInput

_ONE_AT_A_TIME: Final = Lock()  # alembic keeps the running migration in a global
_LOCK_SECONDS: Final = 60
_REMEDY: Final = "It brings the schema up to date. Wait until it is done, then run this again."


def migrate(database: Database, revision: str = HEAD) -> None:
    """Run the migrations that are missing; another process that does the same is waited for.

    SQLite lets one in at a time and rolls tables back, too. A server commits each statement by
    itself: where a kill cut a migration off, what it had done is passed over (`Resumed`).

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
        If it is being filled or moved, or was moved, or is being migrated by somebody else.
    """
    turn = exclusive(database, "migrate", _REMEDY, _LOCK_SECONDS)
    with _ONE_AT_A_TIME, nullcontext() if database.sqlite else turn:
        check_standing(database.version(), database.url)
        database.write(lambda conn: _upgrade(conn, database, revision), patient=True)


def _upgrade(conn: Connection, database: Database, revision: str) -> None:
    url = database.url.render_as_string(hide_password=True)
    tables = set(inspect(conn).get_table_names())
    if VERSION_TABLE not in tables and (foreign := tables & set(metadata.tables)):
        raise not_ours(sorted(foreign))
    try:
        command.upgrade(_config(conn), revision)
    except CommandError as error:
        raise InvalidInput(
            f"the database {url} was made by a newer Nearfield ({error}). Upgrade Nearfield, "
            "or use another database."
        ) from error


def _config(conn: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = conn
    return config
