"""Messages to and from Milvus: what is written is what is read, of any size."""

import grpc
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymilvus.exceptions import MilvusException
from pymilvus.grpc_gen import milvus_pb2 as messages

from nearfield.vectors import wire
from nearfield.vectors.faults import fault_of


@given(rows=st.integers(0, 700), dim=st.sampled_from([1, 3, 64]))
def test_rows_come_back_as_they_were_written(rows: int, dim: int) -> None:
    ids = np.arange(1, rows + 1) * 2**40
    vectors = np.random.default_rng(rows).normal(size=(rows, dim)).astype(np.float32)
    sent = wire.rows_of(messages.InsertRequest(), "c", ids, vectors)
    again = messages.InsertRequest.FromString(sent.SerializeToString())
    assert (again.collection_name, again.num_rows) == ("c", rows)
    assert len(again.fields_data[1].vectors.float_vector.data) == rows * dim
    found = wire.read_rows(messages.QueryResults(fields_data=again.fields_data), dim)
    np.testing.assert_array_equal(found[0], ids)
    np.testing.assert_array_equal(found[1], vectors)


def test_hits_of_each_query_are_told_apart() -> None:
    answer = messages.SearchResults()
    answer.results.topks.extend([2, 0, 3])
    answer.results.ids.int_id.data.extend([5, 6, 7, 8, 9])
    answer.results.scores.extend([0.9, 0.8, 0.7, 0.6, 0.5])
    hits = wire.read_hits(answer, 3, 3)
    assert hits.ids.tolist() == [[5, 6, -1], [-1, -1, -1], [7, 8, 9]]
    assert np.isneginf(hits.scores[1]).all()
    assert hits.scores[0, :2].tolist() == pytest.approx([0.9, 0.8])


@pytest.mark.parametrize(
    ("moment", "level"), [(wire.STRONG, 0), (wire.BOUNDED, 2), (466_000_000_000_000_000, 1)]
)
def test_each_moment_has_its_level(moment: int, level: int) -> None:
    asked = wire.Asked("c", "", moment)
    query = np.zeros((1, 2), dtype=np.float32)
    for request in (
        wire.search_request(asked, query, 1, {}),
        wire.query_request(asked, ["id"]),
    ):
        assert (request.guarantee_timestamp, request.consistency_level) == (moment, level)
        assert not request.use_default_consistency


class Told(grpc.RpcError):  # type: ignore[misc]
    def __init__(self, code: grpc.StatusCode, details: str) -> None:
        self._told = code, details

    def code(self) -> grpc.StatusCode:
        return self._told[0]

    def details(self) -> str:
        return self._told[1]


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (Told(grpc.StatusCode.UNAVAILABLE, "Connection refused"), "away"),
        (Told(grpc.StatusCode.DEADLINE_EXCEEDED, "Deadline Exceeded"), "away"),
        (grpc.FutureTimeoutError(), "away"),
        (MilvusException(503, "channel not available"), "away"),
        (MilvusException(65535, "fail to search on QueryNode 5: connection refused"), "away"),
        (MilvusException(101, "collection not loaded"), "asleep"),
        (MilvusException(100, "collection not found"), "refused"),
        (MilvusException(65535, "vector dimension mismatch"), "refused"),
        (MilvusException(1100, "invalid parameter"), "refused"),
        (Told(grpc.StatusCode.RESOURCE_EXHAUSTED, "message too large"), "refused"),
        (Told(grpc.StatusCode.UNAUTHENTICATED, "auth check failure"), "token"),
        (Told(grpc.StatusCode.UNAVAILABLE, "Tls handshake failed"), "certificate"),
        (Told(grpc.StatusCode.UNAVAILABLE, "Hostname Verification Check failed"), "certificate"),
    ],
)
def test_errors_are_understood(error: Exception, kind: str) -> None:
    assert fault_of(error).kind == kind
