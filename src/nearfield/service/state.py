"""What the routes share: the home, its recommenders, the queue of long work."""

import logging
import threading
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import cached_property, partial, wraps
from typing import TYPE_CHECKING, Annotated, Any, Final, ParamSpec, Self, TypeVar

import anyio.to_thread
from fastapi import Depends, Path, Request

from nearfield.catalogue.catalogue import Catalogue
from nearfield.catalogue.schema import NAME_LENGTH
from nearfield.errors import NearfieldError, NotFound, Unavailable
from nearfield.pipelines.names import RECOMMENDERS
from nearfield.pipelines.recommenders import Recommenders
from nearfield.pipelines.stores import Stores
from nearfield.service.config import ServiceConfig
from nearfield.service.gate import Gate
from nearfield.service.vitals import Vitals

if TYPE_CHECKING:
    from nearfield.jobs.queue import JobQueue
    from nearfield.pipelines.map_pictures import Pictures


P = ParamSpec("P")
T = TypeVar("T")

_log = logging.getLogger(__name__)

_AGAIN: Final = 1.0
"""Seconds until Milvus, or the database, is looked for again."""

_FRESH: Final = 1.0
"""Seconds for which a catalogue that another process removed and made anew, or an item that it
changed on a database server, may still answer as it was."""


class Service:
    """One home, open for the time that the service runs.

    Parameters
    ----------
    config : ServiceConfig
        Where the state lies.
    ready : callable, optional
        Tells which of the processes beside this one are alive, by name.
    """

    def __init__(
        self, config: ServiceConfig, ready: Callable[[], dict[str, bool]] | None = None
    ) -> None:
        self.config = config
        self.stores = Stores(
            config.home,
            config.milvus_uri,
            config.milvus_token,
            config.database_url,
            served=ready is not None and config.milvus_uri is None,
            milvus=config.milvus,
            fresh=_FRESH,
            hurried=True,
        )
        self.recommenders = Recommenders(self.stores, config.keeping)
        self.processes = ready or dict
        remote = config.milvus_uri is not None
        self.gate = Gate(config.milvus.answer_seconds if remote else None)
        self.vitals = Vitals(
            {
                "database": lambda: self.stores.catalogues.names(),
                "milvus": self._ask_milvus,
            }
        )
        self._is_near = False
        self._ends = threading.Event()
        self._told = ""
        self._catalogues: dict[str, tuple[float, Catalogue]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self.gate.close()
        if "queue" in self.__dict__:
            self.queue.close()
        self.stores.close()

    @cached_property
    def queue(self) -> "JobQueue":
        """Long work for the worker."""
        from nearfield.jobs.queue import JobQueue

        return JobQueue(self.stores, self.config.redis_url)

    @cached_property
    def pictures(self) -> "Pictures":
        """Maps of the spaces."""
        from nearfield.pipelines.map_pictures import Pictures

        return Pictures(self.stores)

    def keep_warm(self) -> None:
        """Warm up, again and again until it succeeds, and after each outage of Milvus."""
        while not self.warm_up() and not self._ends.wait(_AGAIN):
            pass
        while self.config.milvus_uri is not None and not self._ends.wait(_AGAIN):
            if self.recommenders.outage.lasts:
                self.warm_up()

    def warm_up(self) -> bool:
        """Open what answers for every catalogue, so that the first who asks need not wait."""
        try:
            for name in self.stores.catalogues.names():
                for space in RECOMMENDERS:
                    with suppress(NotFound):
                        self.recommenders.open(name, space)
                self.catalogue(name).browse(limit=1)  # which lists all items once
        except NearfieldError as error:
            if str(error) != self._told:
                _log.warning("not everything could be opened: %s", error)
            self._told = str(error)
            return False
        # with a server there is always something to wait for
        config = self.config
        self._is_near = config.milvus_uri is None and config.database_url is None
        self._told = ""
        return True

    async def run(self, work: Callable[P, T], *args: P.args, **options: P.kwargs) -> T:
        """Return what short work returns, without keeping others waiting.

        Where all is open and lies in this process, an answer takes a millisecond or two: less
        than to hand it to a thread, whose turns with this one add 5 ms where many ask at once.
        Else it is made in a thread; where it waits for Milvus too long, without vectors. It may be
        done twice, and must not change anything.
        """
        if self._is_near:
            return work(*args, **options)
        return await self.gate.run(partial(work, *args, **options))

    async def write(self, work: Callable[P, T], *args: P.args, **options: P.kwargs) -> T:
        """As `run`, for what writes a row of SQL."""
        if self._is_near:
            return work(*args, **options)
        return await anyio.to_thread.run_sync(partial(work, *args, **options))

    def _ask_milvus(self) -> None:
        """Raise `Unavailable` where Milvus does not answer, or did not answer somebody just now."""
        self.stores.spaces.ping()
        if self.recommenders.outage.is_recent:
            raise Unavailable("Milvus answers calls, but did not answer a search a moment ago.")

    def catalogue(self, name: str) -> Catalogue:
        """Return a catalogue; NotFound where there is none of that name.

        Whether there is one, and whether it is still the same, is asked every second.
        """
        known = self.known(name)
        if known is not None:
            return known
        found = self.stores.catalogues.get(name)
        self._catalogues[name] = time.monotonic() + _FRESH, found
        return found

    def known(self, name: str) -> Catalogue | None:
        """Return a catalogue that was looked for a moment ago; None where SQL must be asked."""
        until, found = self._catalogues.get(name, (0.0, None))
        return found if until > time.monotonic() else None


def patiently(handle: Callable[P, T]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Let a route that reads from Milvus wait in a thread for that; see `Gate.run`.

    The route needs the parameter `service`.
    """

    @wraps(handle)
    async def waiting(*args: P.args, **given: P.kwargs) -> T:
        service = given["service"]
        assert isinstance(service, Service)
        return await service.gate.run(partial(handle, *args, **given))

    return waiting


def service_of(request: Request) -> Service:
    """Return the service that answers a request."""
    found: Service = request.app.state.service
    return found


async def _service(request: Request) -> Service:
    """Return it at once: what is no coroutine would be called in a thread of its own."""
    return service_of(request)


ServiceOf = Annotated[Service, Depends(_service)]
"""The parameter by which a route gets the service."""


async def catalogue_of(
    catalogue: Annotated[str, Path(max_length=NAME_LENGTH)], service: ServiceOf
) -> Catalogue:
    """Return the catalogue that a path names; SQL is asked in a thread, for it may be slow."""
    found = service.known(catalogue)
    if found is None:
        found = await anyio.to_thread.run_sync(service.catalogue, catalogue)
    return found


CatalogueOf = Annotated[Catalogue, Depends(catalogue_of)]
"""The parameter by which a route gets the catalogue of its path."""
