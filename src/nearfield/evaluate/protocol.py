"""The protocols: which events are hidden, what a model may read, and what is measured.

Each function yields one `Row` a model as soon as it is measured; what happens in between is told
to `progress`. `docs/evaluation.md` states the protocols in words.
"""

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np

from nearfield.datasets.splits import Split, leave_last_out, random_split
from nearfield.datasets.tables import Collection, Interactions
from nearfield.errors import InvalidInput
from nearfield.evaluate import metrics
from nearfield.evaluate.candidates import Candidate, Progress, RatingCandidate, silent, together
from nearfield.evaluate.questions import Questions
from nearfield.evaluate.ranking import Setting, rank
from nearfield.evaluate.rows import Clock, Row, make_row, named
from nearfield.rising import rising


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
    events = collection.interactions
    return rank(collection, models, _setting(*_parts(events, leave_last_out(events))), progress)


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
    setting = _setting(*_parts(events, random_split(events, 0.2, 0.1, seed)))
    return rank(collection, models, setting, progress)


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
    known = rising(events.user)
    hidden = np.random.default_rng(seed).permutation(known)[: round(share * len(known))]
    test = np.isin(events.user, hidden)
    setting = _setting(events.take(~test), None, events.take(test))
    return rank(collection, models, setting, progress)


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
        clock = Clock()
        scorer = model.fit(visible, train, validation, named(progress, model.name))
        seconds = clock.read()
        error = metrics.rmse(scorer.ratings(test.user, test.item), test.value)
        yield make_row(model.name, scorer, {"rmse": error, **seconds})


def _parts(events: Interactions, split: Split) -> tuple[Interactions, Interactions, Interactions]:
    return events.take(split.train), events.take(split.validation), events.take(split.test)


def _setting(train: Interactions, validation: Interactions | None, test: Interactions) -> Setting:
    """Ask for the test events, with everything else seen; items with an event compete."""
    known = together(train, validation)
    candidates = np.bincount(np.r_[known.item, test.item], minlength=known.items) > 0
    return Setting(train, validation, Questions.about(known, test, candidates))
