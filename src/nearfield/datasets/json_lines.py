"""Reads JSON lines: one object a line, with the names of the columns in each."""

import json
from io import BytesIO
from typing import Any, BinaryIO, Final

import polars as pl

from nearfield.datasets.checks import LINE, shorten
from nearfield.datasets.report import ReadReport, Refusal
from nearfield.errors import InvalidInput

_WANTED: Final = "a JSON object whose values are texts, numbers, truths or lists of texts"


class JsonLines:
    """Says of a file that it is in JSON lines; see `TextFormat` for others."""


def read_json_lines(stream: BinaryIO, file: str, report: ReadReport) -> pl.DataFrame:
    """Return all rows, with `LINE`; lines that cannot be read are refused into the report.

    Raises
    ------
    InvalidInput
        If the file is empty.
    """
    data = stream.read().removeprefix(b"\xef\xbb\xbf")
    if not data.strip():
        raise InvalidInput(f"{file} is empty: wanted at least one row. Copy or export it again.")
    frame = None if b"\n\n" in data or data[:1] in b"\r\n" else _at_once(data)
    if frame is not None:
        report.count(file).read += frame.height
        return frame.with_columns(pl.int_range(1, 1 + pl.len()).alias(LINE))
    return _line_by_line(data, file, report)


def _at_once(data: bytes) -> pl.DataFrame | None:
    """Read what is well formed, and of one type in each column."""
    try:
        frame = pl.read_ndjson(BytesIO(data), infer_schema_length=None)
    except (pl.exceptions.PolarsError, ValueError):
        return None
    nested = any(
        isinstance(kind, pl.Struct)
        or (isinstance(kind, pl.List) and isinstance(kind.inner, pl.Struct | pl.List))
        for kind in frame.schema.values()
    )
    return None if nested or LINE in frame.columns else frame


def _line_by_line(data: bytes, file: str, report: ReadReport) -> pl.DataFrame:
    rows: list[dict[str, Any]] = []
    count, refused = 0, []
    for number, line in enumerate(data.split(b"\n"), start=1):
        if not line.strip():
            continue
        count += 1
        try:
            rows.append({**_row(json.loads(line)), LINE: number})
        except (ValueError, RecursionError):
            came = shorten(line.decode("utf-8", "replace"))
            refused.append(Refusal(file, number, came, _WANTED, "Mend or delete the line."))
    report.count(file).read += count
    if refused:
        report.refuse(file, len(refused), refused)
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {name: [row.get(name) for row in rows] for name in names}
    return pl.DataFrame({name: _column(values) for name, values in columns.items()})


def _row(given: Any) -> dict[str, Any]:
    """Return a row with text in it; ValueError where it holds what no table can."""
    if not isinstance(given, dict) or LINE in given:
        raise ValueError
    return {name: _value(value) for name, value in given.items()}


def _value(given: Any) -> str | list[str] | None:
    if isinstance(given, str):
        given.encode()  # half of a surrogate pair is no text
    if given is None or isinstance(given, str):
        return given
    if isinstance(given, bool):
        return "true" if given else "false"
    if isinstance(given, int | float):
        return json.dumps(given)
    if isinstance(given, list) and all(isinstance(one, str) for one in given):
        return given
    raise ValueError


def _column(values: list[Any]) -> pl.Series:
    if values and isinstance(values[0], int):
        return pl.Series(values, dtype=pl.Int64)  # the lines
    if any(isinstance(one, list) for one in values):
        lists = [[one] if isinstance(one, str) else one for one in values]
        return pl.Series(lists, dtype=pl.List(pl.String))
    return pl.Series(values, dtype=pl.String)
