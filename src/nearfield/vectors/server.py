"""Calls of a Milvus server: how long each may take, which are made again, and when none is made."""

import logging
import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, TypeVar

from pymilvus.exceptions import MilvusException
from pymilvus.grpc_gen.milvus_pb2 import GetVersionRequest, LoadCollectionRequest

from nearfield.errors import Unavailable, VectorsAway
from nearfield.health import Breaker, Health
from nearfield.vectors.faults import ASLEEP, Fault, fault_of
from nearfield.vectors.link import FAULTS, Link
from nearfield.vectors.options import MilvusOptions

Result = TypeVar("Result")

_WRITES: Final = frozenset(
    {"Insert", "Upsert", "Delete", "create_collection", "drop_collection", "create_alias"}
    | {"alter_alias", "drop_alias", "CreateIndex"}
)
"""Calls with the patience of writing."""

_SLOW: Final = frozenset({"flush", "load_collection"})
"""Calls that take as long as there are rows."""

_ONCE: Final = (_WRITES | _SLOW) - {"Upsert", "Delete"}
"""Calls that are not made again: nobody knows whether they were done, and they tell if they were.

What is upserted or deleted by its id may be so again.
"""

_FIRST_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 0.5
_WAKING_SECONDS: Final = 1.0
_LEAST: Final = 0.02  # seconds that an attempt needs to be worth it

_log = logging.getLogger(__name__)


