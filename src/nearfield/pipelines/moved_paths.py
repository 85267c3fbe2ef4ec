"""Sounds that were sent in lie in the home: where it lies elsewhere, so do they."""

import json
from typing import TYPE_CHECKING, Any, Final

from nearfield.catalogue.sound_rows import path_hash

if TYPE_CHECKING:
    import pyarrow as pa

_COLUMNS: Final = {"sound_files": "path", "items": "attributes", "jobs": "options"}
"""Where a table names files: a path, or JSON with paths in it."""

_FOLDERS: Final = ("uploads", "imports")


def moved_paths(table: str, batch: "pa.RecordBatch", old: str, new: str) -> "pa.RecordBatch":
    """Return rows of a table in which files of the home `old` are files of the home `new`."""
    column = _COLUMNS.get(table)
    if column is None or old == new or column not in batch.schema.names:
        return batch
    texts: list[Any] = batch.column(column).to_pylist()
    plain = column == "path"
    changes = [_change(f"{old}/{name}/", f"{new}/{name}/", plain) for name in _FOLDERS]
    told = [_changed(text, changes, plain) for text in texts]
    if told == texts:
        return batch
    found = _with(batch, column, told)
    if "path_hash" in batch.schema.names:
        found = _with(found, "path_hash", [path_hash(text) for text in told])
    return found


def _change(old: str, new: str, plain: bool) -> tuple[str, str]:
    if plain:
        return old, new
    return tuple(json.dumps(one, ensure_ascii=False)[:-1] for one in (old, new))  # type: ignore[return-value]


def _changed(text: str, changes: list[tuple[str, str]], plain: bool) -> str:
    for old, new in changes:
        if not plain:
            text = text.replace(old, new)  # with the quote before it
        elif text.startswith(old):
            return new + text.removeprefix(old)
    return text


def _with(batch: "pa.RecordBatch", column: str, values: list[Any]) -> "pa.RecordBatch":
    import pyarrow as pa

    place = batch.schema.get_field_index(column)
    columns = list(batch.columns)
    columns[place] = pa.array(values, batch.schema.field(place).type)
    return pa.RecordBatch.from_arrays(columns, schema=batch.schema)
