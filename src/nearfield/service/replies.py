"""What the core of the service answers: items, recommendations, catalogues."""

from typing import Any, Final

import orjson
from pydantic import BaseModel
from starlette.responses import Response

from nearfield.catalogue.facts import Item
from nearfield.types import Degraded, PublicId, Recommendation, Recommendations

DEGRADED: Final = "X-Nearfield-Degraded"
"""The header of an answer that is less than it could be."""


class ItemReply(BaseModel):
    """An item as its owner described it."""

    id: int | str
    title: str
    year: int | None
    genres: list[str]
    attributes: dict[str, str]


class ReasonReply(BaseModel):
    """Why something is recommended."""

    text: str
    share: float
    item: int | str | None
    space: str | None


class RecommendationReply(BaseModel):
    """An item and how well it fits."""

    item: int | str
    title: str
    score: float | None
    """Cosine, in [-1, 1]; of what is popular, its share of the most popular one's users."""
    space: str
    reasons: list[ReasonReply]
    year: int | None
    genres: list[str]
    attributes: dict[str, str]


class Answer(BaseModel):
    """A list, best first, and what it is from."""

    items: list[RecommendationReply]
    space: str
    models: dict[str, str]
    """The version of each space that was asked."""
    degraded: Degraded | None = None
    """Not null where Milvus did not answer: `last-good` is the answer to the same question before,
    `popular` what is popular, `partial` what the other spaces of a blend say."""
    arm: str | None = None


class SpaceReply(BaseModel):
    """A version that answers."""

    space: str
    version: str
    rows: int
    dim: int
    created: str


class CatalogueReply(BaseModel):
    """What a catalogue holds, and what answers for it."""

    name: str
    items: int
    users: int
    events: int
    created: str
    music: bool
    spaces: list[SpaceReply]
    default_space: str | None


def item_data(item: Item) -> dict[str, Any]:
    """Return the fields of `ItemReply`."""
    return {
        "id": item.id,
        "title": item.title,
        "year": item.year,
        "genres": list(item.genres),
        "attributes": dict(item.attributes),
    }


def recommendation_data(one: Recommendation) -> dict[str, Any]:
    """Return the fields of `RecommendationReply`; a score that is not known becomes null."""
    return {
        "item": one.item,
        "title": one.title,
        "score": one.score,
        "space": one.space,
        "reasons": [
            {"text": why.text, "share": why.share, "item": why.item, "space": why.space}
            for why in one.reasons
        ],
        "year": one.year,
        "genres": list(one.genres),
        "attributes": dict(one.attributes),
    }


def reply(content: Any, status: int = 200) -> Response:
    """Return data as JSON, NaN as null: they are our own, so they are not checked once more."""
    body = orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY)
    return Response(body, status, media_type="application/json")


def answer(found: Recommendations, arm: str | None = None) -> Response:
    """Return an `Answer`."""
    made = reply(
        {
            "items": [recommendation_data(one) for one in found],
            "space": found.space,
            "models": dict(found.models),
            "degraded": found.degraded,
            "arm": arm,
        }
    )
    return marked(made, found.degraded)


def marked(response: Response, degraded: Degraded | None) -> Response:
    """Return a response whose header says that it is less than it could be, where it is."""
    if degraded is not None:
        response.headers[DEGRADED] = degraded
    return response


def ids_of(text: str) -> list[PublicId]:
    """Read ids of a query, "a,b,c".

    >>> ids_of("1, b,")
    ['1', 'b']
    """
    return [part.strip() for part in text.split(",") if part.strip()]