class Server:
    """One Milvus server or cluster. May be used from several threads.

    A call that reaches nobody is made again, after pauses that grow, until its time is over. When
    for a second no call was answered, all are refused at once; a thread asks meanwhile, and
    lets calls through again when it is answered. A collection that is not in memory is waited for
    a second; who asks later is told so at once, until it is.

    Parameters
    ----------
    uri : str
        ``http(s)://host:port``.
    token : str
        ``user:password`` or API key; empty where none is wanted.
    options : MilvusOptions
        TLS and patience.
    """

    def __init__(self, uri: str, token: str, options: MilvusOptions) -> None:
        self._uri, self._options = uri, options
        self._link = Link(uri, token, options)
        self._breaker = Breaker()
        self._closed = threading.Event()
        self._prober: threading.Thread | None = None
        self._failed_read: tuple[str, Any] | None = None
        self._asleep: dict[tuple[str, str], float] = {}  # call and collection, since when
        self._woken: dict[str, float] = {}  # when a collection was last told to wake

    def health(self) -> Health:
        """Return whether the server answered lately."""
        return self._breaker.health

    def rpc(self, name: str, request: Any) -> Any:
        """Make a call of the wire; errors as of `call`."""
        collection = getattr(request, "collection_name", "")

        def run(left: float | None) -> Any:
            try:
                return self._link.rpc(name, request, left)
            except MilvusException as error:
                if error.code in ASLEEP:
                    self._wake(collection, left)
                raise

        try:
            return self._try(name, run, collection)
        except Unavailable:
            if name not in _WRITES:
                self._failed_read = name, request
            raise

    def call(self, method: str, *args: Any, **options: Any) -> Any:
        """Call a method of `pymilvus.MilvusClient`.

        Raises
        ------
        Unavailable
            Naming the address, what Milvus said and the remedy.
        """
        return self._try(
            method, lambda left: self._link.call(method, *args, seconds=left, **options)
        )

    def close(self) -> None:
        """Close the channels, and stop asking whether the server is back."""
        self._closed.set()
        if self._prober is not None:
            self._prober.join()
        self._link.close()

    def _try(
        self, name: str, run: Callable[[float | None], Result], collection: str = ""
    ) -> Result:
        """Run one call until it is answered or its time is over."""
        seconds = self._seconds(name)
        until = time.monotonic() + (self._options.answer_seconds if seconds is None else seconds)
        pause = _FIRST_PAUSE
        while True:
            if self._breaker.refuses:
                raise self._refusal()
            begun = time.monotonic()
            try:
                answer = run(None if seconds is None else until - begun)
            except FAULTS as error:
                fault = fault_of(error)
                self._note(fault, time.monotonic() - begun)
                if fault.kind == "asleep":  # it may take minutes, but is often on its way
                    since = self._asleep.setdefault((name, collection), begun)
                    until = min(until, since + _WAKING_SECONDS)
                left = until - time.monotonic() - pause
                if fault.kind not in ("away", "asleep") or name in _ONCE or left < _LEAST:
                    raise self._error(fault) from error
            else:
                self._breaker.answered()
                self._asleep.pop((name, collection), None)
                return answer
            self._closed.wait(pause * random.uniform(0.5, 1))
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _wake(self, collection: str, seconds: float | None) -> None:
        """Have a collection brought into memory; it is not waited for, nor told twice a second."""
        now = time.monotonic()
        if now - self._woken.get(collection, -_WAKING_SECONDS) < _WAKING_SECONDS:
            return
        self._woken[collection] = now
        request = LoadCollectionRequest(
            collection_name=collection,
            replica_number=self._options.replicas,
            resource_groups=self._options.resource_groups,
        )
        with suppress(*FAULTS):  # the error that is raised is that of who asked
            self._link.rpc("LoadCollection", request, seconds)

    def _seconds(self, name: str) -> float | None:
        if name in _SLOW:
            return None
        return self._options.write_seconds if name in _WRITES else self._options.answer_seconds

    def _note(self, fault: Fault, seconds: float) -> None:
        """Count a call that failed; the first that opens the breaker starts asking."""
        if fault.kind != "away":
            self._breaker.answered()
        elif self._breaker.failed(fault.text, seconds) and not self._closed.is_set():
            _log.warning("Milvus at %s does not answer: %s", self._uri, fault.text)
            self._prober = threading.Thread(
                target=self._probe, name=f"asking {self._uri}", daemon=True
            )
            self._prober.start()

    def _probe(self) -> None:
        """Ask until the server answers: the read that was not answered last, if there is one."""
        while not self._closed.wait(self._breaker.pause()):
            self._breaker.probe()
            name, request = self._failed_read or ("GetVersion", GetVersionRequest())
            fault = self._ask(name, request)
            away = fault is not None and fault.kind == "away"
            self._breaker.probed(fault.text if fault is not None and away else None)
            if not away:
                _log.warning("Milvus at %s answers again", self._uri)
                self._failed_read = None
                return

    def _ask(self, name: str, request: Any) -> Fault | None:
        try:
            self._link.rpc(name, request, self._options.answer_seconds)
        except FAULTS as error:
            return fault_of(error)
        return None

    def _refusal(self) -> VectorsAway:
        health = self._breaker.health
        return VectorsAway(
            f"Milvus at {self._uri} has not answered since {health.since:%H:%M:%S} UTC "
            f"({health.error}), so it is not asked until it does. Start the server, or mend "
            f"NEARFIELD_MILVUS_URI."
        )

    def _error(self, fault: Fault) -> VectorsAway:
        if fault.kind == "token":
            return VectorsAway(
                f"Milvus at {self._uri} does not accept the token: {fault.text}. Set "
                f"NEARFIELD_MILVUS_TOKEN to user:password of a user that the server knows."
            )
        if fault.kind == "certificate":
            return VectorsAway(
                f"Milvus at {self._uri} and this side do not trust each other: {fault.text}. Set "
                f"NEARFIELD_MILVUS_CA to the certificate of who signed the server's, "
                f"NEARFIELD_MILVUS_SERVER_NAME to the name in it, and where the server asks for "
                f"one, NEARFIELD_MILVUS_CERTIFICATE and NEARFIELD_MILVUS_KEY."
            )
        if fault.kind == "asleep":
            return VectorsAway(
                f"Milvus at {self._uri} is still bringing the vectors into memory: {fault.text}. "
                f"Ask again in a moment."
            )
        if fault.kind == "refused":
            return VectorsAway(
                f"Milvus at {self._uri} refused: {fault.text}. Run `nearfield doctor`; what it "
                f"holds can be published again from the models."
            )
        return VectorsAway(
            f"Milvus at {self._uri} does not answer: {fault.text}. Start the server or mend "
            f"NEARFIELD_MILVUS_URI; where that is not set, Milvus Lite inside the home is used."
        )
