"""What is known of one version in Milvus."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from nearfield.errors import Unavailable
from nearfield.vectors.aliases import Aliases
from nearfield.vectors.connection import Connection
from nearfield.vectors.names import SpaceName
from nearfield.vectors.publish import PROPERTY

_UNKNOWN: Final = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class Space:
    """The vectors of one model version in Milvus.

    Parameters
    ----------
    catalogue, recommender, version : str
        What they are of.
    collection : str
        Physical name in Milvus.
    rows, dim : int
        How many were published, and their length.
    active : bool
        Whether this version answers.
    created : datetime
        When it was published, in UTC.
    """

    catalogue: str
    recommender: str
    version: str
    collection: str
    rows: int
    dim: int
    active: bool
    created: datetime


def list_spaces(connection: Connection, aliases: Aliases) -> list[Space]:
    """Describe every version that answers or did before, by catalogue, recommender and version."""
    names = aliases.collections()
    found: list[Space] = []
    for alias in sorted({name.alias for name in names}):
        of_one = [name for name in names if name.alias == alias]
        active, before = aliases.target(alias), aliases.target(of_one[0].before)
        there = [name for name in of_one if name.collection in (active, before)]
        found += filter(None, (_describe(connection, name, active) for name in there))
    return found


def _describe(connection: Connection, name: SpaceName, active: str | None) -> Space | None:
    """Describe a version; None where another process dropped it meanwhile."""
    try:
        return describe(connection, name, active=name.collection == active)
    except Unavailable:
        if connection.call("has_collection", name.collection):
            raise
        return None


def describe(connection: Connection, name: SpaceName, active: bool) -> Space:
    """Ask Milvus for a version."""
    found: dict[str, Any] = connection.call("describe_collection", name.collection)
    notes = json.loads(found.get("properties", {}).get(PROPERTY, "{}"))
    return Space(
        catalogue=name.catalogue,
        recommender=name.recommender,
        version=name.version,
        collection=name.collection,
        rows=int(notes.get("rows", -1)),
        dim=next(int(f["params"]["dim"]) for f in found["fields"] if "dim" in f["params"]),
        active=active,
        created=datetime.fromisoformat(notes["created"]) if "created" in notes else _UNKNOWN,
    )


def name_of(space: Space) -> SpaceName:
    """Return the name of a version."""
    return SpaceName(space.catalogue, space.recommender, space.version)
