"""Put the vectors of a model version into Milvus so that readers never see half of them."""

import json
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

import numpy as np

from nearfield.errors import CheckFailed, Unavailable
from nearfield.rising import rising, without
from nearfield.types import Hits, Ids, Vectors
from nearfield.vectors.aliases import Aliases
from nearfield.vectors.collection import (
    await_index,
    begin_index,
    create_collection,
    load_collection,
    make_collection,
)
from nearfield.vectors.connection import Connection
from nearfield.vectors.milvus import MilvusIndex
from nearfield.vectors.names import SpaceName
from nearfield.vectors.rows import Rows

PROPERTY: Final = "nearfield"
"""The property of a collection that holds what its name does not say, as JSON."""

LEAST_RECALL: Final = 0.98
"""Share of the ten nearest that a search must find, over a sample."""

_K: Final = 10
_SCORE_ERROR: Final = 1e-4  # between the sums of Milvus and ours
_LEAST_BATCH: Final = 20_000  # rows of a server, which takes large ones as fast
_UNFLUSHED: Final = 100_000
"""Rows that Milvus Lite is given between two flushes: it takes 3 KB for each until then, and a
segment of so many is never written again to be merged with others."""

_SWAPS: Final = 5
_SWAP_PAUSE: Final = 0.2  # seconds

Step = Literal["fill", "index", "load", "check", "swap", "canary", "done"]


@dataclass(frozen=True, slots=True)
class PublishProgress:
    """How far a publish has come.

    Parameters
    ----------
    step : {"fill", "index", "load", "check", "swap", "canary", "done"}
        What is being done; "index" and "load" on a server only. Short are all but these two and
        "fill".
    done, total : int
        Rows.
    """

    step: Step
    done: int
    total: int


