"""Items: find them, read one, find what is similar, put and delete."""

from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from typing import Annotated, Any, Final, Literal

import numpy as np
from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from nearfield.catalogue.catalogue import Catalogue
from nearfield.recommend.ask import MOST
from nearfield.service.bodies import Body, Id
from nearfield.service.problems import Refusal
from nearfield.service.replies import Answer, ItemReply, answer, ids_of, item_data, reply
from nearfield.service.state import CatalogueOf, Service, ServiceOf
from nearfield.types import Recommendations

router = APIRouter(prefix="/api/catalogues/{catalogue}/items", tags=["items"])

LONGEST_ID: Final = 255

ItemId = Annotated[str, Path(description="the owner's id", max_length=LONGEST_ID)]


class ItemsReply(BaseModel):
    """A page of items."""

    items: list[ItemReply]
    next: str | None
    """The cursor of the next page; none where this was the last."""


class SongReply(BaseModel):
    """What is known of the sound of a song."""

    duration: float
    """Seconds."""
    codec: str
    bitrate: int
    """Bits a second."""
    lossless: bool
    tempo: str | None
    """Beats a minute."""
    key: str | None
    files: list[str]


class ItemDetails(ItemReply):
    """All that is known of an item."""

    users: int
    song: SongReply | None


class SimilarQuery(BaseModel):
    """How what is near to an item is asked for."""

    k: Annotated[int, Field(ge=1, le=MOST)] = 10
    where: Annotated[str | None, Field(max_length=2000)] = None
    diversity: Annotated[float, Field(ge=0, le=1)] = 0.0
    exclude: Annotated[str, Field(description="ids: a,b,c", max_length=2000)] = ""
    space: Annotated[str | None, Field(description="or blend, or fusion:0.6,graph:0.4")] = None
    versions: Literal["one", "all"] = "one"


class ItemBody(Body):
    """What is to be known of an item."""

    title: str = Field(min_length=1)
    year: int | None = None
    genres: list[Annotated[str, Field(min_length=1, max_length=255)]] = Field(default_factory=list)
    attributes: dict[str, str] = Field(default_factory=dict)


class NamedItemBody(ItemBody):
    """The same with its id."""

    id: Id


class ItemsBody(Body):
    """Items to add or change."""

    items: list[NamedItemBody]


class ChangesReply(BaseModel):
    """What became of the rows of a batch."""

    added: int
    changed: int
    unchanged: int


@router.get("", response_model=ItemsReply)
def list_items(
    catalogue: CatalogueOf,
    q: Annotated[str, Query(description="words of the title", max_length=200)] = "",
    where: Annotated[str | None, Query(description="a condition", max_length=2000)] = None,
    sort: Annotated[
        Literal["best", "title", "popular", "new"] | None,
        Query(description="best match first where something is searched for, else by title"),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
) -> Response:
    """Find items by text and condition, a page at a time."""
    page = catalogue.browse(q=q, where=where, sort=sort, limit=limit, cursor=cursor or None)
    return reply({"items": [item_data(one) for one in page.items], "next": page.next})


@router.get("/{item}", response_model=ItemDetails)
def get_item(catalogue: CatalogueOf, item: ItemId) -> Response:
    """Tell what is known of an item."""
    keys = catalogue.item_keys([item])
    found = catalogue.items(keys)[0]
    return reply(
        {
            **item_data(found),
            "users": catalogue.users_of(int(keys[0])),
            "song": _song(catalogue, found.key, found.attributes),
        }
    )


@router.get("/{item}/similar", response_model=Answer)
async def similar_items(
    catalogue: CatalogueOf,
    service: ServiceOf,
    item: ItemId,
    asked: Annotated[SimilarQuery, Query()],
) -> Response:
    """Return what is nearest to an item, without itself and its copies.

    While Milvus does not answer, it is what was nearest before, or what has genres in common;
    `degraded` tells. 503 where there is neither.
    """
    return await find_similar(service, catalogue, item, asked)


async def find_similar(
    service: Service, catalogue: Catalogue, item: str, asked: SimilarQuery
) -> Response:
    """Answer `similar_items`."""

    def work() -> Recommendations:
        found = service.recommenders.get(catalogue.name, asked.space or None, asked.versions)
        return found.similar(item, asked.k, asked.where, asked.diversity, ids_of(asked.exclude))

    return answer(await service.run(work))


@router.put("/{item}", response_model=ChangesReply)
def put_item(catalogue: CatalogueOf, item: ItemId, body: ItemBody) -> Response:
    """Add an item, or change what is known of it; `refresh` gives it a vector."""
    return reply(catalogue.put_items([{"id": item, **body.model_dump()}])._asdict())


@router.put("", response_model=ChangesReply)
def put_items(catalogue: CatalogueOf, service: ServiceOf, body: ItemsBody) -> Response:
    """Add or change many items; all of them, or none where one cannot be used."""
    most = service.config.limits.items
    if len(body.items) > most:
        raise Refusal(413, f"{len(body.items)} items came, but one batch has at most {most}.")
    return reply(catalogue.put_items([one.model_dump() for one in body.items])._asdict())


@router.delete("/{item}", status_code=204)
async def delete_item(catalogue: CatalogueOf, service: ServiceOf, item: ItemId) -> Response:
    """Delete an item from SQL and from every space, with all events on it."""
    from nearfield.pipelines.forget_items import forget_items

    await service.gate.change(partial(forget_items, service.stores, catalogue.name, [item]))
    return Response(status_code=204)


def _song(catalogue: Catalogue, key: int, attributes: Mapping[str, str]) -> dict[str, Any] | None:
    """Return the fields of `SongReply`; None of what is no song."""
    keys = np.array([key], dtype=np.int64)
    quality = catalogue.sounds.qualities(keys).get(key)
    if quality is None:
        return None
    return {
        **asdict(quality),
        "tempo": attributes.get("tempo") or None,
        "key": attributes.get("key") or None,
        "files": [file.path for file in catalogue.sounds.contents(keys).get(key, [])],
    }
