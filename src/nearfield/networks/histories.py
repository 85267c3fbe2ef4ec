"""What users did, as networks read it: single histories, and windows cut anew in every epoch."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nearfield.datasets.histories import event_weights
from nearfield.datasets.tables import Interactions
from nearfield.networks.features import Vocabulary
from nearfield.networks.history_model import Events

_POOL = 40
"""Batches among which windows are sorted by length, so that little of a batch is filler."""


@dataclass(frozen=True, slots=True)
class History:
    """What some users did, oldest first.

    Parameters
    ----------
    items : int64, shape (batch, length)
        Rows of the items, from the left; -1 fills the rest.
    ratings : int64, shape (batch, length)
        Codes of the ratings; 0 where there is none.
    weights : float, shape (batch, length)
        How much each event counts, above 0; 0 where there is none.
    """

    items: Tensor
    ratings: Tensor
    weights: Tensor

    @classmethod
    def of_one(cls, events: Events) -> "History":
        """Make a batch of one, without fillers."""
        return cls(
            torch.from_numpy(events.items)[None],
            torch.from_numpy(events.ratings)[None],
            torch.from_numpy(events.weights)[None],
        )

    @property
    def lengths(self) -> Tensor:
        """Events in each row, shape (batch,)."""
        return (self.items >= 0).sum(dim=1)

    def part(self, rows: slice) -> "History":
        """Return those of some users, as long as the longest of all."""
        return History(self.items[rows], self.ratings[rows], self.weights[rows])

    def with_items(self, items: Tensor) -> "History":
        """Return the same events with other numbers for their items."""
        return History(items, self.ratings, self.weights)


@dataclass(frozen=True)
class Histories:
    """The events of every user that count for their item, oldest first.

    Parameters
    ----------
    items, ratings : int64, shape (events,)
        Row of the item; code of the rating.
    indptr : int64, shape (users + 1,)
        User u has the events indptr[u]:indptr[u + 1].
    """

    items: NDArray[np.int64]
    ratings: NDArray[np.int64]
    indptr: NDArray[np.int64]

    @classmethod
    def of(cls, interactions: Interactions, vocabulary: Vocabulary) -> "Histories":
        """Leave out what counts against an item: nobody learns to take what was skipped."""
        kept = interactions.take(event_weights(interactions.kind) > 0)
        codes = vocabulary.rating_codes(kept.value)
        return cls(kept.item.astype(np.int64), codes, kept.indptr)

    def cut(self, window: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """Cut every history into windows of at most `window` events and what follows each.

        Returns
        -------
        int64, shape (windows, 3)
            User, first event, end. Windows of a user overlap in one event, so that every event
            but the first is predicted (where the windows begin is drawn anew each time); the
            newest window is full, so it predicts some a second time.
        """
        counts = np.diff(self.indptr)
        users = np.flatnonzero(counts >= 2)
        steps = counts[users] - 1  # events to predict
        first = np.where(steps <= window, steps, rng.integers(1, window + 1, len(users)))
        pieces = 1 + -(-(steps - first) // window)
        user = np.repeat(users, pieces)
        index = np.arange(len(user)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
        head, total = np.repeat(first, pieces), np.repeat(steps, pieces)
        stop = np.minimum(head + index * window, total)
        start = np.where(index == 0, 0, head + (index - 1) * window)
        # the newest window reads as far back as it may: it is the one that is asked for later
        start = np.where(stop == total, np.maximum(0, np.minimum(start, stop - window)), start)
        offset = self.indptr[user]
        return np.stack([user, offset + start, offset + stop + 1], axis=1)

    def batches(
        self, window: int, tokens: int, rng: np.random.Generator
    ) -> Iterator[NDArray[np.int64]]:
        """Yield windows in random order, at most `tokens` tokens (fillers among them) at once."""
        cut = rng.permutation(self.cut(window, rng))
        pool = max(1, _POOL * tokens // window)
        found: list[NDArray[np.int64]] = []
        for begin in range(0, len(cut), pool):
            part = cut[begin : begin + pool]
            part = part[np.argsort(part[:, 2] - part[:, 1], kind="stable")]
            found.extend(_pack(part, tokens))
        for position in rng.permutation(len(found)):
            yield found[position]

    def read(self, cut: NDArray[np.int64]) -> tuple[History, Tensor]:
        """Return windows as a network reads them, and the item that follows each position.

        Parameters
        ----------
        cut : int64, shape (batch, 3)
            Rows of `cut()`.

        Returns
        -------
        History
            Every event of a window but its last.
        int64, shape (batch, 1 + length)
            The item taken next after each position; -1 after the end.
        """
        whole = self.newest(cut)
        known = whole.items[:, :-1].clone()
        known[whole.items[:, 1:] < 0] = -1
        inside = known >= 0
        return History(known, whole.ratings[:, :-1] * inside, inside.float()), whole.items

    def newest(self, cut: NDArray[np.int64]) -> History:
        """Return windows as a network reads them, with all their events."""
        lengths = cut[:, 2] - cut[:, 1]
        places = np.arange(lengths.max(initial=0))
        inside = places < lengths[:, None]
        events = np.where(inside, cut[:, 1:2] + places, 0)
        return History(
            items=torch.from_numpy(np.where(inside, self.items[events], -1)),
            ratings=torch.from_numpy(np.where(inside, self.ratings[events], 0)),
            weights=torch.from_numpy(inside.astype(np.float32)),
        )

    def until_now(self, users: NDArray[np.int64], window: int) -> History:
        """Return the newest events of users, at most `window` of each."""
        stop = self.indptr[users + 1]
        start = np.maximum(self.indptr[users], stop - window)
        return self.newest(np.stack([users, start, stop], axis=1))

    def sample(
        self, users: NDArray[np.int64], count: int, rng: np.random.Generator
    ) -> NDArray[np.int64]:
        """Draw `count` items of each user, with replacement; every user has at least one."""
        spans = self.indptr[users + 1] - self.indptr[users]
        drawn = (rng.random((len(users), count)) * spans[:, None]).astype(np.int64)
        picked: NDArray[np.int64] = self.items[self.indptr[users][:, None] + drawn]
        return picked


def seen_before(items: Tensor) -> Tensor:
    """Return the items known at each position, -1 for later ones.

    Parameters
    ----------
    items : int64, shape (batch, length)
        As in `History`.

    Returns
    -------
    int64, shape (batch, 1 + length, length)
    """
    length = items.shape[1]
    before = torch.arange(length)[None, :] < torch.arange(length + 1)[:, None]
    return torch.where(before[None], items[:, None, :], -1)


def _pack(cut: NDArray[np.int64], tokens: int) -> list[NDArray[np.int64]]:
    """Fill batches with windows that rise in length."""
    lengths = cut[:, 2] - cut[:, 1]
    packed, begin = [], 0
    for end in range(1, len(cut) + 1):
        if end == len(cut) or (end + 1 - begin) * lengths[end] > tokens:
            packed.append(cut[begin:end])
            begin = end
    return packed