class Publication:
    """Fill, check, swap and try one version. Whatever stops it, the old version answers.

    Parameters
    ----------
    connection : Connection
        To a server or Milvus Lite.
    name : SpaceName
        What is published.
    rows : Rows
        What it holds. They are read again for each step that wants them, and never kept.
    """

    def __init__(self, connection: Connection, name: SpaceName, rows: Rows) -> None:
        self._connection = connection
        self._aliases = Aliases(connection)
        self._name = name
        self._rows = rows
        self._index = MilvusIndex(connection, name.collection, rows.dim)
        self._sample = rows.sample()
        self._unflushed = 0

    def prepare(self, batch: int) -> Iterator[PublishProgress]:
        """Fill the collection and check it; an old one of that name is kept if it is whole."""
        total = len(self._rows)
        answering = self._aliases.target(self._name.alias) == self._name.collection
        if self._connection.call("has_collection", self._name.collection):
            if (yield from self._is_whole()):
                yield PublishProgress("check", total, total)
                return
            if not answering:  # half filled when it was killed
                self._connection.call("drop_collection", self._name.collection)
        if answering or self._connection.is_lite:
            yield from self._mend(answering, batch)
        else:
            yield from self._build(max(batch, _LEAST_BATCH))
        yield PublishProgress("check", 0, total)
        fault = yield from self._fault()
        if fault is not None:
            raise CheckFailed(
                f"{fault}. The version that answered before still does. Publish again; if it "
                f"fails twice, run `nearfield doctor`."
            )
        yield PublishProgress("check", total, total)

    def swap(self) -> None:
        """Make this version answer, and see that it does.

        Raises
        ------
        CheckFailed
            If the alias still leads elsewhere after several attempts.
        """
        before = self._aliases.target(self._name.alias)
        if before is not None and before != self._name.collection:
            self._aliases.point(self._name.before, before)
        try:
            move_alias(self._connection, self._name, self._probe())
        except CheckFailed:
            if before is not None:
                self._aliases.point(self._name.alias, before)
            raise

    def sweep(self) -> None:
        """Drop the collections of this catalogue and recommender that no alias points to."""
        keep = {self._name.collection}
        keep |= {self._aliases.target(a) or "" for a in (self._name.alias, self._name.before)}
        for name in self._aliases.collections():
            if name.alias == self._name.alias and name.collection not in keep:
                self._connection.call("drop_collection", name.collection)

    def _is_whole(self) -> Generator[PublishProgress, None, bool]:
        """Tell whether a collection that is there holds what it should, and answers."""
        try:
            load_collection(self._connection, self._name.collection)
        except Unavailable:  # it was never indexed; else the next call says that Milvus is away
            return False
        return (yield from self._fault()) is None

    def _mend(self, answering: bool, batch: int) -> Iterator[PublishProgress]:
        """Write all rows over those that are there, if any."""
        if not answering:
            create_collection(*self._new())
        yield from self._fill(self._upsert, batch)
        if answering:
            self._remove_strangers()
        self._connection.call("flush", self._name.collection)

    def _upsert(self, ids: Ids, vectors: Vectors) -> None:
        self._index.upsert(ids, vectors)
        self._unflushed += len(ids)
        if self._connection.is_lite and self._unflushed >= _UNFLUSHED:
            self._connection.call("flush", self._name.collection)
            self._unflushed = 0

    def _build(self, batch: int) -> Iterator[PublishProgress]:
        """Fill a new collection of a server, then index it: once, and what it is searched by."""
        total, name = len(self._rows), self._name.collection
        make_collection(*self._new())
        yield from self._fill(self._index.insert, batch)
        yield PublishProgress("index", 0, total)
        self._connection.call("flush", name)
        begin_index(self._connection, name, total)
        for rows in await_index(self._connection, name):
            yield PublishProgress("index", min(rows, total), total)
        yield PublishProgress("load", 0, total)
        load_collection(self._connection, name)

    def _new(self) -> tuple[Connection, str, int, dict[str, str]]:
        created = datetime.now(UTC).isoformat(timespec="seconds")
        notes = json.dumps({"rows": len(self._rows), "created": created})
        return self._connection, self._name.collection, self._index.dim, {PROPERTY: notes}

    def _fill(self, put: Callable[[Ids, Vectors], None], batch: int) -> Iterator[PublishProgress]:
        total, done = len(self._rows), 0
        for ids, vectors in self._rows.parts():
            for start in range(0, len(ids), batch):
                yield PublishProgress("fill", done + start, total)
                put(ids[start : start + batch], vectors[start : start + batch])
            done += len(ids)
        yield PublishProgress("fill", total, total)

    def _remove_strangers(self) -> None:
        """Delete rows that this version does not have, from a collection mended in place."""
        held = np.concatenate([ids for ids, _ in self._index.scan()])
        sent = np.concatenate([ids for ids, _ in self._rows.parts()])
        self._index.delete(without(rising(held), rising(sent)))

    def _fault(self) -> Generator[PublishProgress, None, str | None]:
        """Return what is wrong with the collection, None if it is whole."""
        rows, (ids, queries) = len(self._index), self._sample
        if rows != len(self._rows):
            return (
                f"collection {self._name.collection} holds {rows} rows, but {len(self._rows)} "
                f"were sent"
            )
        held = self._index.search(queries, _K)
        distinct = [len(np.unique(row[row >= 0])) == (row >= 0).sum() for row in held.ids]
        if not all(distinct):
            return f"collection {self._name.collection} returns rows twice"
        if not np.allclose(self._index.get(ids), queries, atol=_SCORE_ERROR):
            return f"collection {self._name.collection} holds other vectors than were sent"
        recall = yield from self._recall(held)
        if recall < LEAST_RECALL:
            return (
                f"searches of collection {self._name.collection} find {recall:.1%} of the "
                f"{_K} nearest, at least {LEAST_RECALL:.0%} are wanted"
            )
        return None

    def _recall(self, hits: Hits) -> Generator[PublishProgress, None, float]:
        """Compare with exact search by score: which of several equal rows is found is no fault."""
        queries, done = self._sample[1], 0
        wanted = np.empty((len(queries), 0), dtype=np.float32)
        for ids, vectors in self._rows.parts():
            found = np.concatenate([wanted, queries @ vectors.T], axis=1)
            wanted = -np.partition(-found, min(_K, found.shape[1]) - 1, axis=1)[:, :_K]
            done += len(ids)
            if done < len(self._rows):
                yield PublishProgress("check", done, len(self._rows))
        last_place = wanted.min(axis=1, keepdims=True) - _SCORE_ERROR
        return float((hits.scores[:, : wanted.shape[1]] >= last_place).mean())

    def _probe(self) -> "Probe":
        queries = self._sample[1][:_K]
        return Probe(queries, self._index.search(queries, 1))


@dataclass(frozen=True, slots=True)
class Probe:
    """Queries whose answers tell one version from another.

    Parameters
    ----------
    queries : float32, shape (queries, dim)
        Some vectors of the version.
    wanted : Hits, shape (queries, 1)
        What its collection answers, asked by its own name.
    """

    queries: np.ndarray
    wanted: Hits

    @classmethod
    def of(cls, index: MilvusIndex) -> "Probe":
        """Take the first rows of a collection."""
        _, vectors = next(index.scan())
        return cls(vectors[:_K], index.search(vectors[:_K], 1))

    def agrees(self, connection: Connection, alias: str) -> bool:
        """Tell whether an alias answers as the collection does."""
        try:
            found = MilvusIndex(connection, alias, self.queries.shape[1]).search(self.queries, 1)
        except Unavailable:  # the alias leads to another dimension still
            return False
        close = np.abs(found.scores - self.wanted.scores) <= _SCORE_ERROR
        return bool(close.all() and (found.ids == self.wanted.ids).all())


def move_alias(connection: Connection, name: SpaceName, probe: Probe) -> None:
    """Point the alias at a collection and search through it until that is what answers.

    Milvus 2.3 at times keeps serving the old collection until the alias is set once more.
    """
    aliases = Aliases(connection)
    for _ in range(_SWAPS):
        aliases.point(name.alias, name.collection)
        if probe.agrees(connection, name.alias):
            return
        time.sleep(_SWAP_PAUSE)
    raise CheckFailed(
        f"alias {name.alias} does not lead to {name.collection} after {_SWAPS} attempts. Publish "
        f"again; if it fails twice, restart the Milvus server."
    )
