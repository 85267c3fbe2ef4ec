"""The map of a space: where its items lie, their colours, and what they are."""

from typing import Annotated, Any, Final

import numpy as np
from fastapi import APIRouter, Header, Query
from pydantic import BaseModel
from starlette.responses import Response

from nearfield.errors import InvalidInput
from nearfield.service.replies import ItemReply, ids_of, item_data, reply
from nearfield.service.state import CatalogueOf, ServiceOf, patiently

router = APIRouter(prefix="/api/catalogues/{catalogue}/map", tags=["map"])

MOST: Final = 500
"""Items that one request may ask for."""

SpaceQuery = Annotated[str | None, Query(description="the first that has a map if not given")]
ByQuery = Annotated[str | None, Query(description="what colours mean: genre, album, artist")]
VersionQuery = Annotated[str | None, Query(description="409 where the map is of another one")]


class MapReply(BaseModel):
    """What a map shows."""

    space: str
    version: str
    count: int
    """Rows of `points`."""
    shown: int
    """Items among them that are still in the catalogue."""
    by: str
    """What colours mean; empty where nothing is known of any item."""
    choices: list[str]
    """What else they could mean."""
    colours: list[str]
    """What each colour means, most frequent first."""
    counts: list[int]
    bounds: list[float]
    """Smallest x and y, largest x and y."""
    spaces: list[str]
    """Spaces that have a map."""


class MapItemReply(ItemReply):
    """An item and its row among the points."""

    row: int


class MapItemsReply(BaseModel):
    """Items, in the order asked for; those that are not on the map are left out."""

    items: list[MapItemReply]


@router.get("", response_model=MapReply)
@patiently
def get_map(
    catalogue: CatalogueOf, service: ServiceOf, space: SpaceQuery = None, by: ByQuery = None
) -> Response:
    """Tell what a map shows; its points are at `map/points`."""
    picture = service.pictures.get(catalogue, space, by)
    return reply(
        {
            "space": picture.map.space,
            "version": picture.map.version,
            "count": len(picture.map.keys),
            "shown": int(picture.there.sum()),
            "by": picture.by,
            "choices": catalogue.label_kinds(),
            "colours": list(picture.names),
            "counts": list(picture.counts),
            "bounds": picture.bounds(),
            "spaces": service.pictures.spaces(catalogue),
        }
    )


@router.get(
    "/points",
    response_class=Response,
    responses={
        200: {
            "description": "float32 x and y of each row, then uint16 colour of each row, "
            "little-endian; 65535 is no colour, NaN an item that is gone",
            "content": {"application/octet-stream": {}},
        },
        304: {"description": "as it was"},
    },
)
@patiently
def get_points(
    catalogue: CatalogueOf,
    service: ServiceOf,
    space: SpaceQuery = None,
    by: ByQuery = None,
    version: VersionQuery = None,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """Return where every item lies, and its colour."""
    picture = service.pictures.get(catalogue, space, by, version)
    headers = {"ETag": f'"{picture.tag()}"', "Cache-Control": "private, no-cache"}
    if if_none_match is not None and headers["ETag"] in if_none_match:
        return Response(status_code=304, headers=headers)
    return Response(picture.body(), media_type="application/octet-stream", headers=headers)


@router.get("/items", response_model=MapItemsReply)
@patiently
def get_map_items(
    catalogue: CatalogueOf,
    service: ServiceOf,
    rows: Annotated[str, Query(description="rows: 1,2,3", max_length=5500)] = "",
    ids: Annotated[str, Query(description="or ids of items: a,b,c", max_length=5500)] = "",
    space: SpaceQuery = None,
    version: VersionQuery = None,
) -> Response:
    """Tell which items lie at some rows, or at which rows some items lie."""
    picture = service.pictures.get(catalogue, space, None, version)
    if bool(rows) == bool(ids):
        raise InvalidInput("say which items by `rows` or by `ids`, and not by both.")
    if ids:
        wanted = picture.rows_of(catalogue.item_keys(_few(ids_of(ids))))
    else:
        wanted = np.array([_row(one) for one in _few(ids_of(rows))], dtype=np.int64)
    found, keys = picture.keys_of(wanted)
    items = catalogue.items(keys)
    told = [
        {"row": row, **item_data(item)} for row, item in zip(found.tolist(), items, strict=True)
    ]
    return reply({"items": told})


def _few(asked: list[Any]) -> list[Any]:
    if not 0 < len(asked) <= MOST:
        raise InvalidInput(f"{len(asked)} items were asked for. Ask for 1 to {MOST} at a time.")
    return asked


def _row(text: Any) -> int:
    if not (str(text).isascii() and str(text).isdigit() and len(str(text)) < 10):
        raise InvalidInput(f"{text!r} is no row of the map. Rows are counted from 0.")
    return int(text)
