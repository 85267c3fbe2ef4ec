"""The two questions that are asked most, answered before the framework looks for a route.

To find a route, fill in parameters and open what they may need takes half of the time that the
service spends besides the search. What is not quite usual goes the usual way, so the routes stay
what defines and describes these questions.
"""

import re
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl

import orjson
from pydantic import BaseModel, ValidationError
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nearfield.catalogue.catalogue import Catalogue
from nearfield.errors import NearfieldError
from nearfield.service.problems import Refusal, problem_of
from nearfield.service.routes.items import LONGEST_ID, SimilarQuery, find_similar
from nearfield.service.routes.recommend import Wish, find_recommended
from nearfield.service.state import Service

Asked = TypeVar("Asked", bound=BaseModel)

_PATH: Final = re.compile(r"/api/catalogues/([^/]+)/(?:items/([^/]+)/similar|(recommend))")


@dataclass(frozen=True, slots=True)
class _Route:
    """What layers outside read of the route that a request takes."""

    path: str


_SIMILAR: Final = _Route("/api/catalogues/{catalogue}/items/{item}/similar")
_RECOMMEND: Final = _Route("/api/catalogues/{catalogue}/recommend")


class Quick:
    """Answers `similar` and `recommend` of catalogues that were looked for a moment ago.

    Parameters
    ----------
    app : ASGI application
        Answers all else, and says what is wrong with what cannot be read.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http" and (found := _PATH.fullmatch(scope["path"])):
            service: Service = scope["app"].state.service
            catalogue = service.known(found[1])
            if catalogue is not None and not scope["root_path"]:
                if scope["method"] == "GET" and found[2]:
                    await self._similar(scope, receive, send, (service, catalogue, found[2]))
                    return
                if scope["method"] == "POST" and found[3] and _is_json(scope):
                    await self._recommend(scope, receive, send, (service, catalogue))
                    return
        await self._app(scope, receive, send)

    async def _similar(
        self, scope: Scope, receive: Receive, send: Send, of: tuple[Service, Catalogue, str]
    ) -> None:
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        asked = _read(SimilarQuery, dict(query))
        if asked is None or len(of[2]) > LONGEST_ID:
            await self._app(scope, receive, send)
            return
        scope["route"] = _SIMILAR
        await _reply(find_similar(*of, asked), scope, receive, send)

    async def _recommend(
        self, scope: Scope, receive: Receive, send: Send, of: tuple[Service, Catalogue]
    ) -> None:
        messages = await _whole(receive)
        wish = _read(Wish, _loads(messages))
        if wish is None:
            await self._app(scope, _again(messages, receive), send)
            return
        scope["route"] = _RECOMMEND
        await _reply(find_recommended(*of, wish), scope, receive, send)


async def _reply(response: Awaitable[Response], scope: Scope, receive: Receive, send: Send) -> None:
    try:
        made = await response
    except (NearfieldError, Refusal) as error:
        made = problem_of(Request(scope), error)
    await made(scope, receive, send)


def _read(kind: type[Asked], content: Any) -> Asked | None:
    """Return what is asked; None where it cannot be read."""
    try:
        return kind.model_validate(content)
    except ValidationError:
        return None


def _is_json(scope: Scope) -> bool:
    kind = Headers(scope=scope).get("content-type", "")
    return kind.partition(";")[0].strip().lower() == "application/json"


def _loads(messages: list[Message]) -> Any:
    """Return a body; what no wish can be read from where it is no JSON."""
    try:
        return orjson.loads(b"".join(one.get("body", b"") for one in messages))
    except orjson.JSONDecodeError:
        return None


async def _whole(receive: Receive) -> list[Message]:
    """Return the messages of a body."""
    messages = [await receive()]
    while messages[-1].get("more_body"):
        messages.append(await receive())
    return messages


def _again(messages: list[Message], receive: Receive) -> Receive:
    """Return what receives messages once more, and then what follows."""
    left = iter(messages)

    async def receiving() -> Message:
        for message in left:
            return message
        return await receive()

    return receiving
