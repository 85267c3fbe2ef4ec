"""The protocols: which events are hidden, what a model may read, and what is measured.

Each function yields one `Row` a model as soon as it is measured; what happens in between is told
to `progress`. `docs/evaluation.md` states the protocols in words.
"""

import dataclasses
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearfield.datasets.splits import Split, leave_last_out, random_split
from nearfield.datasets.tables import Collection, Interactions
from nearfield.errors import InvalidInput
from nearfield.evaluate import breakdowns, metrics
from nearfield.evaluate.candidates import (
    Candidate,
    Chosen,
    Learned,
    Progress,
    RatingCandidate,
    silent,
    together,
)
from nearfield.evaluate.questions import Answers, Questions, ask


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


def evaluate_last_out(
    collection: Collection, models: Sequence[Candidate], progress: Progress = silent
) -> Iterator[Row]:
    """Hide each user's last event (test) and the one before it (validation).

    Parameters
    ----------
    collection : Collection
        Users with fewer than three events are learned from but not asked.
    models : sequence of Candidate
        Each is fitted with `train` and `validation` and asked for the event after them.
    progress : callable
        Told what is being done.

    Yields
    ------
    Row

    Raises
    ------
    InvalidInput
        If no user has an event to ask for.
    """
    parts = _parts(collection.interactions, leave_last_out(collection.interactions))
    return _rank(collection, models, parts, progress)


def evaluate_random(
    collection: Collection, models: Sequence[Candidate], seed: int = 0, progress: Progress = silent
) -> Iterator[Row]:
    """Hide a random fifth of all events (test) and a tenth of the rest (validation).

    Parameters
    ----------
    collection, models, progress
        As in `evaluate_last_out`.
    seed : int
        Of the split.

    Yields
    ------
    Row
    """
    events = collection.interactions
    return _rank(collection, models, _parts(events, random_split(events, 0.2, 0.1, seed)), progress)


def evaluate_attributes_only(
    collection: Collection,
    models: Sequence[Candidate],
    share: float = 0.1,
    seed: int = 0,
    progress: Progress = silent,
) -> Iterator[Row]:
    """Hide some users whole and ask for all they had, given nothing but their attributes.

    Parameters
    ----------
    collection, models, progress
        As in `evaluate_last_out`; models are fitted without validation.
    share : float
        Share of the users (with events) to hide, greater than 0 and less than 1.
    seed : int
        Decides which users.

    Yields
    ------
    Row
        `ndcg@20` is the figure to read.
    """
    if not 0 < share < 1:
        raise InvalidInput(f"share is {share}; give a number between 0 and 1, e.g. 0.1.")
    events = collection.interactions
    known = np.unique(events.user)
    hidden = np.random.default_rng(seed).permutation(known)[: round(share * len(known))]
    test = np.isin(events.user, hidden)
    return _rank(collection, models, (events.take(~test), None, events.take(test)), progress)


def evaluate_rating(
    collection: Collection,
    models: Sequence[RatingCandidate],
    seed: int = 0,
    progress: Progress = silent,
) -> Iterator[Row]:
    """Hide a random tenth of all ratings (test) and a tenth of the rest (validation).

    Parameters
    ----------
    collection, models, progress
        As in `evaluate_last_out`; events without a rating are left out.
    seed : int
        Of the split.

    Yields
    ------
    Row
        With `rmse`, in the unit of the ratings.

    Raises
    ------
    InvalidInput
        If the collection has no ratings.
    """
    rated = collection.interactions.take(np.isfinite(collection.interactions.value))
    if len(rated) == 0:
        raise InvalidInput(
            f"{collection.name} has {len(collection.interactions):,} events but no ratings; RMSE "
            "needs some. Evaluate with the protocol last-out or random."
        )
    train, validation, test = _parts(rated, random_split(rated, 0.1, 0.1, seed))
    visible = dataclasses.replace(collection, interactions=together(train, validation))
    for model in models:
        clock = _Clock()
        scorer = model.fit(visible, train, validation, _named(progress, model.name))
        seconds = clock.read()
        error = metrics.rmse(scorer.ratings(test.user, test.item), test.value)
        yield _row(model.name, scorer, {"rmse": error, **seconds})


