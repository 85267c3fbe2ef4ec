"""Lines of the table: what is measured of a model, and what it tells of itself."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nearfield.evaluate import breakdowns
from nearfield.evaluate.candidates import Chosen, Learned, Progress


@dataclass(frozen=True)
class Row:
    """One line of the table: a model under a protocol.

    Parameters
    ----------
    model : str
        The candidate's name.
    metrics : mapping
        `hr@10`, `ndcg@10`, `recall@20`, `mrr`, `coverage@10`, `ndcg@20` in [0, 1];
        `log_popularity@10` and `gini@10` of what is listed; or `rmse`; and `fit_seconds` (wall)
        and `fit_cpu_seconds` (of all threads) of all of `fit`, choosing included.
    chosen : mapping
        Settings, where the model tells them.
    by_history : tuple of Bucket
        NDCG@10 by length of history.
    popularity : tuple of float
        Share of what is listed in each popularity group, most popular first.
    curve : sequence of mapping
        How the model learned, where it tells.
    """

    model: str
    metrics: Mapping[str, float]
    chosen: Mapping[str, Any] = field(default_factory=dict)
    by_history: tuple[breakdowns.Bucket, ...] = ()
    popularity: tuple[float, ...] = ()
    curve: Sequence[Mapping[str, float]] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the table's line: `model` and the metrics."""
        return {"model": self.model, **self.metrics}


class Clock:
    """Starts when it is made."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def read(self) -> dict[str, float]:
        """Return the seconds since: wall time, and processor time of all threads."""
        return {
            "fit_seconds": time.perf_counter() - self._wall,
            "fit_cpu_seconds": time.process_time() - self._cpu,
        }


def make_row(name: str, scorer: object, figures: Mapping[str, float]) -> Row:
    """Return a row with what the scorer tells of itself."""
    return Row(
        model=name,
        metrics=dict(figures),
        chosen=dict(scorer.chosen) if isinstance(scorer, Chosen) else {},
        curve=tuple(scorer.curve) if isinstance(scorer, Learned) else (),
    )


def named(progress: Progress, name: str) -> Progress:
    """Put the model's name before what it is doing."""

    def tell(what: str, done: int, total: int) -> None:
        progress(f"{name}: {what}", done, total)

    return tell
