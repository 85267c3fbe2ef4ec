"""What the pipelines tell on their way: how far they are, and what stands."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one step is.

    Parameters
    ----------
    what : str
        The step, e.g. "Training fusion"; the same text until the step ends.
    done, total : int
        How much of it is done, and of how much; a total of 0 is unknown.
    unit : str
        What is counted, in the plural; "" where a rate says nothing.
    note : str
        What else there is to tell at the moment, e.g. "epoch 2 of 8, loss 5.31".
    """

    what: str
    done: int = 0
    total: int = 0
    unit: str = ""
    note: str = ""


Tell: TypeAlias = Callable[[Progress], None]
"""Takes the progress of what cannot yield, such as a download."""

Steps: TypeAlias = Generator[Progress, None, T]
"""A pipeline: yields its progress and returns its result."""


def finish(steps: Generator[Any, None, T], tell: Callable[[Any], None] = lambda _: None) -> T:
    """Run a pipeline to its end, telling each step, and return its result."""
    while True:
        try:
            tell(next(steps))
        except StopIteration as end:
            result: T = end.value
            return result
