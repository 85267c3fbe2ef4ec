"""All that a home answers from, as it was at one moment: of a living home, or in a backup."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final, Protocol

from nearfield.types import Ids, Vectors

if TYPE_CHECKING:
    import pyarrow as pa

FOLDERS: Final = ("models", "uploads", "imports", "maps")
"""Folders of a home that hold one folder for each catalogue."""

REPORTS: Final = "reports"
"""Folder of a home that holds one file for each catalogue."""


@dataclass(frozen=True, slots=True)
class SpaceCopy:
    """One version of a space.

    Parameters
    ----------
    catalogue, recommender, version : str
        What it is of.
    active : bool
        Whether it answers; else it is what answered before.
    rows, dim : int
        How many vectors, and their length.
    """

    catalogue: str
    recommender: str
    version: str
    active: bool
    rows: int
    dim: int


class Moment(Protocol):
    """What `fill` puts into an empty home."""

    @property
    def id(self) -> str:
        """What no other moment has; the same when the same is copied again."""
        ...

    @property
    def is_lasting(self) -> bool:
        """Whether `vectors` yields the same each time, and fast: nothing changes it."""
        ...

    @property
    def schema(self) -> str:
        """Version of the tables."""
        ...

    @property
    def home(self) -> str:
        """Path of the folder in which the files lay."""
        ...

    @property
    def catalogues(self) -> Mapping[str, str]:
        """Name of each catalogue to what no other has."""
        ...

    def tables(self) -> Mapping[str, int]:
        """Return how many rows each table has, in an order in which they can be put back."""
        ...

    def schema_of(self, table: str) -> "pa.Schema":
        """Return the columns of a table."""
        ...

    def rows(self, table: str) -> Iterator["pa.RecordBatch"]:
        """Yield the rows of a table."""
        ...

    def next_keys(self) -> Mapping[str, int]:
        """Return the key that each table gives out next, where it never gives one twice."""
        ...

    def spaces(self) -> Sequence[SpaceCopy]:
        """Return the versions that answer, and those that did before."""
        ...

    def vectors(self, space: SpaceCopy) -> Iterator[tuple[Ids, Vectors]]:
        """Yield the rows of a version, by rising id."""
        ...

    def files(self) -> Mapping[str, int]:
        """Return the bytes of each file, by its place in the home, with slashes."""
        ...

    def open_file(self, place: str) -> AbstractContextManager[IO[bytes]]:
        """Open one of them."""
        ...
