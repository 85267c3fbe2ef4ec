"""Who calls: a music player, with an API key in one of the forms that players can send."""

from dataclasses import dataclass
from typing import Final

from starlette.requests import Request

from nearfield.catalogue.keys import SCOPES
from nearfield.service.state import Service
from nearfield.service.subsonic.errors import Code, SubsonicError
from nearfield.service.subsonic.params import Params

_LISTENER: Final = "listener"
"""Whose ears they are where a service without keys is told no name."""

_VERSION: Final = (1, 16)
"""Newest version of the protocol that is spoken."""

_ADVICE: Final = "`nearfield keys add NAME --scope read` makes a key"


@dataclass(frozen=True, slots=True)
class Listener:
    """Who listens.

    Parameters
    ----------
    user : str
        The user of the catalogue whose events are written and read.
    scopes : frozenset of str
        What the key may do.
    """

    user: str
    scopes: frozenset[str]

    def may(self, scope: str) -> bool:
        """Tell whether the key has a scope."""
        return scope in self.scopes or "admin" in self.scopes


def log_in(service: Service, params: Params) -> Listener:
    """Return who calls.

    Raises
    ------
    SubsonicError
        If the key is missing or unknown, or came in a form that cannot be checked.
    """
    _check_version(params.required("v"))
    params.required("c")
    if not service.config.keys:  # only this machine reaches the service: all that is said passes
        return Listener(params.text("u") or _LISTENER, frozenset(SCOPES))
    if "apiKey" in params:
        return _by_key(service, params)
    return _by_password(service, params)


def check_sender(service: Service, request: Request) -> None:
    """Raise `SubsonicError` where a page from elsewhere makes a browser write something.

    Players are no browsers and say nothing of this. A browser sends a plain GET without telling
    of which page it is, but whether the page is one of ours.
    """
    headers = request.headers
    site = headers.get("sec-fetch-site", "none")
    if site not in ("none", "same-origin") and headers.get("origin") not in service.config.origins:
        raise SubsonicError(
            Code.NOT_ALLOWED, "a page from elsewhere may not write here. See `serve --origin`."
        )


def _by_key(service: Service, params: Params) -> Listener:
    if any(name in params for name in ("u", "p", "t", "s")):
        raise SubsonicError(
            Code.SEVERAL_LOGINS,
            "both an API key and a name or password came. Send `apiKey` alone.",
        )
    found = service.stores.catalogues.keys.find(params.text("apiKey"))
    if found is None:
        raise SubsonicError(Code.WRONG_KEY, f"this API key is not known. {_ADVICE}.")
    return Listener(*found)


def _by_password(service: Service, params: Params) -> Listener:
    user = params.required("u")
    if "t" in params or "s" in params:
        if "p" in params:
            raise SubsonicError(
                Code.SEVERAL_LOGINS, "both a password and a token came. Send the password alone."
            )
        raise SubsonicError(
            Code.NO_TOKENS,
            "keys are kept as hashes, so that a token of one cannot be checked. Let the player "
            "send the password itself (often called legacy or plain login), which is an API key, "
            "or `apiKey`.",
        )
    found = service.stores.catalogues.keys.find(_plain(params.required("p")))
    if found is None:
        raise SubsonicError(
            Code.WRONG_PASSWORD,
            f"the password is an API key, and this one is not known. {_ADVICE}.",
        )
    return Listener(user, found[1])


def _plain(password: str) -> str:
    """Return a password that came as it is, or as hexadecimal digits after ``enc:``."""
    if not password.startswith("enc:"):
        return password
    try:
        return bytes.fromhex(password.removeprefix("enc:")).decode("utf-8")
    except ValueError:
        return ""


def _check_version(text: str) -> None:
    try:
        major, minor, *_ = (int(part) for part in f"{text}.0".split("."))
    except ValueError:
        raise SubsonicError(
            Code.MISSING,
            f"the parameter 'v' is {text[:40]!r}, but a version such as 1.16.1 is wanted.",
        ) from None
    if (major, minor) > _VERSION:
        raise SubsonicError(
            Code.SERVER_TOO_OLD, f"version {text[:40]} came, but at most 1.16.1 is spoken here."
        )
    if major < 1:
        raise SubsonicError(Code.CLIENT_TOO_OLD, f"version {text[:40]} came; 1.0.0 is the first.")
