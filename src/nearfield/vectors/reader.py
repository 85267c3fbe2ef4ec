"""Read the versions of spaces: which one answers, what it holds, and what is searched for it."""

from typing import Final

from nearfield.errors import NotFound, VectorsAway
from nearfield.vectors.aliases import Aliases
from nearfield.vectors.changes import Counts
from nearfield.vectors.collection import load_collection
from nearfield.vectors.connection import Connection
from nearfield.vectors.milvus import MilvusIndex
from nearfield.vectors.names import SpaceName
from nearfield.vectors.opened import Answer, Key, OpenSpaces
from nearfield.vectors.space import Space, describe, list_spaces, name_of

_READS: Final = 3


class SpaceReader:
    """Reads versions of spaces, and keeps open what answers. May be used from several threads.

    Parameters
    ----------
    connection : Connection
        To a server or Milvus Lite.
    aliases : Aliases
        Of the same.
    changes : Counts
        Tells whether another process changed a space; is told what was read of one.
    """

    def __init__(self, connection: Connection, aliases: Aliases, changes: Counts) -> None:
        self._connection = connection
        self._aliases = aliases
        self._changes = changes
        self.opened = OpenSpaces(changes, self._read_active)

    def list(self) -> list[Space]:
        """Return every version that is whole, by catalogue, recommender and version."""
        return list_spaces(self._connection, self._aliases)

    def active(self, catalogue: str, recommender: str) -> Space | None:
        """Return the version that answers, None if none was published."""
        collection = self._aliases.target(SpaceName(catalogue, recommender, "-").alias)
        name = SpaceName.parse(collection or "")
        return None if name is None else self.describe(name)

    def must(self, catalogue: str, recommender: str) -> Space:
        """Return the version that answers; NotFound, with the command that publishes one."""
        space = self.active(catalogue, recommender)
        if space is None:
            there = [one.recommender for one in self.list() if one.catalogue == catalogue]
            others = f" Published is: {', '.join(sorted(set(there)))}." if there else ""
            raise NotFound(
                f"catalogue '{catalogue}' has no published {recommender} space. Run "
                f"`nearfield publish --catalogue {catalogue} --space {recommender}`.{others}"
            )
        return space

    def describe(self, name: SpaceName) -> Space:
        """Return what Milvus knows of a version that answers, or is about to."""
        return describe(self._connection, name, active=True)

    def stored(self, space: Space) -> MilvusIndex:
        """Return a version as Milvus itself holds and searches it."""
        return MilvusIndex(self._connection, space.collection, space.dim)

    def load(self, space: Space) -> MilvusIndex:
        """As `stored`, once it is in memory there, however long that takes."""
        load_collection(self._connection, space.collection)
        return self.stored(space)

    def read(self, name: SpaceName) -> Answer:
        """Read a version, to be searched: by Milvus Lite it is copied."""
        space = self.describe(name)
        load_collection(self._connection, name.collection, self._connection.options.answer_seconds)
        stored = self.stored(space)
        if not self._connection.is_lite:
            return space, stored
        return space, self.opened.copy(stored)

    def read_whole(self, key: Key) -> Answer:
        """Read the version that answers, also where another one does before it is read."""
        for attempt in range(_READS):
            space = self.must(*key)
            try:
                answer = self.read(name_of(space))
            except VectorsAway:
                is_last = attempt == _READS - 1 or self.opened.closed.is_set()
                if is_last or self.must(*key).version == space.version:
                    raise
            else:
                self._changes.saw(name_of(space).alias, space.collection)
                return answer
        raise AssertionError  # the last attempt returns or raises

    def _read_active(self, key: Key) -> Answer | None:
        """Read the version that answers; None where none does."""
        return None if self.active(*key) is None else self.read_whole(key)
