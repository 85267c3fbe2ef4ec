"""Messages to and from a Milvus server, as arrays on this side. Pure.

They are built and read here rather than by `pymilvus.MilvusClient`, which takes twice the time of
a search on this side and tries again in its own way: one thread after the other, for as long as
each of them waits.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
from pymilvus.grpc_gen import common_pb2 as common
from pymilvus.grpc_gen import milvus_pb2 as messages
from pymilvus.grpc_gen import schema_pb2 as schema

from nearfield.types import Hits, Ids, Vectors, no_ids

ID: Final = "id"
VECTOR: Final = "vector"
"""Fields of every collection."""

STRONG: Final = 0
BOUNDED: Final = 2
"""Moments that a reader asks for: the present, or what a server has, at most some seconds old.

Any other number is the moment of a write, which the answer holds.
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """What to read of a collection.

    Parameters
    ----------
    collection : str
        Its name, or an alias.
    filter : str
        Of ids; all rows where empty.
    moment : int
        Oldest state that will do: `STRONG`, `BOUNDED`, or of a write.
    """

    collection: str
    filter: str = ""
    moment: int = BOUNDED

    @property
    def level(self) -> int:
        """Return how Milvus calls the kind of the moment."""
        named = {STRONG: "Strong", BOUNDED: "Bounded"}.get(self.moment, "Session")
        return int(common.ConsistencyLevel.Value(named))


def search_request(
    asked: Asked, queries: Vectors, count: int, params: dict[str, int]
) -> messages.SearchRequest:
    """Ask for the best `count` rows of each query, shape (queries, dim)."""
    request = messages.SearchRequest()
    request.CopyFrom(_search_head(asked.collection, asked.level, count, tuple(params.items())))
    request.dsl = asked.filter
    request.placeholder_group = _placeholders(queries)
    request.guarantee_timestamp = asked.moment
    request.nq = len(queries)
    return request


@lru_cache(maxsize=256)
def _search_head(
    collection: str, level: int, count: int, params: tuple[tuple[str, int], ...]
) -> messages.SearchRequest:
    """Return what one search has in common with the next: half of the time to write it down."""
    head = messages.SearchRequest(
        collection_name=collection,
        dsl_type=common.DslType.BoolExprV1,
        consistency_level=level,
    )
    _tell(head.search_params, anns_field=VECTOR, topk=count, round_decimal=-1)
    _tell(head.search_params, params=json.dumps(dict(params)))
    return head


def read_hits(answer: messages.SearchResults, queries: int, count: int) -> Hits:
    """Return what was found, shape (queries, count)."""
    found = answer.results
    ids = np.array(found.ids.int_id.data, dtype=np.int64)
    scores = np.array(found.scores, dtype=np.float32)
    if len(ids) == queries * count:
        return Hits(ids.reshape(queries, count), scores.reshape(queries, count))
    hits = Hits.empty(queries, count)
    start = 0
    for row, held in enumerate(found.topks):
        hits.ids[row, :held] = ids[start : start + held]
        hits.scores[row, :held] = scores[start : start + held]
        start += held
    return hits


def query_request(
    asked: Asked, fields: Sequence[str], limit: int | None = None
) -> messages.QueryRequest:
    """Ask for rows; with a limit, for the first ones by rising id."""
    request = messages.QueryRequest(
        collection_name=asked.collection,
        expr=asked.filter,
        output_fields=fields,
        guarantee_timestamp=asked.moment,
        consistency_level=asked.level,
    )
    if limit is not None:  # pages go by rising id, which a mere limit does not promise
        _tell(request.query_params, limit=limit, iterator="True")
    return request


def read_rows(answer: messages.QueryResults, dim: int) -> tuple[Ids, Vectors]:
    """Return ids and vectors, in any order."""
    ids, vectors = no_ids(), np.empty((0, dim), dtype=np.float32)
    for field in answer.fields_data:
        if field.field_name == ID:
            ids = np.array(field.scalars.long_data.data, dtype=np.int64)
        elif field.field_name == VECTOR:
            # a list of numbers would be made of each; as bytes they lie in a row, after a length
            packed = field.vectors.float_vector.SerializeToString()
            size = 4 * len(field.vectors.float_vector.data)
            vectors = np.frombuffer(packed, dtype="<f4", offset=len(packed) - size)
            vectors = vectors.reshape(-1, dim)
    return ids, vectors


def read_count(answer: messages.QueryResults) -> int:
    """Return the number of rows, where ``count(*)`` was asked for."""
    return int(answer.fields_data[0].scalars.long_data.data[0])


def rows_of(request: Any, collection: str, ids: Ids, vectors: Vectors) -> Any:
    """Fill a request to insert, or to upsert, with rows."""
    request.collection_name, request.num_rows = collection, len(ids)
    keys = request.fields_data.add(field_name=ID, type=schema.DataType.Int64)
    keys.scalars.long_data.data.extend(ids.tolist())
    field = request.fields_data.add(field_name=VECTOR, type=schema.DataType.FloatVector)
    field.vectors.dim = vectors.shape[1]
    field.vectors.float_vector.ParseFromString(_packed(vectors))
    return request


def delete_request(collection: str, ids: Ids) -> messages.DeleteRequest:
    """Ask to remove rows."""
    return messages.DeleteRequest(collection_name=collection, expr=among(ids))


def read_moment(answer: messages.MutationResult) -> int:
    """Return the moment of a write."""
    return int(answer.timestamp)


def among(ids: Ids) -> str:
    """Return a filter that only some ids pass."""
    return f"{ID} in {ids.tolist()}"


def _placeholders(queries: Vectors) -> bytes:
    values = [row.tobytes() for row in queries]
    held = common.PlaceholderValue(tag="$0", type=common.PlaceholderType.FloatVector, values=values)
    return bytes(common.PlaceholderGroup(placeholders=[held]).SerializeToString())


def _packed(vectors: Vectors) -> bytes:
    """Return what protobuf writes for a `FloatArray`: field 1, its length in bytes, the bytes."""
    raw = np.ascontiguousarray(vectors, dtype="<f4").tobytes()
    length, size = bytearray(), len(raw)
    while size >= 0x80:
        length.append(size & 0x7F | 0x80)
        size >>= 7
    length.append(size)
    return b"\x0a" + bytes(length) + raw


def _tell(pairs: Any, **told: object) -> None:
    for key, value in told.items():
        pairs.add(key=key, value=str(value))
