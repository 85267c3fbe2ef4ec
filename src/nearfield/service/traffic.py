"""Around every request: its id, its log line, its figures, the headers that keep browsers safe."""

import asyncio
import re
import secrets
import time
from typing import Final

import structlog
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nearfield.recommend.stages import observed
from nearfield.service.metrics import Metrics

CONTENT_POLICY: Final = (
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""Nothing from elsewhere, and no script or style that is not a file of ours."""

_HEADERS: Final = (
    (b"content-security-policy", CONTENT_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
"""Added where a route does not say otherwise."""

_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
"""Ids of requests that are taken over from a caller; others could break a log line."""

_QUIET: Final = ("/healthz", "/readyz", "/metrics", "/static")
"""Asked every few seconds by machines, or files of a page: not logged unless they fail."""

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})
"""Names that get a figure of their own; any other text would be one more for ever."""


class Traffic:
    """The outermost layer.

    Parameters
    ----------
    app : ASGI application
        What answers.
    metrics : Metrics
        Counts requests and stages.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics
        self._log = structlog.get_logger("nearfield.service")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request = given if _ID.fullmatch(given) else secrets.token_hex(8)
        start, status = time.perf_counter(), 500
        stages: list[tuple[str, float]] = []

        def note(name: str, seconds: float) -> None:
            stages.append((name, seconds))

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = list(message.get("headers", ()))
                told = {name for name, _ in headers}
                headers += [one for one in _HEADERS if one[0] not in told]
                message["headers"] = [*headers, (b"x-request-id", request.encode())]
            await send(message)

        scope.setdefault("state", {})["request_id"] = request
        with structlog.contextvars.bound_contextvars(request=request):
            try:
                with observed(note):
                    await self._app(scope, receive, sending)
            finally:
                # in the loop's next turn: what was answered leaves at the end of this one
                asyncio.get_running_loop().call_soon(
                    self._count, scope, status, time.perf_counter() - start, stages
                )

    def _count(
        self, scope: Scope, status: int, seconds: float, stages: list[tuple[str, float]]
    ) -> None:
        for stage in stages:
            self._metrics.stage(*stage)
        route = getattr(scope.get("route"), "path", "") or "(none)"
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._metrics.requests.labels(method, route, str(status)).inc()
        self._metrics.seconds.labels(route).observe(seconds)
        if status < 500 and scope["path"].startswith(_QUIET):
            return
        tell = self._log.error if status >= 500 else self._log.info
        tell(
            "request",
            method=scope["method"],
            path=scope["path"],
            status=status,
            ms=round(1000 * seconds, 2),
        )
