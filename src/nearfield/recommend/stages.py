"""Tell whoever wants to know how long each stage of an answer took."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, TypeAlias

STAGES: Final = ("filter", "embed", "search", "rerank", "explain")
"""What an answer goes through: what may be shown, who asks, what is near, which of it, and why."""

Observer: TypeAlias = Callable[[str, float], None]
"""Is told the name of a stage, and the seconds that it took."""

_observer: ContextVar[Observer | None] = ContextVar("observer", default=None)


@contextmanager
def observed(observer: Observer) -> Iterator[None]:
    """Tell `observer`, beside those told already, of each stage that this context goes through."""
    outer = _observer.get()

    def both(name: str, seconds: float) -> None:
        assert outer is not None
        outer(name, seconds)
        observer(name, seconds)

    token = _observer.set(observer if outer is None else both)
    try:
        yield
    finally:
        _observer.reset(token)


class stage:
    """Measure one stage: ``with stage("search"): ...``; costs nothing where nobody observes."""

    __slots__ = ("_name", "_observer", "_start")

    def __init__(self, name: str) -> None:
        self._name = name
        self._observer = _observer.get()
        self._start = 0.0

    def __enter__(self) -> None:
        if self._observer is not None:
            self._start = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        if self._observer is not None:
            self._observer(self._name, time.perf_counter() - self._start)
