"""The parameters of a call: of the address, and of the form that was posted."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request

from nearfield.service.subsonic.errors import Code, SubsonicError

_MANY: Final = 50_000
"""Parameters of one call; a playlist names each of its songs by one."""

_FORM: Final = "application/x-www-form-urlencoded"


class Params:
    """Parameters by name; some may be there several times.

    Parameters
    ----------
    pairs : sequence of (str, str)
        In the order in which they came.
    """

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            self._values.setdefault(name, []).append(value)

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def text(self, name: str, default: str = "") -> str:
        """Return a parameter, the first where there are several."""
        return self._values.get(name, [default])[0]

    def required(self, name: str) -> str:
        """Return a parameter that must be there."""
        if not (found := self.text(name)):
            raise SubsonicError(Code.MISSING, f"the parameter {name!r} is missing. Send it.")
        return found

    def all(self, name: str) -> list[str]:
        """Return every value of a parameter."""
        return list(self._values.get(name, ()))

    def number(self, name: str, default: int, low: int = 0, high: int = 2**31 - 1) -> int:
        """Return a whole number, brought between `low` and `high`."""
        text = self.text(name)
        return min(max(self._whole(name, text), low), high) if text else default

    def optional_number(self, name: str) -> int | None:
        """Return a whole number; None where there is none."""
        text = self.text(name)
        return self._whole(name, text) if text else None

    def numbers(self, name: str) -> list[int]:
        """Return every value of a parameter as a whole number."""
        return [self._whole(name, text) for text in self.all(name)]

    def flag(self, name: str, default: bool) -> bool:
        """Return a parameter that is true or false."""
        text = self.text(name).lower()
        return default if not text else text in ("true", "1", "yes")

    def _whole(self, name: str, text: str) -> int:
        try:
            if len(text) <= 18:
                return int(text)
        except ValueError:
            pass
        raise SubsonicError(
            Code.ANY, f"the parameter {name!r} is {text[:40]!r}, but a whole number is wanted."
        )


async def read_params(request: Request) -> Params:
    """Return what a request asks, by address and by form."""
    pairs = _pairs(request.scope["query_string"].decode("latin-1"))
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method == "POST" and kind == _FORM:
        pairs += _pairs((await request.body()).decode("latin-1"))
    return Params(pairs)


def _pairs(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=_MANY)
    except ValueError:
        raise SubsonicError(
            Code.ANY, f"more than {_MANY:,} parameters came. Send fewer at once."
        ) from None
