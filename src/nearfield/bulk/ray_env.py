"""What Ray reads from the environment when it is imported; so nothing of Ray is imported here."""

import os
import secrets
import sys
from typing import Final

from nearfield.errors import InvalidInput

_QUIET: Final = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
"""Tell nobody about us, and say only what is wrong."""

_MODE: Final = "RAY_AUTH_MODE"
_TOKEN: Final = "RAY_AUTH_TOKEN"


def prepare_environment(local: bool) -> None:
    """Set what Ray is to find when it is imported next; what is set already stays.

    Parameters
    ----------
    local : bool
        Whether a Ray is to be started here. Others who use this machine shall not use it: it
        asks for a token that only this process and those it starts know.

    Raises
    ------
    InvalidInput
        If Ray was imported already, and without a token.
    """
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    if not local or _TOKEN in os.environ:
        return
    if sys.modules.get("ray") is not None:
        raise InvalidInput(
            f"this program has imported Ray before, and without a token. Set {_MODE}=token and "
            f"{_TOKEN} before it does, or name a cluster: ray://HOST:PORT."
        )
    os.environ[_MODE] = "token"
    os.environ[_TOKEN] = secrets.token_hex(16)
