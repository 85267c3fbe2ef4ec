"""Read whole tables of a database as they were at one moment, while others write to it."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
import pyarrow as pa
from sqlalchemy import ColumnElement, Connection, column, func, select, table

from nearfield.catalogue.columns import arrow_schema, batches
from nearfield.catalogue.database import Database
from nearfield.catalogue.schema import (
    HEAD,
    api_keys,
    catalogues,
    items,
    jobs,
    metadata,
)
from nearfield.errors import NotFound
from nearfield.types import Ids

_NEXT: Final = re.compile(r"\bAUTO_INCREMENT=(\d+)")


@contextmanager
def dumping(url: str, names: Sequence[str] | None = None) -> Iterator["Dump"]:
    """Lend a view of a database in which every table is of the same moment.

    Writers go on meanwhile. SQLite keeps what they write in its log until this ends, a server in
    its undo log.

    Parameters
    ----------
    url : str
        Of a database with the present schema.
    names : sequence of str, optional
        Of the catalogues whose rows are wanted; all rows where not given.

    Raises
    ------
    NotFound
        If there is no catalogue of such a name.
    """
    database = Database(url)
    try:
        with database.reading(snapshot=True, patient=True) as conn:
            yield Dump(conn, names)
    finally:
        database.close()


class Dump:
    """All tables of a database, made by `dumping`.

    Parameters
    ----------
    conn : Connection
        In one transaction.
    names : sequence of str, optional
        As of `dumping`.
    """

    schema = HEAD

    def __init__(self, conn: Connection, names: Sequence[str] | None) -> None:
        self._conn = conn
        query = select(catalogues.c.id, catalogues.c.name, catalogues.c.uid)
        known = {row.name: row for row in conn.execute(query.order_by(catalogues.c.name))}
        for name in names or ():
            if name not in known:
                raise NotFound(
                    f"there is no catalogue {name!r}. Known: {', '.join(known) or 'none yet'}."
                )
        self._names = None if names is None else sorted(set(names))
        chosen = known if self._names is None else self._names
        self._numbers = {name: int(known[name].id) for name in chosen}
        self.catalogues: dict[str, str] = {name: str(known[name].uid) for name in chosen}
        """Name to what no other catalogue has, of those that were asked for."""

    def tables(self) -> dict[str, int]:
        """Return how many rows each table has, in an order in which rows can be put back."""
        found = {}
        for one in metadata.sorted_tables:
            query = select(func.count()).select_from(one).where(*self._where(one))
            found[one.name] = int(self._conn.execute(query).scalar_one())
        return found

    def rows(self, name: str) -> Iterator[pa.RecordBatch]:
        """Yield the rows of a table, by rising primary key."""
        one = metadata.tables[name]
        # without their types: JSON stays the text that it is
        plain = table(name, *(column(each.name) for each in one.columns))
        keys = [plain.c[each.name] for each in one.primary_key.columns]
        query = select(*plain.c).where(*self._where(one, plain)).order_by(*keys)
        return batches(self._conn, query, arrow_schema(one))

    def schema_of(self, name: str) -> pa.Schema:
        """Return the columns of a table."""
        return arrow_schema(metadata.tables[name])

    def items(self, catalogue: str) -> Ids:
        """Return the keys of a catalogue's items, rising."""
        query = select(items.c.id).where(items.c.catalogue_id == self._numbers[catalogue])
        options = {"stream_results": True, "yield_per": 10_000}
        found = self._conn.execute(query.order_by(items.c.id), execution_options=options)
        return np.fromiter(found.scalars(), dtype=np.int64)

    def next_keys(self) -> dict[str, int]:
        """Return the key that each table gives out next, where it never gives one twice."""
        if self._conn.dialect.name == "sqlite":
            found = self._conn.exec_driver_sql("SELECT name, seq FROM sqlite_sequence")
            return {name: int(last) + 1 for name, last in found if name in metadata.tables}
        told = {}
        for name in metadata.tables:
            made = str(self._conn.exec_driver_sql(f"SHOW CREATE TABLE {name}").one()[1])
            if match := _NEXT.search(made):
                told[name] = int(match[1])
        return told

    def _where(self, one: Any, plain: Any = None) -> list[ColumnElement[bool]]:
        """Return the condition for rows of the catalogues that were asked for."""
        if self._names is None:
            return []
        columns = (one if plain is None else plain).c
        if one is catalogues:
            return [columns.id.in_(self._numbers.values())]
        if one is jobs:
            return [columns.catalogue.in_(self._names)]
        if one is api_keys:  # of the home, not of a catalogue
            return [columns.id.is_(None)]
        if "catalogue_id" in one.c:
            return [columns.catalogue_id.in_(self._numbers.values())]
        key = next(each for each in one.c if each.foreign_keys)
        (parent,) = key.foreign_keys
        of = parent.column.table
        return [columns[key.name].in_(select(of.c.id).where(*self._where(of)))]
