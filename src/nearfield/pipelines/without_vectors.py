"""Let some work go on without vectors, where there is no more time to wait for them."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from nearfield.errors import Unavailable, VectorsAway


@dataclass(slots=True)
class Waiting:
    """Somebody who waits for some work.

    Parameters
    ----------
    without : str
        Why they do not wait for vectors; empty while they do.
    gone : bool
        Whether they do not wait for anything any more.
    """

    without: str = ""
    gone: bool = False


_waiting: ContextVar[Waiting | None] = ContextVar("waiting for vectors", default=None)


@contextmanager
def waited_for(by: Waiting) -> Iterator[None]:
    """Do this context's work for somebody: what they do not wait for is not begun any more."""
    token = _waiting.set(by)
    try:
        yield
    finally:
        _waiting.reset(token)


def check_vectors_wanted() -> None:
    """Raise `VectorsAway` where nobody waits for this context to look at vectors."""
    found = _waiting.get()
    if found is not None and found.without:
        raise VectorsAway(found.without)
    check_waited_for()


def check_waited_for() -> None:
    """Raise `Unavailable` where nobody waits for this context any more: nothing is to be said."""
    found = _waiting.get()
    if found is not None and found.gone:
        raise Unavailable("whoever asked has another answer by now.")
