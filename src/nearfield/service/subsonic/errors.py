"""Errors in Subsonic's own form: a code that players know, and a text."""

from enum import IntEnum

from nearfield.errors import NearfieldError, NotFound


class Code(IntEnum):
    """What players understand of an error."""

    ANY = 0
    MISSING = 10
    CLIENT_TOO_OLD = 20
    SERVER_TOO_OLD = 30
    WRONG_PASSWORD = 40
    NO_TOKENS = 41
    NO_SUCH_LOGIN = 42
    SEVERAL_LOGINS = 43
    WRONG_KEY = 44
    NOT_ALLOWED = 50
    NOT_FOUND = 70


class SubsonicError(Exception):
    """A request that is answered with an error.

    Parameters
    ----------
    code : Code
        For the player.
    message : str
        For whoever uses it: what came, what was wanted, what to do.
    """

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def of_ours(error: NearfieldError) -> SubsonicError:
    """Return an error of ours as players are told it."""
    code = Code.NOT_FOUND if isinstance(error, NotFound) else Code.ANY
    return SubsonicError(code, str(error))
