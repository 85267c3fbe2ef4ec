"""What users did: the very next recommendation reflects it."""

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from nearfield.catalogue.live_rows import LAST_TIME
from nearfield.service.bodies import Body, Id
from nearfield.service.problems import Refusal
from nearfield.service.replies import reply
from nearfield.service.routes.items import ChangesReply
from nearfield.service.state import CatalogueOf, ServiceOf

router = APIRouter(prefix="/api/catalogues/{catalogue}", tags=["events"])


class EventBody(Body):
    """Somebody did something with an item."""

    user: Id
    item: Id
    kind: Literal["rated", "watched", "listened", "liked", "skipped", "disliked"] | None = None
    """Where not given: rated with a value, liked without."""
    value: Annotated[float, Field(allow_inf_nan=False)] | None = None
    time: Annotated[int, Field(ge=0, le=LAST_TIME)] | None = None
    """Seconds since 1970; now where not given."""


class EventsBody(Body):
    """A batch, oldest first: all of it goes in, or nothing."""

    events: list[EventBody]


@router.post("/events", response_model=ChangesReply)
def post_events(catalogue: CatalogueOf, service: ServiceOf, body: EventsBody) -> Response:
    """Add events; users that are not known are made, items must be known."""
    most = service.config.limits.events
    if len(body.events) > most:
        raise Refusal(413, f"{len(body.events)} events came, but one batch has at most {most}.")
    rows = [one.model_dump(exclude_none=True) for one in body.events]
    return reply(catalogue.post_events(rows)._asdict())
