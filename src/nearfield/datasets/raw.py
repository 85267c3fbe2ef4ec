"""A table as it came, in chunks with line numbers: from a text file, Parquet or a data frame."""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any, BinaryIO, Final, TypeAlias

import polars as pl

from nearfield.datasets.checks import LINE
from nearfield.datasets.files import FileSet, opened, plain_name
from nearfield.datasets.json_lines import JsonLines, read_json_lines
from nearfield.datasets.report import ReadReport
from nearfield.datasets.text import TextFormat, TextReader
from nearfield.errors import InvalidInput

Form: TypeAlias = TextFormat | JsonLines | None
"""How a file is made; None is Parquet."""

CHUNK: Final = 1 << 20
"""Rows of Parquet and data frames that are checked at once."""


@dataclass(frozen=True, slots=True)
class Raw:
    """Named columns of any type and `LINE`; `chunks` can be walked through once."""

    file: str
    chunks: Iterator[pl.DataFrame]


def raw_file(files: FileSet, name: str, form: Form, report: ReadReport) -> Raw:
    """Return a file's rows; `form` None: it is Parquet."""
    shown = plain_name(name)
    report.count(shown)

    def chunks() -> Iterator[pl.DataFrame]:
        with opened(files, name) as stream:
            if form is None:
                yield from _numbered(_parquet(stream, shown), shown, report)
            elif isinstance(form, JsonLines):
                yield read_json_lines(stream, shown, report)
            else:
                yield from TextReader(shown, form, report).frames(stream)

    return Raw(shown, chunks())


def raw_frame(name: str, table: Any, report: ReadReport) -> Raw:
    """Return the rows of a pandas, Polars or Arrow table.

    Raises
    ------
    InvalidInput
        If it is no table, or a column mixes types.
    """
    report.count(name)
    frame = table.collect() if isinstance(table, pl.LazyFrame) else table
    if not isinstance(frame, pl.DataFrame):
        try:
            frame = pl.DataFrame(frame, nan_to_null=True)
        except Exception as error:  # pandas and Arrow raise what they like here
            raise InvalidInput(
                f"{name} is a {type(table).__module__}.{type(table).__name__} that cannot be read "
                f"({error}): wanted a pandas, Polars or Arrow table whose columns have one type."
            ) from error
    return Raw(name, _numbered(frame, name, report))


def _parquet(stream: BinaryIO, file: str) -> pl.DataFrame:
    try:
        return pl.read_parquet(BytesIO(stream.read()))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InvalidInput(
            f"{file} is no whole Parquet file ({error}). Copy or export it again."
        ) from error


def _numbered(frame: pl.DataFrame, file: str, report: ReadReport) -> Iterator[pl.DataFrame]:
    """Yield slices with `LINE`: at least one, which may be empty."""
    report.count(file).read += frame.height
    for start in range(0, max(frame.height, 1), CHUNK):
        part = frame.slice(start, CHUNK)
        yield part.with_columns(pl.int_range(start + 1, start + 1 + pl.len()).alias(LINE))
