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
        body = _Body(receive, send, most)
        try:
            await self._app(scope, body.receive, body.send)
        except _TooLarge:
            if body.answered:
                raise
        if body.is_over and not body.answered:
            await _refuse(scope, receive, send, most)


class _Body:
    """Counts what comes; once it is too much nothing that the application answers is sent.

    (Frameworks catch what reading a body raises, and answer something of their own.)
    """

    def __init__(self, receive: Receive, send: Send, most: int) -> None:
        self._receive = receive
        self._send = send
        self._left = most
        self.answered = False

    @property
    def is_over(self) -> bool:
        return self._left < 0

    async def receive(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self.is_over:
            raise _TooLarge
        return message

    async def send(self, message: Message) -> None:
        if self.is_over and not self.answered:
            return
        self.answered = True
        await self._send(message)


async def _refuse(scope: Scope, receive: Receive, send: Send, most: int) -> None:
    detail = f"the body is larger than {most:,} bytes, which is the most that is taken here."
    await problem(Request(scope), 413, detail, headers={"Connection": "close"})(
        scope, receive, send
    )
