"""Rows of any table as Arrow batches, the same of every kind of database."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
import polars as pl
import pyarrow as pa
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Connection,
    Double,
    Integer,
    LargeBinary,
    Select,
    String,
    Table,
)

_TYPES: Final[tuple[tuple[Any, Any], ...]] = (
    (Boolean, pa.bool_()),
    ((BigInteger, Integer), pa.int64()),
    (Double, pa.float64()),
    (LargeBinary, pa.binary()),
    ((JSON, String), pa.string()),
)
_JSON: Final = {b"holds": b"json"}
_PAGE: Final = 20_000
_WIDE_PAGE: Final = 200
"""Rows that are in memory at a time; of tables with fingerprints or vectors."""


def arrow_schema(table: Table) -> pa.Schema:
    """Return the columns of a table; those that hold JSON are text that says so."""
    return pa.schema([_field(column) for column in table.columns])


def batches(conn: Connection, query: Select[Any], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a query that names the columns of `schema`, without types, in its order.

    Nothing else may be asked of the connection before the last batch: a server sends the rows
    one after the other.
    """
    page = _WIDE_PAGE if pa.binary() in schema.types else _PAGE
    options = {"stream_results": True, "yield_per": page}
    found = conn.execute(query, execution_options=options)
    for rows in found.partitions():
        yield batch_of(list(zip(*rows, strict=True)), schema)


def batch_of(columns: Sequence[Sequence[Any]], schema: pa.Schema) -> pa.RecordBatch:
    """Return values as drivers give them, one sequence for each column, as a batch."""
    made = [_array(column, kind) for column, kind in zip(columns, schema.types, strict=True)]
    return pa.RecordBatch.from_arrays(made, schema=schema)


def _array(column: Sequence[Any], kind: pa.DataType) -> pa.Array:
    if kind == pa.bool_():
        column = [None if one is None else bool(one) for one in column]
    elif kind == pa.float64():
        column = [None if one is None else float(one) for one in column]
    return pa.array(column, type=kind)


def _field(column: Any) -> pa.Field:
    kind = next(arrow for sql, arrow in _TYPES if isinstance(column.type, sql))
    metadata = _JSON if isinstance(column.type, JSON) else None
    return pa.field(column.name, kind, column.nullable, metadata)


class Digest:
    """Tells whether two sets of rows are the same, in whatever order; of this process only."""

    def __init__(self) -> None:
        self.rows = 0
        self._sum = 0

    def add(self, batch: pa.RecordBatch) -> None:
        """Count in some rows."""
        columns = [
            _plain_json(column) if (field.metadata or {}) == _JSON else column
            for field, column in zip(batch.schema, batch.columns, strict=True)
        ]
        plain = pa.RecordBatch.from_arrays(columns, names=batch.schema.names)
        frame = pl.from_arrow(plain)
        assert isinstance(frame, pl.DataFrame)
        self.rows += frame.height
        hashes = frame.hash_rows(seed=0).to_numpy()
        self._sum = (self._sum + int(hashes.sum(dtype=np.uint64))) % 2**64

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Digest) and (self.rows, self._sum) == (other.rows, other._sum)

    __hash__ = None  # type: ignore[assignment]  # it changes


def _plain_json(column: pa.Array) -> pa.Array:
    """Write JSON one way: MySQL keeps neither the order of names nor the spaces."""
    texts = column.to_pylist()
    plain = [None if one is None else json.dumps(json.loads(one), sort_keys=True) for one in texts]
    return pa.array(plain, pa.string())
