"""The published spaces of one home: which collection answers for which recommender."""

import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import numpy as np

from nearfield.errors import InUse, InvalidInput, NotFound
from nearfield.health import Health
from nearfield.types import Ids, Vectors, no_ids
from nearfield.vectors.aliases import Aliases
from nearfield.vectors.changes import Changes, Counts, Right
from nearfield.vectors.connection import Connection
from nearfield.vectors.embeddings import Embeddings
from nearfield.vectors.index import VectorIndex
from nearfield.vectors.mirror import MirrorIndex
from nearfield.vectors.names import SpaceName
from nearfield.vectors.opened import Answer
from nearfield.vectors.options import MilvusOptions
from nearfield.vectors.publish import Probe, Publication, PublishProgress, move_alias
from nearfield.vectors.reader import SpaceReader
from nearfield.vectors.rows import HeldRows, Rows
from nearfield.vectors.space import Space, name_of
from nearfield.vectors.watch import Watch

__all__ = ["Space", "Spaces"]


class Spaces:
    """Publishes, opens, rolls back and drops spaces.

    With Milvus Lite, searches are answered by a `MirrorIndex` of the active version, read once,
    replaced as a whole when this process publishes, and read anew in the background when another
    one changed it; with a server, by Milvus itself, which is asked in the background, once a second
    at most, which version answers.
    All methods may be called from several threads.

    Parameters
    ----------
    uri : str
        ``http(s)://host:port`` of a server, or the path of a Lite folder ending in ``.db``.
    token : str, optional
        ``user:password`` or API key of the server.
    served, options
        As of `Connection`.

    Raises
    ------
    InUse
        If another process owns the Lite folder, and serves it to nobody.
    VectorsAway
        If Milvus Lite does not start. A server is first called when something is asked of it.
    """

    def __init__(
        self,
        uri: str,
        token: str | None = None,
        served: bool = False,
        options: MilvusOptions | None = None,
    ) -> None:
        self._connection = Connection(uri, token, served, options)
        self._aliases = Aliases(self._connection)
        self._changes: Counts = (
            Changes(Path(f"{uri}.changes"))
            if self._connection.is_lite
            else Watch(self._aliases.target)
        )
        self._reader = SpaceReader(self._connection, self._aliases, self._changes)
        self._opened = self._reader.opened
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
        self._opened.close()
        with self._moving:
            self._connection.close()

    def health(self) -> Health:
        """Return whether Milvus answered lately; nothing is asked for it."""
        return self._connection.health()

    def ping(self) -> None:
        """Ask for as little as there is; VectorsAway where Milvus does not answer."""
        self._connection.call("list_collections")

    def publish(
        self,
        catalogue: str,
        recommender: str,
        version: str,
        rows: Embeddings | Rows,
        batch: int = 1000,
    ) -> Generator[PublishProgress, None, None]:
        """Make `rows` what answers; nothing happens unless the iterator is used up.

        Raises
        ------
        CheckFailed
            If Milvus does not hold what was sent; the old version still answers.
        InUse
            If this object is publishing already, or another process changes the same space.
        """
        name = SpaceName(catalogue, recommender, version)
        sent = HeldRows(rows) if isinstance(rows, Embeddings) else rows
        total = len(sent)
        if not total:
            raise InvalidInput(f"{name.collection} would have no rows. Import items, then train.")
        with self._alone(name, f"Wait for it before '{version}'.") as change:
            publication = Publication(self._connection, name, sent)
            publication.sweep()
            yield from publication.prepare(batch)
            yield PublishProgress("swap", 0, total)
            with self._moving, change.marked() as (_, after):
                publication.swap()
                self._replace(name, sent, after)
            yield PublishProgress("canary", total, total)
            publication.sweep()
            yield PublishProgress("done", total, total)

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
        found = [ids for ids, _ in self._reader.stored(space).scan()]
        return np.sort(np.concatenate(found)) if found else no_ids()

    def scan(self, space: Space) -> Iterator[tuple[Ids, Vectors]]:
        """Yield all rows of a version, answering or not, in batches, by rising id."""
        yield from self._reader.load(space).scan()

    def count(self, space: Space) -> int:
        """Return how many rows a version holds."""
        return len(self._reader.stored(space))

    def _change(self, space: Space, change: Callable[[VectorIndex], None]) -> None:
        """Change what Milvus holds, and the mirror where there is one already."""
        key = space.catalogue, space.recommender
        with self._alone(name_of(space), "Wait for it, then refresh.") as right, self._moving:
            now = self._reader.must(*key)
            if now.version != space.version:
                raise InUse(f"version '{now.version}' answers by now. Refresh again.")
            with right.marked() as (before, after):
                change(self._reader.stored(now))
                self._connection.call("flush", now.collection)
                opened = self._opened.get(key)
                if opened is None:
                    return
                if isinstance(opened.answer[1], MirrorIndex):
                    change(opened.answer[1])
                if opened.count == before:  # nobody else changed it unseen
                    self._opened.put(key, opened.answer, after)

    @contextmanager
    def _alone(self, name: SpaceName, remedy: str) -> Iterator[Right]:
        """Hold the right to change a space, in this process and among all."""
        if not self._publishing.acquire(blocking=False):
            raise InUse(f"a publish is running already. {remedy}")
        try:
            with self._changes.changing(name.alias) as change:
                yield change
        finally:
            self._publishing.release()

    def rollback(self, catalogue: str, recommender: str) -> Space:
        """Let the version answer again that did before; a second call goes forward again.

        Raises
        ------
        NotFound
            If there is none.
        InUse
            If a publish is running.
        """
        name = SpaceName(catalogue, recommender, "-")
        with self._alone(name, "Wait for it, then roll back.") as change, self._moving:
            active = self._reader.must(catalogue, recommender)
            before = self._aliases.target(name_of(active).before)
            found = SpaceName.parse(before or "")
            if found is None or before == active.collection:
                raise NotFound(
                    f"catalogue '{catalogue}' has no {recommender} version before "
                    f"{active.version}. The last two that were published are kept."
                )
            answer = self._reader.read(found)
            with change.marked() as (_, after):
                move_alias(self._connection, found, Probe.of(self._reader.stored(answer[0])))
                self._aliases.point(found.before, active.collection)
                self._opened.put((catalogue, recommender), answer, after)
            return answer[0]

    def list(self) -> list[Space]:
        """Return every version that is whole, by catalogue, recommender and version."""
        return self._reader.list()

    def active(self, catalogue: str, recommender: str) -> Space | None:
        """Return the version that answers, None if none was published."""
        return self._reader.active(catalogue, recommender)

    def open(self, catalogue: str, recommender: str) -> tuple[Space, VectorIndex]:
        """Return the version that answers, to be searched.

        Raises
        ------
        NotFound
            If none was published, with the command that does.
        """
        key = catalogue, recommender
        opened = self._opened.get(key)
        if opened is not None:
            return opened.answer
        with self._moving:
            opened = self._opened.get(key)
            if opened is None:
                count = self._opened.count(key)
                opened = self._opened.put(key, self._reader.read_whole(key), count)
            return opened.answer

    def moves(self, catalogue: str, recommenders: Sequence[str]) -> tuple[int, ...]:
        """Return numbers that rise when one of these spaces changes; on a server, its version."""
        return tuple(self._opened.count((catalogue, one)) for one in recommenders)

    def opened(self) -> tuple[Answer, ...]:
        """Return the versions that this object has open, and what answers for them."""
        found = (self._opened.get(key) for key in self._opened)
        return tuple(one.answer for one in found if one is not None)

    def drop(self, catalogue: str, recommender: str | None = None) -> None:
        """Remove all versions of a catalogue, or those of one of its recommenders.

        Raises
        ------
        InUse
            If a publish is running.
        """
        names = [name for name in self._aliases.collections() if name.catalogue == catalogue]
        for one in sorted({name.recommender for name in names}):
            if recommender in (None, one):
                self._drop([name for name in names if name.recommender == one])

    def _drop(self, names: Sequence[SpaceName]) -> None:
        """Remove all versions of one space."""
        name = names[0]
        with self._alone(name, "Wait for it.") as change, self._moving, change.marked():
            self._opened.pop((name.catalogue, name.recommender))
            self._aliases.remove(name.alias)
            self._aliases.remove(name.before)
            for one in names:
                self._connection.call("drop_collection", one.collection)

    def _replace(self, name: SpaceName, rows: Rows, count: int) -> None:
        """Let what was just published answer, from the rows that were checked against Milvus."""
        space = self._reader.describe(name)
        index: VectorIndex = self._reader.stored(space)
        if self._connection.is_lite:
            if not isinstance(rows, HeldRows):
                self._opened.pop((name.catalogue, name.recommender))  # read when somebody asks
                return
            index = MirrorIndex(space.dim)
            index.upsert(rows.embeddings.ids, rows.embeddings.vectors)
        self._opened.put((name.catalogue, name.recommender), (space, index), count)
