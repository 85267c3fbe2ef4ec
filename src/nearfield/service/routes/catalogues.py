"""Which catalogues there are."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import Response

from nearfield.catalogue.catalogue import Catalogue
from nearfield.catalogue.facts import CatalogueSummary
from nearfield.errors import Unavailable
from nearfield.pipelines.names import RECOMMENDERS
from nearfield.pipelines.without_vectors import check_waited_for
from nearfield.service.replies import CatalogueReply, reply
from nearfield.service.state import CatalogueOf, Service, ServiceOf, patiently
from nearfield.vectors.space import Space

router = APIRouter(prefix="/api/catalogues", tags=["catalogues"])


class CataloguesReply(BaseModel):
    """All catalogues, by name."""

    catalogues: list[CatalogueReply]


class GenreReply(BaseModel):
    """A genre, and how many items have it."""

    name: str
    items: int


class CatalogueDetails(CatalogueReply):
    """One catalogue, and what can be asked of it."""

    attributes: list[str]
    genres: list[GenreReply]


@router.get("", response_model=CataloguesReply)
@patiently
def list_catalogues(service: ServiceOf) -> Response:
    """List the catalogues, and which spaces answer for each."""
    found = service.stores.catalogues.summaries()
    return reply({"catalogues": [_summary(service, one) for one in found]})


@router.get("/{catalogue}", response_model=CatalogueDetails)
@patiently
def get_catalogue(catalogue: CatalogueOf, service: ServiceOf) -> Response:
    """Tell what one catalogue holds, and what can be asked of it."""
    summaries = service.stores.catalogues.summaries()
    found = next(one for one in summaries if one.name == catalogue.name)
    genres = [{"name": name, "items": items} for name, items in catalogue.genres()[:100]]
    told = {"attributes": catalogue.attribute_names(), "genres": genres}
    return reply({**_summary(service, found), **told})


def _summary(service: Service, found: CatalogueSummary) -> dict[str, Any]:
    catalogue = service.catalogue(found.name)
    spaces = _spaces(service, found.name)
    return {
        "name": found.name,
        "items": found.items,
        "users": found.users,
        "events": found.events,
        "created": found.created,
        "music": is_music(catalogue),
        "spaces": spaces,
        "default_space": service.recommenders.default_space(found.name) if spaces else None,
    }


def is_music(catalogue: Catalogue) -> bool:
    """Tell whether a catalogue is one of songs."""
    return catalogue.sounds.any()


def _spaces(service: Service, catalogue: str) -> list[dict[str, Any]]:
    """Return what answers; while Milvus is away what did, which must not hide the catalogues."""
    found: Sequence[Space | None]
    try:
        found = [service.stores.spaces.active(catalogue, name) for name in RECOMMENDERS]
    except Unavailable:
        check_waited_for()
        found = service.recommenders.known_spaces(catalogue)
    return [
        {
            "space": one.recommender,
            "version": one.version,
            "rows": one.rows,
            "dim": one.dim,
            "created": one.created.isoformat(timespec="seconds"),
        }
        for one in found
        if one is not None
    ]
