"""What follows an item, by models that were made for something else, and by counting.

Every `HistoryScorer` answers for a history of one event; vectors answer by cosine.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from nearfield.datasets.tables import Collection, Interactions
from nearfield.errors import InvalidInput
from nearfield.evaluate.baselines import Baseline, HistoryScorer, ItemWeights
from nearfield.evaluate.candidates import ItemScorer, Progress, in_favour, together
from nearfield.evaluate.last_items import LastItems
from nearfield.evaluate.questions import ndcg
from nearfield.evaluate.tuned import CHOSEN_BY, MOST_USERS


@dataclass(frozen=True)
class OneEvent:
    """Asks a model of histories about histories of one event.

    Parameters
    ----------
    model : HistoryScorer
        What was learned.
    items : int
        Of the collection.
    """

    model: HistoryScorer
    items: int

    def item_scores(self, items: NDArray[np.int32]) -> NDArray[np.float32]:
        """See `ItemScorer`."""
        rows = np.arange(len(items))
        ones = np.ones(len(items), dtype=np.float32)
        return self.model.scores(
            sparse.csr_matrix((ones, (rows, items)), shape=(len(items), self.items))
        )


class ItemCosines:
    """Cosines between the vectors of items.

    Parameters
    ----------
    vectors : float32, shape (items, dim)
        Of any length; a vector of zeros is like nothing.
    """

    def __init__(self, vectors: NDArray[np.float32]) -> None:
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        self._units = np.asarray(vectors / np.where(lengths > 0, lengths, 1), dtype=np.float32)

    def item_scores(self, items: NDArray[np.int32]) -> NDArray[np.float32]:
        """See `ItemScorer`."""
        return np.asarray(self._units[items] @ self._units.T)


@dataclass(frozen=True)
class NextItems:
    """Count how often one item came soon after another in somebody's history.

    Parameters
    ----------
    reach : int
        How many events later still count; the next counts 1, the one after it 1/2, then 1/3.
        At least 1.

    Raises
    ------
    InvalidInput
        If `reach` is less than 1.
    """

    reach: int = 10

    def __post_init__(self) -> None:
        """Check the reach."""
        if self.reach < 1:
            raise InvalidInput(f"reach is {self.reach}; the next event is 1, so give 1 or more.")

    def fit(self, train: Interactions) -> ItemWeights:
        """Count over each user's events in their order."""
        shape = (train.items, train.items)
        counts = sparse.csr_matrix(shape, dtype=np.float32)
        for gap in range(1, self.reach + 1):
            same = train.user[gap:] == train.user[:-gap]
            first, then = train.item[:-gap][same], train.item[gap:][same]
            worth = np.full(len(first), 1 / gap, dtype=np.float32)
            counts = counts + sparse.csr_matrix((worth, (first, then)), shape=shape)
        return ItemWeights(counts)


@dataclass(frozen=True)
class ItemBaseline:
    """A fitted baseline that is asked about items.

    Parameters
    ----------
    model : ItemScorer
        What was learned.
    chosen : mapping
        The settings.
    """

    model: ItemScorer
    chosen: Mapping[str, Any]

    def item_scores(self, items: NDArray[np.int32]) -> NDArray[np.float32]:
        """See `ItemScorer`."""
        return self.model.item_scores(items)


@dataclass(frozen=True)
class TunedItems:
    """A baseline as an item candidate: settings chosen on validation, then fitted on everything.

    Parameters
    ----------
    name : str
        As shown in tables.
    grid : sequence of Baseline
        Settings to try; the first is taken where there is no validation. A fitted model without
        `item_scores` of its own is asked about histories of one event.
    """

    name: str
    grid: Sequence[Baseline]

    def fit(
        self,
        collection: Collection,
        train: Interactions,
        validation: Interactions | None,
        progress: Progress,
    ) -> ItemBaseline:
        """See `ItemCandidate.fit`."""
        baseline: Any = self.grid[0]
        if validation is not None and len(self.grid) > 1:
            baseline = self._choose(train, validation, progress)
        progress("fitting", 0, 1)
        model = _fitted(baseline, together(train, validation))
        progress("fitting", 1, 1)
        return ItemBaseline(model, dataclasses.asdict(baseline))

    def _choose(
        self, train: Interactions, validation: Interactions, progress: Progress
    ) -> Baseline:
        """Return the first of the best on the validation events, given the items before them."""
        candidates = np.bincount(np.r_[train.item, validation.item], minlength=train.items) > 0
        last = LastItems.of(train)
        questions = last.questions(last.events, validation, candidates).sample(MOST_USERS)
        values = []
        for baseline in self.grid:
            scorer = last.asking(_fitted(baseline, train))
            values.append(ndcg(scorer, questions, CHOSEN_BY))
            progress("choosing on validation", len(values), len(self.grid))
        return self.grid[int(np.argmax(values))]


def _fitted(baseline: Baseline, events: Interactions) -> ItemScorer:
    model = baseline.fit(in_favour(events))
    return model if isinstance(model, ItemScorer) else OneEvent(model, events.items)
