"""What stands in the place of a database's version while it is filled or moved: nobody writes then.

Every writer reads the version in its own transaction, and whoever changes it waits for those that
are at work: after that no write can be acknowledged here and be missing there.
"""

from typing import Final

from sqlalchemy import URL, Connection, text

from nearfield.catalogue.schema import VERSION_TABLE
from nearfield.errors import InUse

FILLING: Final = "filling-"
"""Begins the mark of a database that `restore` or `move` fills; what it holds is not whole."""

MOVING: Final = "moving-"
"""Begins the mark of a database that `move` copies from; whoever has it open may read."""

MOVED: Final = "moved-"
"""Begins the mark of a database whose copy elsewhere is the one that counts."""

MARK_LENGTH: Final = 24
"""Characters behind the beginning; the column holds 32 together."""

_LOOKS: Final = 3

_WHY: Final = {
    FILLING: "is not whole: a `nearfield restore` or `nearfield move` into it is running, or was "
    "cut off. Wait for it, or run the same command again",
    MOVING: "is being moved to another place, and nothing is written to it meanwhile. Wait for "
    "`nearfield move`; where that was cut off, run it again, or `nearfield move --cancel`",
    MOVED: "was moved to another place. Set NEARFIELD_DATABASE_URL to that (or NEARFIELD_HOME, "
    "where it is a folder); to stay here after all, run `nearfield move --cancel`",
}


def check_standing(version: str | None, url: URL) -> None:
    """Refuse a database that is being filled or moved, or was moved; InUse says what to do."""
    for mark, why in _WHY.items():
        if version is not None and version.startswith(mark):
            raise InUse(f"the database {url.render_as_string(hide_password=True)} {why}.")


def check_writer(conn: Connection, url: URL) -> None:
    """Refuse a write as `check_standing` does, and keep the mark away until the transaction ends.

    On a server the row is locked for others to read only; SQLite lets one in to write anyway.
    """
    shared = "" if conn.dialect.name == "sqlite" else " LOCK IN SHARE MODE"
    for _ in range(_LOOKS):
        found = conn.exec_driver_sql(f"SELECT version_num FROM {VERSION_TABLE}{shared}").scalar()
        if found is not None:
            return check_standing(found, url)
        # a server that waited for whoever changed it may look behind the place of the new one
    raise InUse(
        f"the database {url.render_as_string(hide_password=True)} is being changed by a `nearfield "
        f"move` or `nearfield migrate` at this moment. Do it again."
    )


def put_mark(conn: Connection, before: str, after: str) -> bool:
    """Put another version or mark where `before` stands; return whether it stood there."""
    change = text(f"UPDATE {VERSION_TABLE} SET version_num = :after WHERE version_num = :before")
    return conn.execute(change, {"after": after, "before": before}).rowcount == 1
