"""What is asked of a Milvus server whose collection is not in memory (yet)."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from pymilvus.grpc_gen import common_pb2, milvus_pb2
from pymilvus.grpc_gen.milvus_pb2_grpc import (
    MilvusServiceServicer,
    add_MilvusServiceServicer_to_server,
)

from nearfield.errors import Unavailable
from nearfield.vectors.options import MilvusOptions
from nearfield.vectors.server import Server
from service_process import wait_for

NOT_LOADED = 101
ASKED = milvus_pb2.SearchRequest(collection_name="movies")


class Sleeping(MilvusServiceServicer):  # type: ignore[misc]
    """Speaks as Milvus does while a collection is not in memory, and counts what it is asked."""

    def __init__(self) -> None:
        self.is_asleep = True
        self.asked: Counter[str] = Counter()

    def Search(self, request: Any, context: Any) -> Any:
        self.asked["Search"] += 1
        code, reason = (NOT_LOADED, "collection not loaded") if self.is_asleep else (0, "")
        status = common_pb2.Status(code=code, reason=reason)
        return milvus_pb2.SearchResults(status=status, collection_name=request.collection_name)

    def LoadCollection(self, request: Any, context: Any) -> Any:
        self.asked[f"LoadCollection {request.collection_name}"] += 1
        return common_pb2.Status()


@pytest.fixture
def sleeping() -> Iterator[tuple[Sleeping, Server]]:
    with ThreadPoolExecutor(2) as threads:
        milvus, speaker = Sleeping(), grpc.server(threads)
        add_MilvusServiceServicer_to_server(milvus, speaker)
        port = speaker.add_insecure_port("127.0.0.1:0")
        speaker.start()
        asking = Server(f"http://127.0.0.1:{port}", "", MilvusOptions())
        try:
            yield milvus, asking
        finally:
            asking.close()
            speaker.stop(None).wait()


def attempts(milvus: Sleeping, asking: Server) -> int:
    """Return how often Milvus is asked for one search that it cannot answer."""
    before = milvus.asked["Search"]
    with pytest.raises(Unavailable, match="still bringing the vectors into memory"):
        asking.rpc("Search", ASKED)
    return milvus.asked["Search"] - before


def test_only_who_asks_first_waits_for_a_collection_to_wake(
    sleeping: tuple[Sleeping, Server],
) -> None:
    milvus, asking = sleeping
    assert attempts(milvus, asking) > 1
    assert milvus.asked["LoadCollection movies"] == 1
    wait_for(lambda: attempts(milvus, asking) == 1, 30)
    told = milvus.asked["LoadCollection movies"]
    assert [attempts(milvus, asking) for _ in range(50)] == [1] * 50
    assert milvus.asked["LoadCollection movies"] - told < 50
    assert asking.health().state == "ok"

    milvus.is_asleep = False
    assert asking.rpc("Search", ASKED).collection_name == "movies"
    milvus.is_asleep = True
    assert attempts(milvus, asking) > 1
