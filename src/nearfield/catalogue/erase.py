"""Erase a user from SQL, inside a transaction that the caller ends."""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, select, update

from nearfield.catalogue.erased import digest, erased_among
from nearfield.catalogue.lookups import find_user_keys
from nearfield.catalogue.schema import arm_answers, erased_users, events, jobs, users
from nearfield.catalogue.unknown import in_order
from nearfield.catalogue.writing import is_integer, lock, touch

ERASED: Final = "(erased)"
"""Stands in the account of a job where a user was named."""

_TOLD: Final = ("options", "progress", "result", "message")
_ROWS: Final = ("refusals", "notes")
"""Parts of a job's result that show rows of files as they were written."""


@dataclass(frozen=True, slots=True)
class ErasedRows:
    """How many rows of SQL named a user: events, answers of experiments, accounts of jobs."""

    events: int
    answers: int
    jobs: int


def erase_user(conn: Connection, catalogue: int, user: str) -> ErasedRows:
    """Delete a user with all that names them, and leave a mark by which imports know them.

    Parameters
    ----------
    conn : Connection
        In a transaction.
    catalogue : int
        Primary key of the catalogue.
    user : str
        Id. One who was erased before is erased again: a kill may have left something elsewhere.

    Raises
    ------
    NotFound
        If there is no such user, and was none.
    """
    row = lock(conn, catalogue)
    known = find_user_keys(conn, catalogue, [user])
    again = erased_among(conn, catalogue, row.uid, [user])
    gone = [0, 0]
    if known or not again:
        (key,) = in_order(row.name, "users", [user], known)
        for place, column in enumerate((events.c.user_id, arm_answers.c.user_id)):
            gone[place] = conn.execute(delete(column.table).where(column == key)).rowcount
        conn.execute(delete(users).where(users.c.id == key))
        touch(conn, catalogue)
    if not again:
        mark = {"catalogue_id": catalogue, "digest": digest(row.uid, user)}
        conn.execute(insert(erased_users), [{**mark, "time": time.time_ns() // 1_000_000}])
    return ErasedRows(gone[0], gone[1], _clean_jobs(conn, row.name, user))


def _clean_jobs(conn: Connection, catalogue: str, user: str) -> int:
    """Take a user out of what jobs were asked and told; return how many jobs named them."""
    columns = [jobs.c[name] for name in _TOLD]
    query = select(jobs.c.id, jobs.c.kind, *columns).where(jobs.c.catalogue.in_([catalogue, ""]))
    cleaned, replace = 0, _replacer(user)
    for row in conn.execute(query).mappings().all():
        told = {name: _clean(row[name], replace) for name in _TOLD}
        if row["kind"] == "import" and isinstance(told["result"], dict):
            told["result"] = {k: v for k, v in told["result"].items() if k not in _ROWS}
        changed = {name: value for name, value in told.items() if value != row[name]}
        if changed:
            conn.execute(update(jobs).where(jobs.c.id == row["id"]).values(changed))
            cleaned += 1
    return cleaned


def _replacer(user: str) -> Callable[[str], str]:
    """Return what takes an id out of a text: a word of its own, or in quotes if it is a number."""
    word = re.escape(user)
    if is_integer(user) or len(user) < 4:
        pattern = rf"(?<=')({word})(?=')|(?<=\")({word})(?=\")|(?<=\buser )({word})\b"
    else:
        pattern = rf"(?<!\w){word}(?!\w)"
    found = re.compile(pattern)
    return lambda text: ERASED if text == user else found.sub(ERASED, text)


def _clean(told: Any, replace: Callable[[str], str], of_user: bool = False) -> Any:
    """Return the same with the id replaced; as a number it counts where `user` stands before."""
    if isinstance(told, str):
        return replace(told)
    if isinstance(told, Mapping):
        return {
            key: _clean(value, replace, key in ("user", "users", "listener"))
            for key, value in told.items()
        }
    if isinstance(told, list):
        return [_clean(one, replace, of_user) for one in told]
    if of_user and isinstance(told, int) and replace(str(told)) == ERASED:
        return ERASED
    return told
