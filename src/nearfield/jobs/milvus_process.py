"""`python -m nearfield.jobs.milvus_process`: serve the Milvus Lite of a home to several processes.

Libraries are loaded once the folder is owned, so that whoever looks for it waits for them.
"""

import logging
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from nearfield.errors import InUse
from nearfield.jobs.parent import read_places, when_parent_ends
from nearfield.jobs.stopping import stop_on_signals
from nearfield.locks import OwnerLock
from nearfield.vectors.lite import ADDRESS, own

HOST: Final = "127.0.0.1"

_MESSAGE: Final = 256 << 20  # bytes, as a Milvus server takes
_OPTIONS: Final = (
    ("grpc.max_receive_message_length", _MESSAGE),
    ("grpc.max_send_message_length", _MESSAGE),
    ("grpc.so_reuseport", 0),  # never share a port with another home
    ("grpc.keepalive_permit_without_calls", 1),  # clients ask whether it lives while they are idle
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ("grpc.http2.max_ping_strikes", 0),
)
_AGAIN_SECONDS: Final = 0.5
_LAST_SECONDS: Final = 5.0
_log = logging.getLogger(__name__)


def main() -> None:
    """Serve until the parent ends or asks for it."""
    logging.basicConfig(format="%(asctime)s milvus %(levelname)s %(message)s")
    for name in ("milvus_lite", "grpc"):  # what they say, the caller is told with a remedy
        logging.getLogger(name).setLevel(logging.CRITICAL)
    stop = threading.Event()
    stop_on_signals(stop)
    folder = read_places().home / "milvus.db"
    when_parent_ends(lambda: _end_soon(stop))
    lock = _own(folder, stop)
    if lock is not None:
        serve(folder, lock, stop)
    os._exit(0)  # to take the libraries down takes a second, and there is nothing left to do


def serve(folder: Path, lock: OwnerLock, stop: threading.Event) -> None:
    """Serve a folder that is owned, until `stop` is set; then give it free."""
    # they take a second
    import grpc
    from milvus_lite.adapter.grpc.servicer import MilvusServicer
    from milvus_lite.db import MilvusLite
    from pymilvus.grpc_gen import milvus_pb2_grpc

    database = MilvusLite(str(folder))
    _mend(database)
    # One call at a time: readers see nothing of a batch while it is being flushed, and writers
    # must not meet. Who comes first is served first.
    server = grpc.server(ThreadPoolExecutor(max_workers=1), options=_OPTIONS)
    milvus_pb2_grpc.add_MilvusServiceServicer_to_server(MilvusServicer(database), server)
    port = server.add_insecure_port(f"{HOST}:0")
    server.start()
    lock.tell(**{ADDRESS: f"http://{HOST}:{port}"})
    stop.wait()
    server.stop(grace=2).wait()
    database.close()
    lock.release()


def _mend(database: Any) -> None:
    """Flush all: a kill between two steps of a flush leaves every row twice until the next one."""
    for name in database.list_collections():
        database.get_collection(name).flush()


def _own(folder: Path, stop: threading.Event) -> OwnerLock | None:
    """Own a folder as soon as nobody else does; None where the process is to end before."""
    said = False
    while not stop.is_set():
        try:
            return own(folder, serving=True)
        except InUse as error:
            if not said:
                _log.warning("%s", error)
            said = True
        stop.wait(_AGAIN_SECONDS)
    return None


def _end_soon(stop: threading.Event) -> None:
    """End, by force where a call takes too long: what a kill leaves is mended at the next start."""
    stop.set()
    threading.Timer(_LAST_SECONDS, os._exit, (1,)).start()


if __name__ == "__main__":
    main()
