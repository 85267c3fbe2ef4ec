"""API keys: make, list, remove."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import Response

from nearfield.catalogue.keys import KeyScope
from nearfield.service.bodies import Body
from nearfield.service.replies import reply
from nearfield.service.state import ServiceOf

router = APIRouter(prefix="/api/keys", tags=["keys"])


class KeyBody(Body):
    """What a key is called, and what it may do."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    scopes: Annotated[list[KeyScope], Field(min_length=1)]


class KeyReply(BaseModel):
    """A key as it is kept: without itself."""

    name: str
    scopes: list[str]
    created: str


class NewKeyReply(KeyReply):
    """A new key; it is told this once, and kept as a hash only."""

    key: str


class KeysReply(BaseModel):
    """All keys, by name."""

    keys: list[KeyReply]


@router.get("", response_model=KeysReply)
def list_keys(service: ServiceOf) -> Response:
    """List the keys, without themselves."""
    return reply({"keys": [one.as_data() for one in service.stores.catalogues.keys.list()]})


@router.post("", response_model=NewKeyReply, status_code=201)
def add_key(service: ServiceOf, body: KeyBody) -> Response:
    """Make a key, and tell it this once."""
    keys = service.stores.catalogues.keys
    key = keys.add(body.name, list(body.scopes))
    made = next(one for one in keys.list() if one.name == body.name)
    return reply({**made.as_data(), "key": key}, 201)


@router.delete("/{name}", status_code=204)
def remove_key(service: ServiceOf, name: str) -> Response:
    """Remove a key; it opens nothing any more after ten seconds."""
    service.stores.catalogues.keys.remove(name)
    return Response(status_code=204)
