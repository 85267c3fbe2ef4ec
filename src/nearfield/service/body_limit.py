"""Refuse bodies that are larger than wanted, while they come."""

from typing import Final

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nearfield.service.config import Limits
from nearfield.service.problems import problem

_FILES: Final = ("/uploads", "/import")
"""Ends of the addresses that take files."""


class _TooLarge(Exception):
    """More came than is taken."""


class BodyLimit:
    """Counts the bytes of a body and stops reading where there are too many.

    Parameters
    ----------
    app : ASGI application
        What answers.
    limits : Limits
        How many bytes are taken.
    """

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, with 413 where its body is too large."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = self._limits.upload if scope["path"].endswith(_FILES) else self._limits.body
        told = Headers(scope=scope).get("content-length", "0")
        if told.isdecimal() and int(told) > most:
            await _refuse(scope, receive, send, most)
            return
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, _counted(receive, most), sending)
        except _TooLarge:
            if begun:
                raise
            await _refuse(scope, receive, send, most)


def _counted(receive: Receive, most: int) -> Receive:
    taken = 0

    async def receiving() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > most:
            raise _TooLarge
        return message

    return receiving


async def _refuse(scope: Scope, receive: Receive, send: Send, most: int) -> None:
    detail = f"the body is larger than {most:,} bytes, which is the most that is taken here."
    await problem(Request(scope), 413, detail, headers={"Connection": "close"})(
        scope, receive, send
    )
