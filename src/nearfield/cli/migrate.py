"""`nearfield migrate`: bring the SQL database to the schema of this version."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nearfield.cli.opening import open_stores, program
from nearfield.cli.output import print_json, say
from nearfield.cli.parameters import JsonOption
from nearfield.errors import InvalidInput

if TYPE_CHECKING:
    from nearfield.catalogue.database import Database


def migrate_command(
    context: typer.Context,
    check: Annotated[
        bool, typer.Option("--check", help="change nothing; exit 1 where there is something to do")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Bring the SQL database up to date; safe to repeat, and from several places at once."""
    # SQLAlchemy takes 0.1 s, which other commands need not wait
    from nearfield.catalogue.database import Database
    from nearfield.catalogue.schema import HEAD
    from nearfield.catalogue.standing import check_standing

    with open_stores(context) as stores:
        database = Database(stores.database_url)
        if database.sqlite and not check:
            stores.make()  # a server needs no folder of ours
    try:
        before = _version(database)
        check_standing(before, database.url)
        after = _found(database, before, HEAD) if check else _migrated(database, HEAD)
    finally:
        database.close()
    if as_json:
        print_json({"from": before, "to": after, "newest": HEAD})
    else:
        say(f"{_address(database)} {_told(before, after, HEAD)}")
    if after != HEAD:
        say(f"Run `{program(context)} migrate`.")
        raise typer.Exit(1)


def _version(database: "Database") -> str | None:
    """Return the version that is there; asking makes no file of SQLite."""
    if database.sqlite and not Path(str(database.url.database)).exists():
        return None
    return database.version()


def _migrated(database: "Database", newest: str) -> str:
    from nearfield.catalogue.migrate import migrate

    migrate(database)
    return newest


def _found(database: "Database", before: str | None, newest: str) -> str | None:
    from nearfield.catalogue.standing import check_standing

    check_standing(before, database.url)
    if before is not None and before > newest:
        raise InvalidInput(
            f"the database {_address(database)} is at {before}, made by a newer Nearfield than "
            f"this one, which knows {newest}. Upgrade Nearfield, or use another database."
        )
    return before


def _told(before: str | None, after: str | None, newest: str) -> str:
    if before == newest:
        return f"is at {newest}, the newest."
    if after == newest:
        return f"{'was empty' if before is None else f'was at {before}'}; now it is at {newest}."
    return f"{'is empty' if before is None else f'is at {before}'}; {newest} is the newest."


def _address(database: "Database") -> str:
    return database.url.render_as_string(hide_password=True)
