"""Fitting models and measuring the lists that they make: what all ranking protocols share."""

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nearfield.datasets.tables import Collection, Interactions
from nearfield.errors import InvalidInput
from nearfield.evaluate import breakdowns, metrics
from nearfield.evaluate.candidates import Candidate, Progress, together
from nearfield.evaluate.questions import Answers, Questions, ask
from nearfield.evaluate.rows import Clock, Row, make_row, named


@dataclass(frozen=True)
class Setting:
    """What models may read, and what they are asked then.

    Parameters
    ----------
    train : Interactions
        To learn from.
    validation : Interactions, optional
        To choose on.
    questions : Questions
        The lists to be made.
    """

    train: Interactions
    validation: Interactions | None
    questions: Questions


def rank(
    collection: Collection, models: Sequence[Candidate], setting: Setting, progress: Progress
) -> Iterator[Row]:
    """Fit and ask each model in turn. What is hidden does not reach it.

    Raises
    ------
    InvalidInput
        If nobody is asked for anything.
    """
    questions, known = setting.questions, together(setting.train, setting.validation)
    if len(questions.users) == 0:
        raise InvalidInput(
            f"{collection.name} has {len(collection.interactions):,} events, but none is left to "
            "ask for: users need three events or more, of distinct items. Import more events."
        )
    counts = np.bincount(known.item, minlength=known.items)
    visible = dataclasses.replace(collection, interactions=known)
    for model in models:
        tell = named(progress, model.name)
        clock = Clock()
        scorer = model.fit(visible, setting.train, setting.validation, tell)
        seconds = clock.read()
        tell("ranking", 0, 1)
        answers = ask(scorer, questions)
        tell("ranking", 1, 1)
        shown = metrics.shown_counts(answers.lists[:, :10], known.items)
        gains, figures = _figures(answers, questions)
        candidates = questions.candidates
        figures |= {
            "coverage@10": metrics.coverage(answers.lists[:, :10], int(candidates.sum())),
            "log_popularity@10": metrics.mean_log_popularity(counts, shown),
            "gini@10": metrics.gini(shown[candidates]),
            **seconds,
        }
        lengths = np.diff(questions.seen.indptr).astype(np.int64)
        yield dataclasses.replace(
            make_row(model.name, scorer, figures),
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
