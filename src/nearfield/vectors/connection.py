"""One connection to Milvus: a server by its address, or Milvus Lite by the path of its folder."""

import logging
import shutil
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import grpc
from milvus_lite.server_manager import server_manager_instance
from pymilvus import MilvusClient
from pymilvus.exceptions import MilvusException

from nearfield.errors import InvalidInput, Unavailable
from nearfield.vectors.owner import OwnerLock

CONNECT_SECONDS: Final = 5.0
"""Patience with a server that does not answer when it is first called."""

ANSWER_SECONDS: Final = 20.0
"""Patience with one call: above the stall of a cluster that loses a node (2 s, at worst 10)."""

_SLOW: Final = frozenset({"flush", "create_index", "load_collection"})
"""Calls that take as long as there are rows: no deadline, but few retries."""

_LOUD: Final = ("pymilvus.decorators", "pymilvus.client", "pymilvus.orm", "milvus_lite")
"""Loggers that print what is raised as well, with a traceback; we raise it with a remedy."""


class Connection:
    """Calls Milvus and turns its errors into ours.

    Calls to Milvus Lite are made one at a time: its readers see nothing of a batch while that
    is being flushed, and its writers must not meet.

    Parameters
    ----------
    uri : str
        ``http(s)://host:port`` of a server, or the path of a Lite folder ending in ``.db``.
    token : str, optional
        ``user:password`` or API key of the server.

    Raises
    ------
    InUse
        If another process owns the Lite folder.
    Unavailable
        If the server cannot be reached.
    """

    def __init__(self, uri: str, token: str | None = None) -> None:
        _hush()
        self.uri = uri
        self.is_lite = "://" not in uri
        self._turn = threading.RLock() if self.is_lite else _NoLock()
        self._owner = _own(Path(uri)) if self.is_lite else None
        try:
            self._client = MilvusClient(uri, token=token or "", timeout=CONNECT_SECONDS)
        except (MilvusException, grpc.RpcError, grpc.FutureTimeoutError) as error:
            self.close()
            raise self._unavailable(error) from error

    def call(self, method: str, *args: Any, **options: Any) -> Any:
        """Call a method of `pymilvus.MilvusClient` and return what it returns.

        Raises
        ------
        Unavailable
            Naming the address, what Milvus said and the remedy.
        """
        patience: dict[str, Any] = {"timeout": ANSWER_SECONDS}
        if method in _SLOW:
            patience = {"retry_times": 3}
        with self._turn:
            try:
                return getattr(self._client, method)(*args, **{**patience, **options})
            except (MilvusException, grpc.RpcError, grpc.FutureTimeoutError) as error:
                raise self._unavailable(error) from error

    def close(self) -> None:
        """Close the client; stop Milvus Lite and give its folder free."""
        with self._turn:
            client = getattr(self, "_client", None)  # missing where the constructor failed
            if client is not None:
                client.close()
            if self._owner is not None:
                server_manager_instance.release_server(self.uri)
                self._owner.release()

    def __enter__(self) -> "Connection":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _unavailable(self, error: Exception) -> Unavailable:
        said = getattr(error, "message", "") or str(error)
        if self.is_lite:
            return Unavailable(
                f"Milvus Lite at {self.uri} refused: {said}. Run `nearfield doctor`; what it holds "
                f"can be published again from the models."
            )
        return Unavailable(
            f"Milvus at {self.uri} does not answer: {said}. Start the server or mend "
            f"NEARFIELD_MILVUS_URI; where that is not set, Milvus Lite inside the home is used."
        )


class _NoLock:
    """Stands for the lock where calls may meet."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        return None


def _own(folder: Path) -> OwnerLock:
    """Lock a Lite folder, and mend what a kill left in it."""
    if folder.suffix != ".db":
        raise InvalidInput(
            f"'{folder}' is neither the address of a Milvus server (http://host:19530) nor a "
            f"path ending in .db, which Milvus Lite wants. Rename it."
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    lock = OwnerLock(folder)
    for collection in (folder / "collections").glob("*"):
        if not (collection / "schema.json").exists():  # its creation or removal was cut off
            shutil.rmtree(collection, ignore_errors=True)
    return lock


def _hush() -> None:
    for name in _LOUD:
        logging.getLogger(name).setLevel(logging.CRITICAL)
