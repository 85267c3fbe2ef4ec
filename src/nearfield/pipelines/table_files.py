"""Write one table of a catalogue, row by row: as JSON lines or Parquet."""

import json
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Any, Final, Literal, TypeAlias

from nearfield.catalogue.export import Export, Record

if TYPE_CHECKING:
    import pyarrow as pa

Format: TypeAlias = Literal["jsonl", "parquet"]

_WHOLE: Final = frozenset({"year", "time", "size", "modified", "rate", "channels", "bitrate"})
_MOMENTS: Final = frozenset({"created", "changed"})
_LISTS: Final = frozenset({"genres", "songs"})
_NUMBERS: Final = frozenset({"value", "duration"})


def write_table(export: Export, table: str, form: Format, file: IO[bytes]) -> Iterator[int]:
    """Write one table, yielding how many rows are written; at least once.

    Parameters
    ----------
    export : Export
        Of the catalogue.
    table : str
        Of `TABLES` or `SONG_TABLES`.
    form : {"jsonl", "parquet"}
        JSON lines, which whoever reads them need not know, or Parquet.
    file : file
        To be written from its beginning to its end; it need not be seekable.
    """
    return (_lines if form == "jsonl" else _parquet)(export, table, file)


def _lines(export: Export, table: str, file: IO[bytes]) -> Iterator[int]:
    done = 0
    write = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode
    for page in export.rows(table):
        file.write("".join(f"{write(row)}\n" for row in page).encode())
        done += len(page)
        yield done
    yield done


def _parquet(export: Export, table: str, file: IO[bytes]) -> Iterator[int]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    done, schema = 0, _schema(export, table)
    with pq.ParquetWriter(pa.PythonFile(file, mode="w"), schema, compression="zstd") as writer:
        batch: list[Record] = []
        for page in export.rows(table):
            batch += page
            if len(batch) >= _GROUP:
                writer.write_table(pa.Table.from_pylist(batch, schema))
                done, batch = done + len(batch), []
                yield done
        if batch or not done:
            writer.write_table(pa.Table.from_pylist(batch, schema))
    yield done + len(batch)


_GROUP: Final = 50_000
"""Rows of one group of a Parquet file, which is made in memory."""

_COLUMNS: Final = {
    "events": ("user", "item", "kind", "value", "time"),
    "files": ("item", "state", "path", "size", "modified", "content", "reason", "message"),
    "sounds": (
        *("item", "duration", "codec", "rate", "channels", "bitrate", "lossless"),
        "fingerprint",
    ),
    "verdicts": ("one", "other", "verdict", "time"),
    "playlists": ("name", "created", "changed", "songs"),
}


def _schema(export: Export, table: str) -> "pa.Schema":
    import pyarrow as pa

    own: tuple[str, ...] = _COLUMNS.get(table, ())
    attributes: list[str] = []
    if table == "items":
        own, attributes = ("item", "title", "year", "genres"), export.item_attributes
    elif table == "users":
        own, attributes = ("user",), export.user_attributes
    fields = [(name, _type(name)) for name in own]
    return pa.schema([*fields, *((name, pa.string()) for name in attributes)])


def _type(name: str) -> Any:
    import pyarrow as pa

    if name in _LISTS:
        return pa.list_(pa.string())
    if name in _WHOLE | _MOMENTS:
        return pa.int64()
    if name in _NUMBERS:
        return pa.float64()
    return pa.bool_() if name == "lossless" else pa.string()
