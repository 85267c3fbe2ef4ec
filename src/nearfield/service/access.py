"""Who may ask what: API keys with scopes, and how often."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import urlsplit

import anyio.to_thread
from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from nearfield.catalogue.keys import SCOPES
from nearfield.errors import NearfieldError
from nearfield.service.problems import Refusal, problem, problem_of

COOKIE: Final = "nearfield_key"
"""Set by the page where a person gave a key; no script can read it."""

_OPEN: Final = ("/healthz", "/readyz", "/api/login", "/api/logout", "/static/", "/openapi.json")
"""What anybody may read: whether the service lives, the page, and the way in."""

_ADMIN: Final = ("jobs", "models", "spaces", "keys", "import", "export", "experiments")
"""Parts of an address that only scope `admin` may change, and in part read."""

_ASKING: Final = ("recommend",)
"""Posts that change nothing."""

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})

_REMEMBERED: Final = 10.0
"""Seconds for which a key is not looked up again: so long a removed one still opens."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks.

    Parameters
    ----------
    name : str
        Of the key, or the address.
    scopes : frozenset of str
        What it may do.
    """

    name: str
    scopes: frozenset[str]


def scope_needed(method: str, path: str) -> str | None:
    """Return which scope a request needs; None where anybody may ask.

    >>> scope_needed("GET", "/api/catalogues"), scope_needed("POST", "/api/catalogues/m/recommend")
    ('read', 'read')
    >>> scope_needed("POST", "/api/catalogues/m/events"), scope_needed("POST", "/api/keys")
    ('write', 'admin')
    >>> scope_needed("GET", "/metrics")
    'metrics'
    """
    if path.startswith(_OPEN) or not path.startswith(("/api/", "/rest/", "/metrics")):
        return None
    parts = path.strip("/").split("/")
    if path.startswith("/metrics"):
        return "metrics"
    if parts[:2] == ["api", "keys"]:
        return "admin"
    if parts[0] == "rest":
        return None  # players send the key in a form of their own, which is read there
    place = parts[3] if parts[1:2] == ["catalogues"] and len(parts) > 3 else parts[1]
    if method in _SAFE:
        return "admin" if place == "export" else "read"
    if place in _ASKING:
        return "read"
    return "admin" if place in _ADMIN else "write"


@dataclass(frozen=True, slots=True)
class Origins:
    """From where browsers may be sent here.

    Without keys this is what keeps a page from elsewhere, opened on the same machine, from reading
    and writing: browsers say which page asks, and by what name they found the service.

    Parameters
    ----------
    allowed : frozenset of str
        Origins of other pages, e.g. ``https://example.org``.
    hosts : frozenset of str
        Names by which the service may be called, without port; empty is any.
    """

    allowed: frozenset[str]
    hosts: frozenset[str]

    def check(self, method: str, headers: Mapping[str, str]) -> None:
        """Raise `Refusal` where a request was made by a page that may not make it."""
        host = headers.get("host", "")
        name = (urlsplit(f"//{host}").hostname or "") if host else ""
        if self.hosts and name not in self.hosts:
            raise Refusal(
                421, f"this service is not called {name!r}. Let it be: `serve --origin URL`."
            )
        origin = headers.get("origin")
        if method in _SAFE or origin is None or origin in self.allowed:
            return
        if urlsplit(origin).netloc != host:
            raise Refusal(403, f"a page of {origin!r} may not write here. See `serve --origin`.")


class Access:
    """Lets those through who may ask.

    Parameters
    ----------
    app : ASGI application
        What answers.
    find : callable, optional
        Gives the name and the scopes of a key, None where it is unknown; where not given
        everybody may do everything.
    origins : Origins
        From where browsers may be sent here.
    requests : int
        Most of one caller in a second; 0 is no limit.
    """

    def __init__(
        self,
        app: ASGIApp,
        find: Callable[[str], tuple[str, frozenset[str]] | None] | None,
        origins: Origins,
        requests: int,
    ) -> None:
        self._app = app
        self._find = find
        self._origins = origins
        self._known: dict[str, tuple[float, Caller | None]] = {}
        self._limit = RateLimitItemPerSecond(requests) if requests else None
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            caller = await self._check(scope)
        except Refusal as refusal:
            request = Request(scope)
            refused = problem(request, refusal.status, refusal.detail, headers=refusal.headers)
            await refused(scope, receive, send)
            return
        except NearfieldError as error:  # nobody knows whose key it is while SQL is away
            await problem_of(Request(scope), error)(scope, receive, send)
            return
        scope.setdefault("state", {})["caller"] = caller
        await self._app(scope, receive, send)

    async def _check(self, scope: Scope) -> Caller:
        headers = Headers(scope=scope)
        client = scope.get("client")
        anybody = Caller(client[0] if client else "", frozenset(SCOPES))
        needed = scope_needed(scope["method"], scope["path"])
        self._origins.check(scope["method"], headers)
        caller = anybody
        if self._find is not None and needed is not None:
            key = key_of(headers)
            found = await self._look_up(key) if key else None
            if found is None:
                raise Refusal(401, _NO_KEY, {"WWW-Authenticate": "Bearer"})
            if needed not in found.scopes and "admin" not in found.scopes:
                raise Refusal(403, f"the key {found.name!r} lacks the scope {needed!r}.")
            caller = found
        players = scope["path"].startswith("/rest/")  # whose key is not read yet
        if self._limit is not None and (needed is not None or players):
            self._check_rate(self._limit, caller)
        return caller

    def _check_rate(self, limit: RateLimitItemPerSecond, caller: Caller) -> None:
        if not self._limiter.hit(limit, caller.name):
            raise Refusal(
                429,
                f"more than {limit.amount} requests in a second came from {caller.name!r}. Ask "
                f"again a little later.",
                {"Retry-After": "1"},
            )

    async def _look_up(self, key: str) -> Caller | None:
        assert self._find is not None
        now = time.monotonic()
        known = self._known.get(key)
        if known is not None and known[0] > now:
            return known[1]
        found = await anyio.to_thread.run_sync(self._find, key)
        caller = None if found is None else Caller(*found)
        if len(self._known) > 10_000:
            self._known.clear()
        if caller is not None:
            self._known[key] = (now + _REMEMBERED, caller)
        return caller


_NO_KEY: Final = (
    "an API key is needed, and none that is known came. Send it as `Authorization: Bearer KEY`; "
    "`nearfield keys add NAME --scope read` makes one."
)


def key_of(headers: Headers) -> str:
    """Return the key that came with a request; "" where none did."""
    kind, _, key = headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and key.strip():
        return key.strip()
    if found := headers.get("x-api-key", ""):
        return found
    return _cookie(headers.get("cookie", ""))


def _cookie(text: str) -> str:
    try:
        found = SimpleCookie(text).get(COOKIE)
    except CookieError:
        return ""
    return "" if found is None else found.value
