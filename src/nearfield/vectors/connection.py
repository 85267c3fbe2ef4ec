"""One connection to Milvus: a server by its address, or Milvus Lite by the path of its folder."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, TypeVar

from milvus_lite.server_manager import server_manager_instance

from nearfield.errors import InUse, VectorsAway
from nearfield.health import Health
from nearfield.locks import OwnerLock, read_owner
from nearfield.vectors.engine import Engine
from nearfield.vectors.faults import ASLEEP, GONE, code_of, fault_of
from nearfield.vectors.link import FAULTS, Link
from nearfield.vectors.lite import SERVING, START_SECONDS, find_server, own, owner_mark
from nearfield.vectors.options import MilvusOptions
from nearfield.vectors.server import Server

Result = TypeVar("Result")

_SECONDS: Final = 120.0
"""Patience with one call of Milvus Lite: no network is between, but a busy machine may be slow."""

_SLOW: Final = frozenset({"flush", "create_index", "load_collection"})
"""Calls that take as long as there are rows: no deadline."""

_ONCE: Final = frozenset({"create_collection", "create_alias", "drop_collection", "drop_alias"})
"""Calls that fail where they were done before; all others may be made again."""

_LOUD: Final = ("pymilvus.decorators", "pymilvus.client", "pymilvus.orm", "milvus_lite")
"""Loggers that print what is raised as well, with a traceback; we raise it with a remedy."""


class Connection:
    """Calls Milvus and turns its errors into ours.

    A server is first called at the first call; see `Server`. Milvus Lite is opened at once.

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
    VectorsAway
        If Milvus Lite does not start.
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
        self.is_lite = "://" not in uri
        self.options = options or MilvusOptions()
        self._way: Server | Lite = (
            Lite(uri, served) if self.is_lite else Server(uri, token or "", self.options)
        )
        self.engine = Engine(self._way, is_server=not self.is_lite)
        self.call = self._way.call
        self.rpc = self._way.rpc

    @property
    def owns(self) -> bool:
        """Whether this process runs Milvus Lite itself."""
        return isinstance(self._way, Lite) and self._way.owns

    def health(self) -> Health:
        """Return whether Milvus answered lately; nothing is asked for it."""
        return self._way.health()

    def close(self) -> None:
        """Close the channels; stop Milvus Lite and give its folder free, where it is ours."""
        self._way.close()

    def __enter__(self) -> "Connection":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class Lite:
    """Calls of Milvus Lite in this process, or in another that serves it.

    They are made one at a time: its readers see nothing of a batch while that is being flushed,
    and its writers must not meet. Where another process serves the folder (`nearfield serve`
    starts one), it is called there, and looked for again where it was started anew.

    Parameters
    ----------
    folder, served, and errors
        As of `Connection`.
    """

    def __init__(self, folder: str, served: bool) -> None:
        self._folder = Path(folder)
        self._turn = threading.RLock()
        self._owner = None if served else _own_or_none(self._folder)
        self._mark = b""
        self._link: Link | None = None
        self._since = datetime.now(UTC)
        try:
            self._connect(waiting=served)
        except FAULTS as error:
            self.close()
            raise self._unavailable(error) from error

    @property
    def owns(self) -> bool:
        """Whether this process runs Milvus Lite itself."""
        return self._owner is not None

    def health(self) -> Health:
        """Return that all is well: what Lite would answer is answered by mirrors."""
        return Health("ok", 0, self._since, "")

    def rpc(self, name: str, request: Any) -> Any:
        """Make a call of the wire; errors as of `call`."""

        def run(link: Link, is_asleep: bool) -> Any:
            if is_asleep:  # a process that was started anew has nothing in memory
                link.call("load_collection", request.collection_name, seconds=None)
            return link.rpc(name, request, _SECONDS)

        return self._try(name, run)

    def call(self, method: str, *args: Any, **options: Any) -> Any:
        """Call a method of `pymilvus.MilvusClient` and return what it returns.

        Raises
        ------
        VectorsAway
            Naming the folder, what Milvus said and the remedy.
        """
        seconds = None if method in _SLOW else _SECONDS
        return self._try(
            method, lambda link, _: link.call(method, *args, seconds=seconds, **options)
        )

    def close(self) -> None:
        """Close the channels; stop Milvus Lite and give its folder free, where it is ours."""
        with self._turn:
            if self._link is not None:
                self._link.close()
            if self._owner is not None:
                server_manager_instance.release_server(str(self._folder))
                self._owner.release()

    def _connect(self, waiting: bool) -> None:
        """Start Milvus Lite, or find who serves it, and call it once."""
        if self._link is not None:
            self._link.close()
            self._link = None
        until = time.monotonic() + START_SECONDS
        while self._link is None:
            address = self._start() if self.owns else find_server(self._folder, waiting)
            self._mark = owner_mark(self._folder)
            link = Link(address, "", MilvusOptions(), pings=not self.owns)
            try:
                link.call("list_collections", seconds=_SECONDS)
            except FAULTS:  # it ended, or has much to do
                link.close()
                if self.owns or time.monotonic() > until:
                    raise
            else:
                self._link = link

    def _start(self) -> str:
        address = server_manager_instance.start_and_get_uri(str(self._folder))
        if address is None:
            raise VectorsAway(f"Milvus Lite at {self._folder} does not start. Look into its log.")
        return str(address)

    def _try(self, name: str, run: Callable[[Link, bool], Result]) -> Result:
        with self._turn:
            try:
                if self.owns:
                    assert self._link is not None
                    return run(self._link, False)
                return self._try_served(name, run)
            except FAULTS as error:
                raise self._unavailable(error) from error

    def _try_served(self, name: str, run: Callable[[Link, bool], Result]) -> Result:
        """Call the process that serves Lite; once more where it was started anew meanwhile."""
        if self._link is None or owner_mark(self._folder) != self._mark:
            self._connect(waiting=True)
        assert self._link is not None
        try:
            return run(self._link, False)
        except FAULTS as error:
            if code_of(error) in GONE:
                self._connect(waiting=True)
                if name in _ONCE:  # nobody knows whether it was done
                    raise
            elif code_of(error) not in ASLEEP:
                raise
        return run(self._link, True)

    def _unavailable(self, error: Exception) -> VectorsAway:
        said = fault_of(error).text
        if not self.owns:
            return VectorsAway(
                f"Milvus Lite at {self._folder}, which another process serves, refused: {said}. "
                f"Do it again; if it fails twice, run `nearfield doctor`."
            )
        return VectorsAway(
            f"Milvus Lite at {self._folder} refused: {said}. Run `nearfield doctor`; what it holds "
            f"can be published again from the models."
        )


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


def _hush() -> None:
    for name in _LOUD:
        logging.getLogger(name).setLevel(logging.CRITICAL)
