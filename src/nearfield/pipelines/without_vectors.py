"""Let some work go on without vectors, where there is no more time to wait for them."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from nearfield.errors import Unavailable

_why: ContextVar[str | None] = ContextVar("without vectors", default=None)


@contextmanager
def without_vectors(why: str) -> Iterator[None]:
    """Raise `Unavailable`, saying why, wherever this context wants to open a space."""
    token = _why.set(why)
    try:
        yield
    finally:
        _why.reset(token)


def check_vectors_wanted() -> None:
    """Raise `Unavailable` where this context goes on without vectors."""
    why = _why.get()
    if why is not None:
        raise Unavailable(why)
