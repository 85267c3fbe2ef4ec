"""The nodes of one side of a graph: the owner's ids, and the rows they became."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from nearfield.errors import InvalidInput

NodeIds: TypeAlias = NDArray[np.int64] | NDArray[np.str_]
"""Ids of nodes, shape (nodes,): whole numbers, or text."""

SomeIds: TypeAlias = NDArray[np.generic] | pl.Series | Sequence[int] | Sequence[str]
"""Ids as a caller may give them."""

_MOST_NODES: Final = 2**31 - 1
_CHUNK: Final = 1 << 20
"""Ids looked up at once: what a lookup needs beside its answer stays small."""


@dataclass(frozen=True)
class Nodes:
    """Nodes of one type, in the order of their rows.

    Parameters
    ----------
    name : str
        What they are: "users", "items", ...
    ids : int64 or str, shape (nodes,)
        Distinct; node r of the graph's arrays has ids[r].
    """

    name: str
    ids: NodeIds

    @classmethod
    def of(cls, name: str, ids: SomeIds) -> "Nodes":
        """Check ids and keep their order.

        Raises
        ------
        InvalidInput
            If ids are neither whole numbers nor text, missing, or given twice.
        """
        series = _series(name, ids)
        if len(series) > _MOST_NODES:
            raise InvalidInput(f"{len(series)} {name} are too many: at most {_MOST_NODES} fit.")
        if series.n_unique() < len(series):
            twice = series.filter(series.is_duplicated())[0]
            raise InvalidInput(
                f"{name} has the id {twice!r} {int((series == twice).sum())} times. Give each "
                "id once; repeated edges are what add_binary_relations merges."
            )
        return cls(name, _array(series))

    def __len__(self) -> int:
        return len(self.ids)

    def rows(self, ids: SomeIds) -> NDArray[np.int32]:
        """Return the row of each id.

        Raises
        ------
        InvalidInput
            If an id is not one of these nodes.
        """
        series = _series(self.name, ids)
        text = series.dtype == pl.String
        if len(series) and text != (self.ids.dtype.kind == "U"):
            raise InvalidInput(
                f"the ids of {self.name} are {_kind(not text)}, but the relations name them by "
                f"{_kind(text)} such as {series[0]!r}. Give ids of one kind in both places."
            )
        rows = self._text_rows(series) if text else self.find(series.to_numpy())
        unknown = np.flatnonzero(rows < 0)
        if len(unknown):
            shown = ", ".join(repr(series[int(row)]) for row in unknown[:3])
            raise InvalidInput(
                f"{len(unknown)} of {len(series)} relations name {self.name} that do not exist: "
                f"{shown}. Add them with add_entities, or leave these relations out."
            )
        return rows

    def _text_rows(self, asked: pl.Series) -> NDArray[np.int32]:
        codes = asked.cast(pl.Enum(pl.Series(self.ids)), strict=False).to_physical()
        return codes.cast(pl.Int32).fill_null(-1).to_numpy()

    def find(self, asked: NDArray[np.int64]) -> NDArray[np.int32]:
        """Return the row of each number; -1 for one that is not an id. Ids are numbers."""
        rows = np.empty(len(asked), dtype=np.int32)
        for start in range(0, len(asked), _CHUNK):
            part = asked[start : start + _CHUNK]
            rows[start : start + _CHUNK] = self._lookup(part)
        return rows

    def _lookup(self, asked: NDArray[np.int64]) -> NDArray[np.int32]:
        low, table = self._table
        if len(table):
            inside = (asked >= low) & (asked < low + len(table))
            return np.where(inside, table[np.where(inside, asked - low, 0)], np.int32(-1))
        ids, order = self._ordered
        if not len(ids):
            return np.full(len(asked), -1, dtype=np.int32)
        places = np.minimum(np.searchsorted(ids, asked), len(ids) - 1)
        return np.where(ids[places] == asked, order[places], np.int32(-1))

    @cached_property
    def _table(self) -> tuple[int, NDArray[np.int32]]:
        """The row of each number from the smallest id to the largest; empty if that is wasteful."""
        if not len(self.ids):
            return 0, np.empty(0, dtype=np.int32)
        low, high = int(self.ids.min()), int(self.ids.max())
        if high - low > 8 * len(self.ids) + _CHUNK:
            return low, np.empty(0, dtype=np.int32)
        table = np.full(high - low + 1, -1, dtype=np.int32)
        table[self.ids.astype(np.int64) - low] = np.arange(len(self.ids), dtype=np.int32)
        return low, table

    @cached_property
    def _ordered(self) -> tuple[NodeIds, NDArray[np.int32]]:
        order = np.argsort(self.ids, kind="stable").astype(np.int32)
        return self.ids[order], order


def _kind(text: bool) -> str:
    return "text" if text else "whole numbers"


def _series(name: str, ids: SomeIds) -> pl.Series:
    """Return ids as a column of Int64 or String; no copy where they are one already."""
    try:
        series = ids if isinstance(ids, pl.Series) else pl.Series(ids)
    except (TypeError, ValueError, pl.exceptions.PolarsError) as error:
        raise InvalidInput(
            f"the ids of {name} are of several kinds ({error}). Give all as whole numbers, or all "
            "as text."
        ) from error
    if series.null_count():
        raise InvalidInput(
            f"{series.null_count()} of {len(series)} ids of {name} are missing. Leave those rows "
            "out, or give each an id."
        )
    if series.dtype.is_integer() or not len(series):
        try:
            return series.cast(pl.Int64)
        except pl.exceptions.PolarsError as error:
            raise InvalidInput(
                f"ids of {name} exceed 2^63 - 1 ({error}). Give them as text."
            ) from error
    if series.dtype == pl.String or isinstance(series.dtype, pl.Categorical | pl.Enum):
        return series.cast(pl.String)
    raise InvalidInput(
        f"the ids of {name} are of type {series.dtype}, e.g. {series[0]!r}. Give whole numbers or "
        "text."
    )


def _array(series: pl.Series) -> NodeIds:
    if series.dtype == pl.String:
        return np.asarray(series.to_list(), dtype=np.str_)
    return series.to_numpy()
