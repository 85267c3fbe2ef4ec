"""Marks of users who were erased: none tells who it was, but a file that names them is known."""

import hashlib
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Row, delete, select

from nearfield.catalogue.queries import chunks
from nearfield.catalogue.schema import erased_users


def digest(uid: str, user: str) -> str:
    """Return the mark of a user of the catalogue of that uid: another catalogue has another."""
    return hashlib.sha256(f"{uid}\n{user}".encode()).hexdigest()


def erased_among(conn: Connection, number: int, uid: str, users: Iterable[str]) -> set[str]:
    """Return which users were erased and not allowed again.

    Parameters
    ----------
    conn : Connection
        To read from.
    number, uid
        Of the catalogue.
    users : iterable of str
        Their ids.
    """
    mine = erased_users.c.catalogue_id == number
    if conn.execute(select(erased_users.c.digest).where(mine).limit(1)).first() is None:
        return set()
    marks = {digest(uid, user): user for user in users}
    found: set[str] = set()
    for some in chunks(list(marks)):
        query = select(erased_users.c.digest).where(mine, erased_users.c.digest.in_(some))
        found.update(marks[mark] for mark in conn.execute(query).scalars())
    return found


def allow_again(conn: Connection, catalogue: Row[Any], users: Iterable[str]) -> None:
    """Take the marks of users away; nothing happens where there is none."""
    for some in chunks([digest(catalogue.uid, user) for user in users]):
        conn.execute(
            delete(erased_users).where(
                erased_users.c.catalogue_id == catalogue.id, erased_users.c.digest.in_(some)
            )
        )
