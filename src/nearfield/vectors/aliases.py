"""Collections and aliases of Milvus, read and moved the same way on Lite and on any server."""

from nearfield.vectors.connection import Connection
from nearfield.vectors.names import SpaceName


class Aliases:
    """Which collections there are, and which of them answer.

    Parameters
    ----------
    connection : Connection
        To a server or Milvus Lite.
    """

    def __init__(self, connection: Connection) -> None:
        self._call = connection.call

    def collections(self) -> list[SpaceName]:
        """Return the names of all spaces, also of those that do not answer, in rising order."""
        parsed = map(SpaceName.parse, sorted(self._call("list_collections")))
        return [name for name in parsed if name is not None]

    def target(self, alias: str) -> str | None:
        """Return the collection that an alias points to, None if there is no such alias."""
        if not self._call("has_collection", alias):  # which follows aliases
            return None
        # servers before 2.4 have no call to describe an alias
        found: str = self._call("describe_collection", alias)["collection_name"]
        return found

    def point(self, alias: str, collection: str) -> None:
        """Make an alias, or move it."""
        if self.target(alias) is None:
            self._call("create_alias", collection, alias)
        else:
            self._call("alter_alias", collection, alias)

    def remove(self, alias: str) -> None:
        """Remove an alias; nothing happens if there is none."""
        if self.target(alias) is not None:
            self._call("drop_alias", alias)
