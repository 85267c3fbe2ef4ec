"""A living home at one moment, read while it answers and while events come in."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np

from nearfield.errors import InUse
from nearfield.pipelines.models import DRAFT
from nearfield.pipelines.moment import FOLDERS, REPORTS, SpaceCopy
from nearfield.pipelines.names import PARTS
from nearfield.pipelines.song_space import songs_of_parts
from nearfield.pipelines.stores import Stores
from nearfield.types import Ids, Vectors
from nearfield.vectors.spaces import Space

if TYPE_CHECKING:
    import pyarrow as pa

    from nearfield.catalogue.dump import Dump

_UNFINISHED = (".partial", ".lock", ".tmp", DRAFT)


class MomentOfHome:
    """What a home holds; tables are of one moment, and spaces hold no item that is not in them.

    Parameters
    ----------
    stores : Stores
        The home.
    dump : Dump
        Its tables; not asked any more after `read_items`, but for tables.
    """

    is_lasting = False
    """Spaces may change between two readings, and Milvus takes its time for each."""

    def __init__(self, stores: Stores, dump: "Dump") -> None:
        self._stores = stores
        self._dump = dump
        self.home = str(stores.home)
        self.schema: str = dump.schema
        self.catalogues: Mapping[str, str] = dump.catalogues
        self._items: dict[str, Ids] = {}

    @property
    def id(self) -> str:
        """Known by its catalogues: a second copying of the same home has the same."""
        told = "\n".join(sorted(self.catalogues.values()))
        return hashlib.sha256(told.encode()).hexdigest()

    def tables(self) -> Mapping[str, int]:
        """Return how many rows each table has, in an order in which they can be put back."""
        return self._dump.tables()

    def schema_of(self, table: str) -> "pa.Schema":
        """Return the columns of a table."""
        return self._dump.schema_of(table)

    def rows(self, table: str) -> Iterator["pa.RecordBatch"]:
        """Yield the rows of a table."""
        return self._dump.rows(table)

    def next_keys(self) -> Mapping[str, int]:
        """Return the key that each table gives out next, where it never gives one twice."""
        return self._dump.next_keys()

    def read_items(self) -> None:
        """Read which items there are, with which the rows of spaces are compared."""
        self._items = {name: self._dump.items(name) for name in self.catalogues}

    def spaces(self) -> Sequence[SpaceCopy]:
        """Return the versions that answer, and those that did before."""
        return [self._copy(space) for space in self._found()]

    def vectors(self, space: SpaceCopy) -> Iterator[tuple[Ids, Vectors]]:
        """Yield the rows of a version whose items are in the tables, by rising id.

        Raises
        ------
        InUse
            If rows came or went meanwhile: what was read may be of no moment.
        Unavailable
            If the version was dropped meanwhile.
        """
        found = next((one for one in self._found() if self._is(one, space)), None)
        if found is None:
            raise InUse(f"version {space.version} of {space.recommender} was dropped meanwhile.")
        read = 0
        for ids, vectors in self._stores.spaces.scan(found):
            read += len(ids)
            known = self._known(space, ids)
            yield ids[known], vectors[known]
        if read != self._stores.spaces.count(found):
            raise InUse(f"{space.recommender} of '{space.catalogue}' changed while it was read.")

    def files(self) -> Mapping[str, int]:
        """Return the bytes of each file: whole models, sounds that were sent in, maps, reports."""
        found: dict[str, int] = {}
        for name in self.catalogues:
            folders = [one.folder for one in self._stores.models.list(name)]
            folders += [self._stores.home / folder / name for folder in FOLDERS[1:]]
            files = [file for folder in folders for file in sorted(folder.rglob("*"))]
            files.append(self._stores.home / REPORTS / f"{name}.json")
            for file in files:
                if file.is_file() and not file.name.endswith(_UNFINISHED):
                    found[file.relative_to(self._stores.home).as_posix()] = file.stat().st_size
        return found

    def open_file(self, place: str) -> AbstractContextManager[IO[bytes]]:
        """Open one of them."""
        return (self._stores.home / Path(place)).open("rb")

    def _found(self) -> list[Space]:
        return [one for one in self._stores.spaces.list() if one.catalogue in self.catalogues]

    def _copy(self, space: Space) -> SpaceCopy:
        rows = self._stores.spaces.count(space)
        named = (space.catalogue, space.recommender, space.version)
        return SpaceCopy(*named, active=space.active, rows=rows, dim=space.dim)

    @staticmethod
    def _is(space: Space, copy: SpaceCopy) -> bool:
        named = (copy.catalogue, copy.recommender, copy.version)
        return (space.catalogue, space.recommender, space.version) == named

    def _known(self, space: SpaceCopy, ids: Ids) -> np.ndarray:
        """Tell of each row whether its item is in the tables."""
        keys = songs_of_parts(ids)[0] if space.recommender == PARTS else ids
        items = self._items[space.catalogue]
        if not len(items):
            return np.zeros(len(keys), dtype=bool)
        places = np.minimum(np.searchsorted(items, keys), len(items) - 1)
        known: np.ndarray = items[places] == keys
        return known
