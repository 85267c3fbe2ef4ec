"""Make collections, index their vectors, and bring them into memory."""

import json
import math
import time
from collections.abc import Iterator
from typing import Any, Final

from pymilvus import DataType, MilvusClient
from pymilvus.client.types import LoadState
from pymilvus.grpc_gen.common_pb2 import IndexState
from pymilvus.grpc_gen.milvus_pb2 import CreateIndexRequest, DescribeIndexRequest

from nearfield.errors import Unavailable, VectorsAway
from nearfield.vectors.connection import Connection
from nearfield.vectors.milvus import MilvusIndex
from nearfield.vectors.wire import ID, VECTOR

GRAPH: Final = {"M": 16, "efConstruction": 200}
"""The HNSW graph on a server."""

_LISTS: Final = (16, 16_384)  # least and most of IVF_FLAT
_LOOK_SECONDS: Final = 0.5


def create_collection(
    connection: Connection, name: str, dim: int, properties: dict[str, str] | None = None
) -> MilvusIndex:
    """Make an empty collection, indexed and in memory, and return it."""
    index = make_collection(connection, name, dim, properties)
    begin_index(connection, name)
    load_collection(connection, name)
    return index


def make_collection(
    connection: Connection, name: str, dim: int, properties: dict[str, str] | None = None
) -> MilvusIndex:
    """Make an empty collection, to be filled before it is indexed and loaded."""
    schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field(ID, DataType.INT64, is_primary=True)
    schema.add_field(VECTOR, DataType.FLOAT_VECTOR, dim=dim)
    connection.call("create_collection", name, schema=schema, properties=properties or {})
    return MilvusIndex(connection, name, dim)


def begin_index(connection: Connection, name: str, rows: int = 0) -> None:
    """Have the vectors of a collection indexed that has so many rows; a server goes on with it."""
    kind, params = _index(connection, rows)
    if connection.is_lite:
        index = MilvusClient.prepare_index_params()
        index.add_index(VECTOR, index_type=kind, metric_type="IP", params={"params": params})
        connection.call("create_index", name, index)
        return
    request = CreateIndexRequest(collection_name=name, field_name=VECTOR, index_name=VECTOR)
    told = {"index_type": kind, "metric_type": "IP", "params": json.dumps(params)}
    for key, value in told.items():
        request.extra_params.add(key=key, value=value)
    connection.rpc("CreateIndex", request)


def await_index(connection: Connection, name: str) -> Iterator[int]:
    """Yield how many rows a server has indexed, until all are."""
    request = DescribeIndexRequest(collection_name=name, index_name=VECTOR)
    while True:
        found = connection.rpc("DescribeIndex", request).index_descriptions[0]
        if found.state == IndexState.Failed:
            raise Unavailable(
                f"Milvus does not index {name}: {found.index_state_fail_reason}. Publish again; "
                f"if it fails twice, set NEARFIELD_MILVUS_INDEX to another kind."
            )
        if found.state == IndexState.Finished and not found.pending_index_rows:
            return
        yield int(found.indexed_rows)
        time.sleep(_LOOK_SECONDS)


def load_collection(connection: Connection, name: str, seconds: float | None = None) -> None:
    """Bring a collection into memory unless it is, as often as the options say.

    Parameters
    ----------
    connection, name
        Which.
    seconds : float, optional
        Patience; it takes what it takes where not given.

    Raises
    ------
    VectorsAway
        If Milvus does not answer, or there are fewer query nodes than replicas.
    """
    if connection.is_lite:
        connection.call("load_collection", name)
        return
    if connection.call("get_load_state", name)["state"] == LoadState.Loaded:
        return
    options = connection.options
    asked: dict[str, Any] = {"replica_number": options.replicas}
    if seconds is not None:
        asked["timeout"] = seconds
    if options.resource_groups:
        asked["resource_groups"] = list(options.resource_groups)
    try:
        connection.call("load_collection", name, **asked)
    except VectorsAway as error:
        if options.replicas == 1 and not options.resource_groups:
            raise
        raise VectorsAway(
            f"{name} was not brought into memory {options.replicas} times. {error} "
            f"NEARFIELD_MILVUS_REPLICAS wants as many query nodes, in the groups of "
            f"NEARFIELD_MILVUS_RESOURCE_GROUPS where they are set: add nodes, or set fewer."
        ) from error


def _index(connection: Connection, rows: int) -> tuple[str, dict[str, int]]:
    """Return the kind of index and its parameters."""
    kind = connection.options.index
    if connection.is_lite or kind == "flat":  # Lite's searches cost the same with any index
        return "FLAT", {}
    if kind == "ivf_flat":
        least, most = _LISTS
        return "IVF_FLAT", {"nlist": min(most, max(least, 4 * math.isqrt(rows)))}
    return "HNSW", GRAPH
