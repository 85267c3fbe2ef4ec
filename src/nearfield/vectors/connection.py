"""One connection to Milvus: a server by its address, or Milvus Lite by the path of its folder."""

import logging
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import grpc
from milvus_lite.server_manager import server_manager_instance
from pymilvus import MilvusClient
from pymilvus.client.types import Status
from pymilvus.exceptions import MilvusException

from nearfield.errors import InUse, Unavailable
from nearfield.locks import OwnerLock, read_owner
from nearfield.vectors.health import Breaker, Health
from nearfield.vectors.lite import SERVING, START_SECONDS, find_server, own, owner_mark
from nearfield.vectors.options import MilvusOptions

CONNECT_SECONDS: Final = 5.0
"""Patience with a server that does not answer when it is first called."""

ANSWER_SECONDS: Final = 20.0
"""Patience with one call: above the stall of a cluster that loses a node (2 s, at worst 10)."""

_SLOW: Final = frozenset({"flush", "create_index", "load_collection"})
"""Calls that take as long as there are rows: no deadline, but few retries."""

_ONCE: Final = frozenset({"create_collection", "create_alias", "drop_collection", "drop_alias"})
"""Calls that fail where they were done before; all others may be made again."""

_OF_LOADED: Final = frozenset({"query", "search", "get"})
"""Calls that want a collection in memory, where a process that was started anew has none."""

_ASLEEP: Final = 101  # code of Milvus: the collection is not loaded
_GONE: Final = (grpc.StatusCode.UNAVAILABLE, Status.CONNECT_FAILED)
"""Codes of a call that reached nobody."""

_LOUD: Final = ("pymilvus.decorators", "pymilvus.client", "pymilvus.orm", "milvus_lite")
"""Loggers that print what is raised as well, with a traceback; we raise it with a remedy."""


class Connection:
    """Calls Milvus and turns its errors into ours.

    Calls to Milvus Lite are made one at a time: its readers see nothing of a batch while that
    is being flushed, and its writers must not meet. Where another process serves the Lite folder
    (`nearfield serve` starts one), it is called there, and looked for again where it was started
    anew.

    Parameters
    ----------
    uri : str
        ``http(s)://host:port`` of a server, or the path of a Lite folder ending in ``.db``.
    token : str, optional
        ``user:password`` or API key of the server.
    served : bool
        Whether a process beside this one serves the Lite folder, or is about to: then this one
        never owns it, and waits for that one.
    options : MilvusOptions, optional
        How a server is reached and asked.

    Raises
    ------
    InUse
        If another process owns the Lite folder, and serves it to nobody.
    Unavailable
        If the server cannot be reached.
    """

    def __init__(
        self,
        uri: str,
        token: str | None = None,
        served: bool = False,
        options: MilvusOptions | None = None,
    ) -> None:
        _hush()
        self.uri = uri
        self.options = options or MilvusOptions()
        self._breaker = Breaker()
        self.is_lite = "://" not in uri
        self._token = token or ""
        self._turn = threading.RLock() if self.is_lite else _NoLock()
        self._owner = None if served or not self.is_lite else _own_or_none(Path(uri))
        self._mark = b""
        self._client: Any = None
        try:
            self._connect(waiting=served)
        except (MilvusException, grpc.RpcError, grpc.FutureTimeoutError) as error:
            self.close()
            raise self._unavailable(error) from error

    @property
    def owns(self) -> bool:
        """Whether this process runs Milvus Lite itself."""
        return self._owner is not None

    def health(self) -> Health:
        """Return whether Milvus answered lately; nothing is asked for it."""
        return self._breaker.health

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
        asked = {**patience, **options}
        with self._turn:
            try:
                if self.is_lite and not self.owns:
                    return self._call_served(method, *args, **asked)
                return getattr(self._client, method)(*args, **asked)
            except (MilvusException, grpc.RpcError, grpc.FutureTimeoutError) as error:
                raise self._unavailable(error) from error

    def close(self) -> None:
        """Close the client; stop Milvus Lite and give its folder free, where it is ours."""
        with self._turn:
            if self._client is not None:
                self._client.close()
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

    def _connect(self, waiting: bool) -> None:
        """Make the client; of a Lite that another process serves, at its present address."""
        if not self.is_lite or self.owns:
            self._client = MilvusClient(self.uri, token=self._token, timeout=CONNECT_SECONDS)
            return
        if self._client is not None:
            self._client.close()
            self._client = None
        until = time.monotonic() + START_SECONDS
        while self._client is None:
            address = find_server(Path(self.uri), waiting)
            self._mark = owner_mark(Path(self.uri))
            try:
                self._client = MilvusClient(address, timeout=CONNECT_SECONDS)
            except (MilvusException, grpc.RpcError):  # it ended, or has much to do
                if time.monotonic() > until:
                    raise

    def _call_served(self, method: str, *args: Any, **options: Any) -> Any:
        """Call the process that serves Lite; once more where it was started anew meanwhile."""
        if self._client is None or owner_mark(Path(self.uri)) != self._mark:
            self._connect(waiting=True)
        try:
            return getattr(self._client, method)(*args, **options)
        except (MilvusException, grpc.RpcError) as error:
            if _code(error) in _GONE:
                self._connect(waiting=True)
                if method in _ONCE:  # nobody knows whether it was done
                    raise
            elif _code(error) != _ASLEEP:
                raise
        if method in _OF_LOADED:
            self._client.load_collection(args[0])
        return getattr(self._client, method)(*args, **options)

    def _unavailable(self, error: Exception) -> Unavailable:
        said = getattr(error, "message", "") or str(error)
        if self.is_lite and not self.owns:
            return Unavailable(
                f"Milvus Lite at {self.uri}, which another process serves, refused: {said}. Do it "
                f"again; if it fails twice, run `nearfield doctor`."
            )
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


def _own_or_none(folder: Path) -> OwnerLock | None:
    """Own a Lite folder; None where another process does, which serves it or is about to."""
    try:
        return own(folder)
    except InUse:
        owner = read_owner(folder)
        if owner is None:  # it has just ended
            return own(folder)
        if SERVING not in owner:
            raise
        return None


def _code(error: Exception) -> object:
    return error.code() if isinstance(error, grpc.RpcError) else getattr(error, "code", None)


def _hush() -> None:
    for name in _LOUD:
        logging.getLogger(name).setLevel(logging.CRITICAL)
