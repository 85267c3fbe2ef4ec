"""Choosing the settings of a baseline on validation."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from nearfield.datasets.tables import Collection, Interactions
from nearfield.evaluate.baselines import Baseline, HistoryScorer, recency_weights
from nearfield.evaluate.candidates import Progress, in_favour, silent, together
from nearfield.evaluate.questions import Questions, ndcg

CHOSEN_BY: Final = 10
"""Settings are chosen by NDCG at this cut, on the validation events."""

MOST_USERS: Final = 2_000
"""Settings are chosen on no more users than this, spread evenly over all."""


@dataclass(frozen=True)
class BaselineScorer:
    """A fitted baseline with everyone's history.

    Parameters
    ----------
    model : HistoryScorer
        What was learned of the items.
    history : sparse float32, shape (users, items)
        Weight of each event.
    chosen : mapping
        The settings, and the half-life where there is one.
    """

    model: HistoryScorer
    history: sparse.csr_matrix
    chosen: Mapping[str, Any]

    def scores(self, users: NDArray[np.int32]) -> NDArray[np.float32]:
        """Score all items for users by row number, shape (n, items)."""
        return self.model.scores(self.history[users])


@dataclass(frozen=True)
class Choice:
    """One setting of a baseline, and how well it did on validation."""

    baseline: Baseline
    half_life: float | None
    ndcg: float


def choose(
    grid: Sequence[Baseline],
    half_lives: Sequence[float | None],
    train: Interactions,
    validation: Interactions,
    progress: Progress = silent,
) -> Choice:
    """Fit each baseline of a grid on `train` and keep the best on `validation`.

    Parameters
    ----------
    grid : sequence of Baseline
        Each is fitted once.
    half_lives : sequence of float or None
        Each is tried with every fitted baseline; see `recency_weights`.
    train, validation : Interactions
        Items with an event in either are ranked; what a user had in `train` is not.
    progress : callable
        Called after every combination.

    Returns
    -------
    Choice
        The first of the best.
    """
    candidates = np.bincount(np.r_[train.item, validation.item], minlength=train.items) > 0
    questions = Questions.about(train, validation, candidates).sample(MOST_USERS)
    events = in_favour(train)
    total = len(grid) * len(half_lives)
    best: Choice | None = None
    for row, baseline in enumerate(grid):
        fitted = baseline.fit(events)
        for column, half_life in enumerate(half_lives):
            scorer = _with_history(fitted, events, baseline, half_life)
            value = ndcg(scorer, questions, CHOSEN_BY)
            if best is None or value > best.ndcg:
                best = Choice(baseline, half_life, value)
            progress("choosing on validation", row * len(half_lives) + column + 1, total)
    assert best is not None  # a grid is never empty
    return best


def _with_history(
    fitted: HistoryScorer, events: Interactions, baseline: Any, half_life: float | None
) -> BaselineScorer:
    history = events.matrix(recency_weights(events, half_life))
    history.eliminate_zeros()
    chosen = dataclasses.asdict(baseline)
    if half_life is not None:
        chosen["half_life"] = half_life
    return BaselineScorer(fitted, history, chosen)


@dataclass(frozen=True)
class Tuned:
    """A baseline as a candidate: settings chosen on validation, then fitted on everything.

    Parameters
    ----------
    name : str
        As shown in tables.
    grid : sequence of Baseline
        Settings to try; the first is taken where there is no validation.
    half_lives : sequence of float or None
        Recency weights to try; likewise.
    """

    name: str
    grid: Sequence[Baseline]
    half_lives: Sequence[float | None] = (None,)

    def fit(
        self,
        collection: Collection,
        train: Interactions,
        validation: Interactions | None,
        progress: Progress,
    ) -> BaselineScorer:
        """See `Candidate.fit`."""
        baseline, half_life = self.grid[0], self.half_lives[0]
        if validation is not None and len(self.grid) * len(self.half_lives) > 1:
            choice = choose(self.grid, self.half_lives, train, validation, progress)
            baseline, half_life = choice.baseline, choice.half_life
        events = in_favour(together(train, validation))
        progress("fitting", 0, 1)
        fitted = baseline.fit(events)
        progress("fitting", 1, 1)
        return _with_history(fitted, events, baseline, half_life)