class _Clock:
    """Starts when it is made."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def read(self) -> dict[str, float]:
        return {
            "fit_seconds": time.perf_counter() - self._wall,
            "fit_cpu_seconds": time.process_time() - self._cpu,
        }


Parts = tuple[Interactions, Interactions | None, Interactions]


def _parts(events: Interactions, split: Split) -> tuple[Interactions, Interactions, Interactions]:
    return events.take(split.train), events.take(split.validation), events.take(split.test)


def _rank(
    collection: Collection, models: Sequence[Candidate], parts: Parts, progress: Progress
) -> Iterator[Row]:
    """Fit and ask each model in turn. What is hidden does not reach it."""
    train, validation, test = parts
    known = together(train, validation)
    items = collection.interactions.items
    counts = np.bincount(known.item, minlength=items)
    candidates = np.bincount(collection.interactions.item, minlength=items) > 0
    questions = Questions.about(known, test, candidates)
    if len(questions.users) == 0:
        raise InvalidInput(
            f"{collection.name} has {len(collection.interactions):,} events, but none is left to "
            "ask for: users need three events or more, of distinct items. Import more events."
        )
    visible = dataclasses.replace(collection, interactions=known)
    for model in models:
        tell = _named(progress, model.name)
        clock = _Clock()
        scorer = model.fit(visible, train, validation, tell)
        seconds = clock.read()
        tell("ranking", 0, 1)
        answers = ask(scorer, questions)
        tell("ranking", 1, 1)
        shown = metrics.shown_counts(answers.lists[:, :10], items)
        gains, figures = _figures(answers, questions)
        figures |= {
            "coverage@10": metrics.coverage(answers.lists[:, :10], int(candidates.sum())),
            "log_popularity@10": metrics.mean_log_popularity(counts, shown),
            "gini@10": metrics.gini(shown[candidates]),
            **seconds,
        }
        lengths = np.diff(questions.seen.indptr).astype(np.int64)
        yield dataclasses.replace(
            _row(model.name, scorer, figures),
            by_history=breakdowns.by_history(lengths, gains),
            popularity=breakdowns.by_popularity(shown, counts),
        )


def _figures(
    answers: Answers, questions: Questions
) -> tuple[NDArray[np.float64], dict[str, float]]:
    """Return NDCG@10 of each user, and the means over users."""
    if answers.ranks is not None:
        ranks = answers.ranks
        hit, gain, recall = ranks.hits(10), ranks.gains(10), ranks.hits(20)
        gain20, reciprocal = ranks.gains(20), ranks.reciprocals()
    else:
        hits, counts = metrics.found(answers.lists, questions.answers), questions.answer_counts
        hit = np.asarray(hits[:, :10].any(axis=1), dtype=np.float64)
        gain = metrics.list_gains(hits[:, :10], counts)
        recall, gain20 = metrics.list_recall(hits, counts), metrics.list_gains(hits, counts)
        reciprocal = 1.0 / answers.first.astype(np.float64)
    return gain, {
        "hr@10": float(hit.mean()),
        "ndcg@10": float(gain.mean()),
        "recall@20": float(recall.mean()),
        "mrr": float(reciprocal.mean()),
        "ndcg@20": float(gain20.mean()),
    }


def _row(name: str, scorer: object, figures: Mapping[str, float]) -> Row:
    return Row(
        model=name,
        metrics=dict(figures),
        chosen=dict(scorer.chosen) if isinstance(scorer, Chosen) else {},
        curve=tuple(scorer.curve) if isinstance(scorer, Learned) else (),
    )


def _named(progress: Progress, name: str) -> Progress:
    """Put the model's name before what it is doing."""

    def tell(what: str, done: int, total: int) -> None:
        progress(f"{name}: {what}", done, total)

    return tell
