"""Say where a page of a list ended, as a text that means nothing to anybody else."""

import base64
import hashlib
import json
from collections.abc import Sequence
from typing import Any, Final, NoReturn

from nearfield.catalogue.item_index import Place
from nearfield.errors import InvalidInput

_SHAPES: Final[dict[str, tuple[type, ...]]] = {
    "best": (int, int, int),
    "title": (str, int),
    "popular": (int, int),
    "new": (int,),
    "id": (int, object, int),
    "users": (int,),
    "users like": (int, str),
}
"""Of what the places of each order are made."""


class Cursors:
    """Writes and reads the cursors of one question.

    Parameters
    ----------
    sort : str
        The order, which says what a place is made of.
    question : sequence
        All else that was asked; a cursor of another question is refused.
    """

    def __init__(self, sort: str, question: Sequence[Any]) -> None:
        self._sort = sort
        told = json.dumps([sort, *question], default=str)
        self._mark = hashlib.sha256(told.encode()).hexdigest()[:8]

    def write(self, place: Place) -> str:
        """Return the cursor of a place."""
        text = json.dumps([self._mark, *place], ensure_ascii=False, separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    def read(self, cursor: str | None) -> Place | None:
        """Return the place of a cursor; InvalidInput where it is none, or of another question."""
        if cursor is None:
            return None
        try:
            padded = cursor + "=" * (-len(cursor) % 4)
            told = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        except (ValueError, RecursionError):
            self._refuse(cursor)
        shape = _SHAPES[self._sort]
        if not isinstance(told, list) or len(told) != len(shape) + 1 or told[0] != self._mark:
            self._refuse(cursor)
        for part, kind in zip(told[1:], shape, strict=True):
            if not isinstance(part, kind if kind is not object else int | str):
                self._refuse(cursor)
            if isinstance(part, int) and abs(part) >= 2**63:
                self._refuse(cursor)
        if self._sort == "id" and isinstance(told[2], int) != (told[1] == 0):
            self._refuse(cursor)
        return tuple(told[1:])

    def _refuse(self, cursor: str) -> NoReturn:
        raise InvalidInput(
            f"the cursor {cursor[:40]!a} is not of this question. Ask for the first page "
            f"again, without a cursor."
        )
