"""Add or change one batch of users, inside a transaction that the caller ends."""

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, insert

from nearfield.catalogue import queries
from nearfield.catalogue.erased import erased_among
from nearfield.catalogue.schema import users
from nearfield.catalogue.writing import (
    Outcome,
    all_integers,
    lock,
    merged,
    touch,
    update_rows,
    with_new,
)
from nearfield.datasets.tables import Columns

if TYPE_CHECKING:
    import polars as pl


def write_users(conn: Connection, catalogue: int, frame: "pl.DataFrame") -> Outcome:
    """Bring users to what the frame says; a second time changes nothing.

    Parameters
    ----------
    conn : Connection
        In a transaction.
    catalogue : int
        Primary key of the catalogue.
    frame : polars.DataFrame
        As `Tables.users`. Attributes that it has no column for stay as they are. Users who were
        erased are left out.
    """
    row = lock(conn, catalogue)
    names = [name for name in frame.columns if name != Columns.USER]
    ids = frame[Columns.USER].to_list()
    stored = _stored(conn, catalogue, ids)
    erased = erased_among(conn, catalogue, row.uid, (one for one in ids if one not in stored))
    added: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    for one in frame.iter_rows(named=True):
        public = one[Columns.USER]
        if public in erased:
            continue
        key, old = stored.get(public, (-1, {}))
        new = merged(old, one, names)
        if key == -1:
            added.append({"catalogue_id": catalogue, "public_id": public, "attributes": new})
        elif new != old:
            changed.append({"key": key, "attributes": new})
    if added:
        conn.execute(insert(users), added)
    update_rows(conn, users, changed)
    columns = {
        "user_attributes": with_new(row.user_attributes, names),
        "integer_users": row.integer_users and all_integers(frame[Columns.USER]),
    }
    new_columns = {name: value for name, value in columns.items() if value != getattr(row, name)}
    if added or changed or new_columns:
        touch(conn, catalogue, **new_columns)
    return Outcome(len(added), len(changed), frame.height - len(added) - len(changed))


def _stored(
    conn: Connection, catalogue: int, ids: list[str]
) -> dict[str, tuple[int, dict[str, str]]]:
    found: dict[str, tuple[int, dict[str, str]]] = {}
    for some in queries.chunks(ids):
        rows = conn.execute(queries.USERS, {"catalogue": catalogue, "ids": some})
        found.update((public, (key, known)) for public, key, known in rows)
    return found
