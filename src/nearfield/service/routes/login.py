"""The way in for a person with a key: a cookie that no script can read."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from nearfield.service.access import COOKIE
from nearfield.service.bodies import Body
from nearfield.service.problems import Refusal
from nearfield.service.replies import reply
from nearfield.service.state import ServiceOf

router = APIRouter(prefix="/api", tags=["keys"])

_DAYS = 30


class LoginBody(Body):
    """An API key."""

    key: Annotated[str, Field(min_length=1, max_length=200)]


class LoginReply(BaseModel):
    """Whose key it is, and what it may do."""

    name: str
    scopes: list[str]


@router.post("/login", response_model=LoginReply)
def login(service: ServiceOf, request: Request, body: LoginBody) -> Response:
    """Remember a key in this browser."""
    found = service.stores.catalogues.keys.find(body.key)
    if found is None:
        raise Refusal(
            401, "this key is not known. `nearfield keys add NAME --scope read` makes one."
        )
    name, scopes = found
    answer = reply({"name": name, "scopes": sorted(scopes)})
    answer.set_cookie(
        COOKIE,
        body.key,
        max_age=_DAYS * 86_400,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return answer


@router.post("/logout", status_code=204)
async def logout() -> Response:
    """Forget the key in this browser."""
    answer = Response(status_code=204)
    answer.delete_cookie(COOKIE)
    return answer
