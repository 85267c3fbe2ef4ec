"""The published spaces of one home: which collection answers for which recommender."""

import json
import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final

import numpy as np

from nearfield.errors import InUse, InvalidInput, NotFound
from nearfield.types import Ids, Vectors, no_ids
from nearfield.vectors.aliases import Aliases
from nearfield.vectors.connection import Connection
from nearfield.vectors.embeddings import Embeddings
from nearfield.vectors.index import VectorIndex
from nearfield.vectors.milvus import MilvusIndex
from nearfield.vectors.mirror import MirrorIndex
from nearfield.vectors.names import SpaceName
from nearfield.vectors.publish import PROPERTY, Probe, Publication, PublishProgress, move_alias

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


class Spaces:
    """Publishes, opens, rolls back and drops spaces.

    With Milvus Lite, searches are answered by a `MirrorIndex` of the active version, read once
    and replaced as a whole when this process publishes; with a server, by Milvus itself.
    All methods may be called from several threads.

    Parameters
    ----------
    uri : str
        ``http(s)://host:port`` of a server, or the path of a Lite folder ending in ``.db``.
    token : str, optional
        ``user:password`` or API key of the server.
    served : bool
        As of `Connection`.

    Raises
    ------
    InUse
        If another process owns the Lite folder, and serves it to nobody.
    Unavailable
        If the server cannot be reached.
    """

    def __init__(self, uri: str, token: str | None = None, served: bool = False) -> None:
        self._connection = Connection(uri, token, served)
        self._aliases = Aliases(self._connection)
        self._opened: dict[tuple[str, str], tuple[Space, VectorIndex]] = {}
        self._moving = threading.RLock()  # held while what answers changes, or is first read
        self._publishing = threading.Lock()
        if self._connection.owns:
            for name in self._aliases.collections():
                # A kill between two steps of a flush leaves every row twice until the next one.
                self._connection.call("flush", name.collection)

    def __enter__(self) -> "Spaces":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; with Milvus Lite, another process may open the folder then."""
        with self._moving:
            for _, index in self._opened.values():
                if isinstance(index, MirrorIndex):
                    index.close()
            self._opened.clear()
            self._connection.close()

    def publish(
        self,
        catalogue: str,
        recommender: str,
        version: str,
        embeddings: Embeddings,
        batch: int = 1000,
    ) -> Generator[PublishProgress, None, None]:
        """Make `embeddings` what answers; nothing happens unless the iterator is used up.

        Raises
        ------
        CheckFailed
            If Milvus does not hold what was sent; the old version still answers.
        InUse
            If this object is publishing already.
        """
        name = SpaceName(catalogue, recommender, version)
        total = len(embeddings.ids)
        if not total:
            raise InvalidInput(f"{name.collection} would have no rows. Import items, then train.")
        if not self._publishing.acquire(blocking=False):
            raise InUse(f"a publish is running already. Wait for it before '{version}'.")
        try:
            publication = Publication(self._connection, name, embeddings)
            publication.sweep()
            yield from publication.prepare(batch)
            yield PublishProgress("swap", 0, total)
            with self._moving:
                publication.swap()
                self._replace(name, embeddings)
            yield PublishProgress("canary", total, total)
            publication.sweep()
            yield PublishProgress("done", total, total)
        finally:
            self._publishing.release()

    def upsert(self, space: Space, ids: Ids, vectors: Vectors) -> None:
        """Add rows to what answers, or replace them; `vectors` are of the model of `space`.

        Raises
        ------
        InUse
            If another version answers by now, or one is being published.
        """
        self._change(space, lambda index: index.upsert(ids, vectors))

    def delete(self, space: Space, ids: Ids) -> None:
        """Remove rows of what answers; ids that are not there are ignored. Errors as `upsert`."""
        self._change(space, lambda index: index.delete(ids))

    def held(self, space: Space) -> Ids:
        """Return the ids that a version holds, rising; the whole of it is read."""
        found = [ids for ids, _ in self._milvus(space).scan()]
        return np.sort(np.concatenate(found)) if found else no_ids()

    def count(self, space: Space) -> int:
        """Return how many rows a version holds."""
        return len(self._milvus(space))

    def _change(self, space: Space, change: Callable[[VectorIndex], None]) -> None:
        """Change what Milvus holds, and the mirror where there is one already."""
        if not self._publishing.acquire(blocking=False):
            raise InUse("a publish is running. Wait for it, then refresh.")
        try:
            with self._moving:
                now = self._must(space.catalogue, space.recommender)
                if now.version != space.version:
                    raise InUse(f"version '{now.version}' answers by now. Refresh again.")
                change(self._milvus(now))
                self._connection.call("flush", now.collection)
                opened = self._opened.get((space.catalogue, space.recommender))
                if opened is not None and isinstance(opened[1], MirrorIndex):
                    change(opened[1])
        finally:
            self._publishing.release()

    def rollback(self, catalogue: str, recommender: str) -> Space:
        """Let the version answer again that did before; a second call goes forward again.

        Raises
        ------
        NotFound
            If there is none.
        """
        with self._moving:
            active = self._must(catalogue, recommender)
            before = self._aliases.target(_name_of(active).before)
            name = SpaceName.parse(before or "")
            if name is None or before == active.collection:
                raise NotFound(
                    f"catalogue '{catalogue}' has no {recommender} version before "
                    f"{active.version}. The last two that were published are kept."
                )
            space, index = self._read(name)
            move_alias(self._connection, name, Probe.of(self._milvus(space)))
            self._aliases.point(name.before, active.collection)
            self._opened[catalogue, recommender] = (space, index)
            return space

    def list(self) -> list[Space]:
        """Return every version that is whole, by catalogue, recommender and version."""
        names = self._aliases.collections()
        found: list[Space] = []
        for alias in sorted({name.alias for name in names}):
            of_one = [name for name in names if name.alias == alias]
            active = self._aliases.target(alias)
            before = self._aliases.target(of_one[0].before)
            found += [
                self._describe(name, active=name.collection == active)
                for name in of_one
                if name.collection in (active, before)
            ]
        return found

    def active(self, catalogue: str, recommender: str) -> Space | None:
        """Return the version that answers, None if none was published."""
        collection = self._aliases.target(SpaceName(catalogue, recommender, "-").alias)
        name = SpaceName.parse(collection or "")
        return None if name is None else self._describe(name, active=True)

    def open(self, catalogue: str, recommender: str) -> tuple[Space, VectorIndex]:
        """Return the version that answers, to be searched.

        Raises
        ------
        NotFound
            If none was published, with the command that does.
        """
        key = catalogue, recommender
        opened = self._opened.get(key)
        if opened is not None and self._is_current(opened[0]):
            return opened
        with self._moving:
            opened = self._opened.get(key)
            if opened is None or not self._is_current(opened[0]):
                space = self._must(catalogue, recommender)
                opened = self._opened[key] = self._read(_name_of(space))
            return opened

    def opened(self) -> tuple[tuple[Space, VectorIndex], ...]:
        """Return the versions that this object has open, and what answers for them."""
        return tuple(self._opened.values())

    def drop(self, catalogue: str, recommender: str | None = None) -> None:
        """Remove all versions of a catalogue, or those of one of its recommenders."""
        with self._moving:
            for name in self._aliases.collections():
                if name.catalogue == catalogue and recommender in (None, name.recommender):
                    self._opened.pop((catalogue, name.recommender), None)
                    self._aliases.remove(name.alias)
                    self._aliases.remove(name.before)
                    self._connection.call("drop_collection", name.collection)

    def _is_current(self, space: Space) -> bool:
        """Tell whether a space still answers: on Lite, nobody but this object can change that."""
        if self._connection.is_lite:
            return True
        return self._aliases.target(_name_of(space).alias) == space.collection

    def _replace(self, name: SpaceName, embeddings: Embeddings) -> None:
        """Let what was just published answer, from the rows that were checked against Milvus."""
        space = self._describe(name, active=True)
        index: VectorIndex = self._milvus(space)
        if self._connection.is_lite:
            index = MirrorIndex(space.dim)
            index.upsert(embeddings.ids, embeddings.vectors)
        self._opened[name.catalogue, name.recommender] = (space, index)

    def _read(self, name: SpaceName) -> tuple[Space, VectorIndex]:
        space = self._describe(name, active=True)
        self._connection.call("load_collection", name.collection)
        stored = self._milvus(space)
        if not self._connection.is_lite:
            return space, stored
        parts = list(stored.scan())
        mirror = MirrorIndex(space.dim)
        if parts:
            ids, vectors = zip(*parts, strict=True)
            mirror.upsert(np.concatenate(ids), np.concatenate(vectors))
        return space, mirror

    def _must(self, catalogue: str, recommender: str) -> Space:
        space = self.active(catalogue, recommender)
        if space is None:
            there = [one.recommender for one in self.list() if one.catalogue == catalogue]
            others = f" Published is: {', '.join(sorted(set(there)))}." if there else ""
            raise NotFound(
                f"catalogue '{catalogue}' has no published {recommender} space. Run "
                f"`nearfield publish --catalogue {catalogue} --space {recommender}`.{others}"
            )
        return space

    def _milvus(self, space: Space) -> MilvusIndex:
        return MilvusIndex(self._connection, space.collection, space.dim)

    def _describe(self, name: SpaceName, active: bool) -> Space:
        found: dict[str, Any] = self._connection.call("describe_collection", name.collection)
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


def _name_of(space: Space) -> SpaceName:
    return SpaceName(space.catalogue, space.recommender, space.version)
