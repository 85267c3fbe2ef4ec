"""Asking what comes after an item: each user's newest one, and nothing else of the user."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearfield.datasets.tables import Interactions
from nearfield.evaluate.candidates import Chosen, ItemScorer, Learned, in_favour
from nearfield.evaluate.questions import Questions, check_scores


@dataclass(frozen=True)
class LastItems:
    """Each user's newest event in favour of an item.

    Parameters
    ----------
    events : Interactions
        One event for each user who has any.
    """

    events: Interactions

    @classmethod
    def of(cls, history: Interactions) -> "LastItems":
        """Take the newest; of those at the same time, the last of the file."""
        wanted = in_favour(history)
        newest = wanted.indptr[1:] - 1
        return cls(wanted.take(newest[np.diff(wanted.indptr) > 0]))

    def questions(
        self, history: Interactions, answers: Interactions, candidates: NDArray[np.bool_]
    ) -> Questions:
        """Ask for `answers` each user who has a newest item; what `history` holds is not listed.

        Parameters
        ----------
        history : Interactions
            `self.events`, where only the item asked about is not listed again; or more.
        answers : Interactions
            What came next.
        candidates : bool, shape (items,)
            Items that may be listed.
        """
        known = answers.take(np.isin(answers.user, self.events.user))
        return Questions.about(history, known, candidates)

    def asking(self, model: ItemScorer) -> "AskedByItem":
        """Let users be answered by their newest item."""
        item = np.zeros(self.events.users, dtype=np.int32)
        item[self.events.user] = self.events.item
        return AskedByItem(model, item, self.events.items)


@dataclass(frozen=True)
class AskedByItem:
    """A `Scorer` that tells a model nothing but an item.

    Parameters
    ----------
    model : ItemScorer
        Who is asked.
    item : int32, shape (users,)
        The item of each user; any, where a user is not asked.
    items : int
        Of the collection.
    """

    model: ItemScorer
    item: NDArray[np.int32]
    items: int

    def scores(self, users: NDArray[np.int32]) -> NDArray[np.float32]:
        """Score all items for users by row number, each item asked about once."""
        asked, rows = np.unique(self.item[users], return_inverse=True)
        scores = self.model.item_scores(asked)
        check_scores(type(self.model).__name__, scores, (len(asked), self.items))
        return np.asarray(scores[rows])

    @property
    def chosen(self) -> Mapping[str, Any]:
        """What the model tells."""
        return self.model.chosen if isinstance(self.model, Chosen) else {}

    @property
    def curve(self) -> Sequence[Mapping[str, float]]:
        """What the model tells."""
        return self.model.curve if isinstance(self.model, Learned) else ()
