"""Users: find them, read one, make them known, erase them."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from nearfield.datasets.tables import EVENT_KINDS
from nearfield.service.bodies import Body
from nearfield.service.replies import reply
from nearfield.service.routes.items import ChangesReply
from nearfield.service.state import CatalogueOf, ServiceOf

router = APIRouter(prefix="/api/catalogues/{catalogue}/users", tags=["users"])

UserId = Annotated[str, Path(description="the owner's id")]


class UserReply(BaseModel):
    """A user, and what is known of them."""

    id: int | str
    attributes: dict[str, str]
    events: int
    """How many there are of them."""


class UsersReply(BaseModel):
    """A page of users."""

    users: list[UserReply]
    next: str | None
    """The cursor of the next page; none where this was the last."""


class HistoryReply(BaseModel):
    """Something that a user did."""

    item: int | str
    title: str
    kind: str
    value: float | None
    time: int
    """Seconds since 1970."""


class UserDetails(UserReply):
    """A user, and what they did last, newest first."""

    history: list[HistoryReply]


class UserBody(Body):
    """What is to be known of a user; null takes a value away, what is not named stays."""

    attributes: dict[str, str | int | float | bool | None] = Field(default_factory=dict)


class ErasedReply(BaseModel):
    """What erasing a user removed."""

    catalogue: str
    events: int
    answers: int
    """Of experiments."""
    jobs: int
    """Accounts of jobs that named them."""
    files: int
    models: list[str]
    """Models that learned from them too: they hold numbers without a name."""
    notes: list[str]


@router.get("", response_model=UsersReply)
def list_users(
    catalogue: CatalogueOf,
    q: Annotated[str, Query(description="the beginning of an id", max_length=255)] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
) -> Response:
    """List users, a page at a time."""
    page = catalogue.users_page(q, limit, cursor)
    users = [
        {"id": one.id, "attributes": one.attributes, "events": one.events} for one in page.users
    ]
    return reply({"users": users, "next": page.next})


@router.get("/{user}", response_model=UserDetails)
def get_user(
    catalogue: CatalogueOf, user: UserId, limit: Annotated[int, Query(ge=0, le=1000)] = 50
) -> Response:
    """Tell what is known of a user, and what they did last."""
    key, attributes = catalogue.user(user)
    told: dict[str, Any] = {
        "id": int(user) if catalogue.integer_user_ids() else user,
        "attributes": attributes,
        "events": catalogue.events_of(key),
        "history": _history(catalogue, key, limit),
    }
    return reply(told)


@router.put("/{user}", response_model=ChangesReply)
def put_user(catalogue: CatalogueOf, user: UserId, body: UserBody) -> Response:
    """Make a user known, or change what is known of them; one who was erased is known again."""
    return reply(catalogue.put_user(user, body.attributes)._asdict())


@router.delete("/{user}", response_model=ErasedReply)
def erase_user(catalogue: CatalogueOf, service: ServiceOf, user: UserId) -> Response:
    """Erase a user with all events, so that no byte of them is left; it cannot be undone."""
    from nearfield.pipelines.erase import erase
    from nearfield.pipelines.progress import finish

    return reply(finish(erase(service.stores, catalogue.name, user)).summary())


def _history(catalogue: CatalogueOf, user: int, limit: int) -> list[dict[str, Any]]:
    found = catalogue.history(user, limit)
    items = catalogue.items(found.items)
    rows = zip(items, found.kinds.tolist(), found.values, found.times.tolist(), strict=True)
    return [
        {
            "item": item.id,
            "title": item.title,
            "kind": EVENT_KINDS[kind],
            "value": value,
            "time": time,
        }
        for item, kind, value, time in rows
    ][::-1]
