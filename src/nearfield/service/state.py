"""What the routes share: the home, its recommenders, the queue of long work."""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Self

from fastapi import Depends, Request

from nearfield.catalogue.catalogue import Catalogue
from nearfield.pipelines.recommenders import Recommenders
from nearfield.pipelines.stores import Stores
from nearfield.service.config import ServiceConfig

if TYPE_CHECKING:
    from nearfield.jobs.queue import JobQueue


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
            config.home, config.milvus_uri, config.milvus_token, config.database_url
        )
        self.recommenders = Recommenders(self.stores)
        self.processes = ready or dict
        self._catalogues: dict[str, Catalogue] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stores.close()

    @cached_property
    def queue(self) -> "JobQueue":
        """Long work for the worker."""
        from nearfield.jobs.queue import JobQueue

        return JobQueue(self.stores, self.config.redis_url)

    def catalogue(self, name: str) -> Catalogue:
        """Return a catalogue; NotFound where there is none of that name.

        The same object as long as it is the same catalogue: it keeps what is popular.
        """
        found = self.stores.catalogues.get(name)
        known = self._catalogues.get(name)
        if known is not None and known.uid == found.uid:
            return known
        self._catalogues[name] = found
        return found


def service_of(request: Request) -> Service:
    """Return the service that answers a request."""
    found: Service = request.app.state.service
    return found


ServiceOf = Annotated[Service, Depends(service_of)]
"""The parameter by which a route gets the service."""


def catalogue_of(catalogue: str, request: Request) -> Catalogue:
    """Return the catalogue that a path names."""
    return service_of(request).catalogue(catalogue)


CatalogueOf = Annotated[Catalogue, Depends(catalogue_of)]
"""The parameter by which a route gets the catalogue of its path."""
