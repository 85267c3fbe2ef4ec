"""What the writers of items, users and events share: the lock, the revision, small rules."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import Connection, Row, Table, bindparam, case, literal, select, update

from nearfield.catalogue.schema import catalogues
from nearfield.errors import NotFound

if TYPE_CHECKING:
    import polars as pl

INTEGER: Final = r"^(0|-?[1-9][0-9]{0,17})$"
"""An integer as everyone writes it, so that the id can be told from the number."""


_TOGETHER: Final = 100
"""Rows of one UPDATE: for each of them a server looks through all."""


class Outcome(NamedTuple):
    """What became of the rows of one batch."""

    added: int
    changed: int
    unchanged: int

    def plus(self, other: "Outcome") -> "Outcome":
        """Return the sum of both."""
        return Outcome(
            self.added + other.added,
            self.changed + other.changed,
            self.unchanged + other.unchanged,
        )


def lock(conn: Connection, catalogue: int) -> Row[Any]:
    """Make other writers of the catalogue wait until this transaction ends; return its row.

    SQLite has one writer anyway and leaves `FOR UPDATE` out. Reads that follow see what the
    writer before us wrote, so nothing is inserted twice.
    """
    found = conn.execute(
        select(catalogues).where(catalogues.c.id == catalogue).with_for_update()
    ).first()
    if found is None:
        raise NotFound("the catalogue was removed by another process. Import it anew.")
    return found


def touch(conn: Connection, catalogue: int, **changes: Any) -> None:
    """Raise the revision of the catalogue, and change columns of its row."""
    values = {**changes, "revision": catalogues.c.revision + 1}
    conn.execute(update(catalogues).where(catalogues.c.id == catalogue).values(values))


def update_rows(conn: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Change rows of a table, each in its own way.

    SQLite takes them one by one. A server takes many in one statement: else each would wait for
    the network.

    Parameters
    ----------
    conn : Connection
        In a transaction.
    table : Table
        With a key named ``id``.
    rows : sequence of mapping
        ``key`` to the key, and the same columns in each to their new values.
    """
    if not rows:
        return
    if conn.dialect.name == "sqlite":
        conn.execute(update(table).where(table.c.id == bindparam("key")), rows)
        return
    names = [name for name in rows[0] if name != "key"]
    for start in range(0, len(rows), _TOGETHER):
        some = rows[start : start + _TOGETHER]
        values = {
            name: case(
                {row["key"]: literal(row[name], table.c[name].type) for row in some},
                value=table.c.id,
            )
            for name in names
        }
        keys = [row["key"] for row in some]
        conn.execute(update(table).where(table.c.id.in_(keys)).values(values))


def all_integers(ids: "pl.Series") -> bool:
    """Tell whether every id is the usual text of an integer."""
    return bool(ids.str.contains(INTEGER).all())


def is_integer(text: str) -> bool:
    """Tell whether one id is the usual text of an integer."""
    return re.fullmatch(INTEGER, text) is not None


def with_new(known: list[str], names: Iterable[str]) -> list[str]:
    """Return the attribute names known so far and the new ones behind them."""
    return list(dict.fromkeys([*known, *names]))


def merged(
    stored: Mapping[str, str], row: Mapping[str, Any], names: Sequence[str]
) -> dict[str, str]:
    """Return the attributes after a row with columns `names`: those it lacks stay."""
    kept = {name: value for name, value in stored.items() if name not in names}
    return kept | {name: row[name] for name in names if row[name] is not None}
