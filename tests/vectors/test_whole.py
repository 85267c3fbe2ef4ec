"""Answers from no row at all: of a node that is not ready, and of a collection that is empty."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
from pymilvus.grpc_gen import milvus_pb2 as messages
from pymilvus.grpc_gen import schema_pb2 as schema

from nearfield.errors import Unavailable
from nearfield.vectors.engine import Engine
from nearfield.vectors.whole import LONG_PAUSES, PAUSES, Whole

ROWS = {3: [1.0, 0.0], 5: [0.0, 1.0], 8: [0.6, 0.8]}


class Cluster:
    """The wire of a Milvus whose calls reach nodes that are ready, or not, in turn.

    It understands the filters that are asked of it, as Python does.
    """

    def __init__(self, ready: Iterable[bool], rows: dict[int, list[float]] | None = None) -> None:
        self.rows = dict(ROWS) if rows is None else rows
        self.written = len(self.rows)
        self._ready = iter(ready)
        self.reads = 0

    def rpc(self, name: str, request: Any) -> Any:
        if name == "GetCollectionStatistics":
            counted = [{"key": "row_count", "value": str(self.written)}]
            return messages.GetCollectionStatisticsResponse(stats=counted)
        if name == "Delete":
            self.rows = {key: row for key, row in self.rows.items() if not _has(request.expr, key)}
            return messages.MutationResult(timestamp=7)
        self.reads += 1
        there = self.rows if next(self._ready) else {}
        if name == "Search":
            return _hits(there)
        if list(request.output_fields) == ["count(*)"]:
            return _rows(field_name="count(*)", ids=[len(there)])
        return _rows("id", sorted(key for key in there if _has(request.expr, key)), there)


def _has(expression: str, key: int) -> bool:
    return bool(eval(expression, {"id": key}))


def _hits(there: dict[int, list[float]]) -> messages.SearchResults:
    found = messages.SearchResults()
    found.results.topks.append(len(there))
    found.results.ids.int_id.data.extend(there)
    found.results.scores.extend(row[0] for row in there.values())
    return found


def _rows(
    field_name: str, ids: list[int], vectors: dict[int, list[float]] | None = None
) -> messages.QueryResults:
    keys = schema.FieldData(field_name=field_name, type=schema.DataType.Int64)
    keys.scalars.long_data.data.extend(ids)
    found = messages.QueryResults(fields_data=[keys])
    if vectors is not None:
        field = found.fields_data.add(field_name="vector", type=schema.DataType.FloatVector)
        field.vectors.dim = 2
        for key in ids:
            field.vectors.float_vector.data.extend(vectors[key])
    return found


def _get(engine: Engine, *ids: int) -> list[int]:
    held, vectors = engine.get("c", np.array(ids, dtype=np.int64), 2)
    for key, vector in zip(held.tolist(), vectors, strict=True):
        assert vector.tolist() == pytest.approx(ROWS[key])
    return sorted(held.tolist())


def _search(engine: Engine) -> list[int]:
    hits = engine.search("c", np.ones((1, 2), dtype=np.float32), 3, {})
    return sorted(hits.ids[0].tolist())


def test_what_comes_from_no_row_is_asked_again() -> None:
    cluster = Cluster([False, False, True])
    assert _search(Engine(cluster, is_server=True)) == [3, 5, 8]
    assert cluster.reads == 3
    assert Engine(Cluster([False, True]), is_server=True).count("c") == 3


def test_an_id_that_is_not_there_is_told_from_a_node_that_is_not_ready() -> None:
    # the witness is looked for at each attempt: 1 ready, 2 not; 3 not; 4 and 5 ready
    cluster = Cluster([True, False, False, False, True, True])
    engine = Engine(cluster, is_server=True)
    assert _get(engine, 5, 9) == [5]
    assert cluster.reads == 6
    assert _get(Engine(Cluster([True, True]), is_server=True), 9) == []


def test_a_node_that_stays_unready_is_unavailable() -> None:
    never = Engine(Cluster(iter(lambda: False, True)), is_server=True)
    for ask in (lambda: _search(never), lambda: _get(never, 5), lambda: never.count("c")):
        with pytest.raises(Unavailable, match=r"holds some.*not ready"):
            ask()


def test_a_scan_leaves_out_nothing_and_waits_longer() -> None:
    waited: list[float] = []
    ready = [True, True, False, False, False, False, False, False, False, True, True]
    engine = Engine(Cluster(ready), is_server=True)
    engine._whole = Whole(engine._rpc, sleep=waited.append)
    pages = list(engine.scan("c", 2))
    assert [ids.tolist() for ids, _ in pages] == [[3, 5, 8]]
    assert sum(waited) >= LONG_PAUSES[len(PAUSES)]


def test_what_is_empty_is_so_at_once() -> None:
    cluster = Cluster([True] * 3, rows={})
    engine = Engine(cluster, is_server=True)
    assert engine.count("c") == 0
    assert _get(engine, 5) == []
    assert cluster.reads == 3


def test_rows_that_were_removed_here_are_not_missed() -> None:
    engine = Engine(Cluster(iter(lambda: True, False)), is_server=True)
    assert _get(engine, 3, 5) == [3, 5]
    engine.delete("c", np.array([3, 5, 8]))
    assert _get(engine, 3) == []
    assert engine.count("c") == 0


def test_a_row_that_another_process_removed_is_no_witness_for_long() -> None:
    cluster = Cluster(iter(lambda: True, False))
    engine = Engine(cluster, is_server=True)
    assert _get(engine, 5, 9) == [5]
    del cluster.rows[3], cluster.rows[8]
    assert _get(engine, 9) == []
    del cluster.rows[5]
    with pytest.raises(Unavailable):  # nothing tells this from a node that is not ready
        _get(engine, 9)
