"""Item to item: given nothing but a user's last item, rank what comes next.

Two protocols: ours, and that of DGL's PinSAGE example, so that its published figure has something
to stand beside. `docs/evaluation.md` states both in words.
"""

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from nearfield.datasets.splits import Split, leave_last_out
from nearfield.datasets.tables import Collection, Interactions
from nearfield.evaluate.candidates import ItemCandidate, Progress, silent, together
from nearfield.evaluate.last_items import AskedByItem, LastItems
from nearfield.evaluate.ranking import Setting, rank
from nearfield.evaluate.rows import Row

DGL_PUBLISHED: Final = {"PinSAGE": 0.01241, "SLIM": 0.0122}
"""HIT@10 on ML-1M as the README of DGL's example states it (examples/pytorch/pinsage)."""


def evaluate_item_to_item(
    collection: Collection, models: Sequence[ItemCandidate], progress: Progress = silent
) -> Iterator[Row]:
    """Ask for each user's last event (test), given the item of the one before (validation).

    Every item with an event is ranked but the one asked about. The user's other items compete: a
    model that does not know the user cannot know them.

    Parameters
    ----------
    collection : Collection
        Users with fewer than three events are learned from but not asked.
    models : sequence of ItemCandidate
        Each is fitted with `train` and `validation`.
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
    split = leave_last_out(events)
    train, validation = events.take(split.train), events.take(split.validation)
    last = LastItems.of(together(train, validation))
    questions = last.questions(last.events, events.take(split.test), _candidates(events))
    asked = [_Asked(model, last) for model in models]
    for row in rank(collection, asked, Setting(train, validation, questions), progress):
        yield dataclasses.replace(row, by_history=())  # all are of one event


def evaluate_like_dgl(
    collection: Collection, models: Sequence[ItemCandidate], progress: Progress = silent
) -> Iterator[Row]:
    """Ask as DGL's PinSAGE example does [1]_: for the event before the last, given what precedes.

    Each user's last event is left aside and the one before it is asked for, given the newest of
    the rest; the user's items of train are not listed. Nothing is chosen: the models get no
    validation, since their answers are its events.

    Parameters
    ----------
    collection, models, progress
        As in `evaluate_item_to_item`.

    Yields
    ------
    Row
        With `hr@10`, which DGL calls HIT@10: a mean over all users with an event in train; of
        tied items, the mean over their orders, where theirs takes any.

    References
    ----------
    .. [1] https://github.com/dmlc/dgl/tree/master/examples/pytorch/pinsage (`evaluation.py`)
    """
    events = collection.interactions
    split = _dgl_split(events)
    train = events.take(split.train)
    last = LastItems.of(train)
    questions = last.questions(train, events.take(split.validation), _candidates(events))
    share = len(questions.users) / max(1, len(last.events))
    asked = [_Asked(model, last) for model in models]
    for row in rank(collection, asked, Setting(train, None, questions), progress):
        seconds = {key: row.metrics[key] for key in ("fit_seconds", "fit_cpu_seconds")}
        hits = {"hr@10": row.metrics["hr@10"] * share}
        yield Row(row.model, hits | seconds, row.chosen)


def _dgl_split(events: Interactions) -> Split:
    """Hold out the last event where a user has two, and the one before where there are three."""
    counts, ends = np.diff(events.indptr), events.indptr[1:]
    last, before = (np.zeros(len(events), dtype=bool) for _ in range(2))
    last[ends[counts > 1] - 1] = True
    before[ends[counts > 2] - 2] = True
    return Split(train=~(last | before), validation=before, test=last)


def _candidates(events: Interactions) -> NDArray[np.bool_]:
    return np.asarray(np.bincount(events.item, minlength=events.items) > 0)


@dataclass(frozen=True)
class _Asked:
    """Lets users be answered by their last items."""

    model: ItemCandidate
    last: LastItems

    @property
    def name(self) -> str:
        return self.model.name

    def fit(
        self,
        collection: Collection,
        train: Interactions,
        validation: Interactions | None,
        progress: Progress,
    ) -> AskedByItem:
        return self.last.asking(self.model.fit(collection, train, validation, progress))
