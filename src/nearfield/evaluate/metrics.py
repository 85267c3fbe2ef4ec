"""How good a ranking is: pure functions of positions, of lists and of ratings.

Two kinds of input, because two kinds of question are asked. Where each user has **one** right
answer, `Ranks` says where it stands, and every figure is the exact expectation over all orders of
tied items. Where a user has **several**, the figures come from the list that a user would see.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from nearfield.rising import rising

NO_ITEM: Final = -1
"""Fills a list where fewer items than asked for may be shown."""


@dataclass(frozen=True, slots=True)
class Ranks:
    """Where each user's one answer stands, from 1; tied items share all their positions.

    Parameters
    ----------
    first, last : int64, shape (users,)
        The best and the worst position that the answer may take; equal where nothing ties with it.
    """

    first: NDArray[np.int64]
    last: NDArray[np.int64]

    def hits(self, k: int) -> NDArray[np.float64]:
        """Return the chance that the answer is among the first k, shape (users,), in [0, 1]."""
        return self._mean_until(np.ones(k), k)

    def gains(self, k: int) -> NDArray[np.float64]:
        """Return the expected 1 / log2(position + 1), 0 below k, shape (users,), in [0, 1]."""
        return self._mean_until(discounts(k), k)

    def reciprocals(self) -> NDArray[np.float64]:
        """Return the expected 1 / position, shape (users,), in (0, 1]."""
        longest = int(self.last.max(initial=1))
        return self._mean_until(1 / np.arange(1, longest + 1), longest)

    def _mean_until(self, worth: NDArray[np.float64], k: int) -> NDArray[np.float64]:
        """Average `worth` (k,) over the positions first..last; positions beyond k are worth 0."""
        total = np.concatenate([[0.0], np.cumsum(worth)])
        inside = total[np.minimum(self.last, k)] - total[np.minimum(self.first - 1, k)]
        return np.asarray(inside / (self.last - self.first + 1))


def discounts(k: int) -> NDArray[np.float64]:
    """Return 1 / log2(position + 1) for the positions 1..k [1]_.

    References
    ----------
    .. [1] Järvelin, Kekäläinen, "Cumulated gain-based evaluation of IR techniques", TOIS 2002.
       https://doi.org/10.1145/582415.582418
    """
    return np.asarray(1 / np.log2(np.arange(2, k + 2)))


def rank_answers(
    scores: NDArray[np.float32], answers: NDArray[np.int64], allowed: NDArray[np.bool_]
) -> Ranks:
    """Find where each user's answer stands among the items allowed.

    Parameters
    ----------
    scores : float32, shape (users, items)
        Higher is better; never NaN.
    answers : int64, shape (users,)
        Column of the answer; it is ranked even where `allowed` leaves it out (a repeated item).
    allowed : bool, shape (users, items)
        Which items compete.

    Returns
    -------
    Ranks
        Positions from 1 to the number of items allowed.
    """
    rows = np.arange(len(answers))
    rivals = allowed.copy()
    rivals[rows, answers] = False
    own = scores[rows, answers][:, None]
    better = np.count_nonzero((scores > own) & rivals, axis=1)
    tied = np.count_nonzero((scores == own) & rivals, axis=1)
    return Ranks(first=better + 1, last=better + tied + 1)


def top_items(
    scores: NDArray[np.float32],
    allowed: NDArray[np.bool_],
    k: int,
    order: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Return the k best items allowed of each user, best first.

    Parameters
    ----------
    scores : float32, shape (users, items)
        Higher is better; never NaN.
    allowed : bool, shape (users, items)
        Which items may be listed.
    k : int
        Length of the lists, at least 1.
    order : int64, shape (items,)
        A permutation of the items: of tied items, the one that comes first in it wins. Row numbers
        must not decide, since old and popular items often have low ones.

    Returns
    -------
    int64, shape (users, k)
        Columns of the items; `NO_ITEM` where fewer than k are allowed.
    """
    # An allowed item of score -inf still comes before every item that is not allowed.
    lowest = np.finfo(np.float32).min
    masked = np.where(allowed, np.maximum(scores, lowest), -np.inf)[:, order]
    width = min(k, masked.shape[1])
    edge = -np.partition(-masked, width - 1, axis=1)[:, width - 1 : width]
    above = masked > edge
    room = width - np.count_nonzero(above, axis=1)
    level = masked == edge
    chosen = above | (level & (np.cumsum(level, axis=1) <= room[:, None]))
    columns = np.nonzero(chosen)[1].reshape(len(masked), width)  # each row holds exactly `width`
    values = np.take_along_axis(masked, columns, axis=1)
    best = np.take_along_axis(columns, np.argsort(-values, axis=1, kind="stable"), axis=1)
    lists = np.full((len(masked), k), NO_ITEM, dtype=np.int64)
    lists[:, :width] = order[best]
    shown = np.minimum(np.count_nonzero(allowed, axis=1), k)
    return np.where(np.arange(k) < shown[:, None], lists, NO_ITEM)


def first_answer(
    scores: NDArray[np.float32],
    answers: NDArray[np.bool_],
    allowed: NDArray[np.bool_],
    order: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Return the position, from 1, of each user's best answer in the whole ranking.

    Parameters
    ----------
    scores, answers, allowed : shape (users, items)
        As in `top_items`; every user has at least one answer, and every answer competes.
    order : int64, shape (items,)
        Decides between tied items, as in `top_items`.
    """
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    best = np.where(answers, scores, -np.inf).max(axis=1, keepdims=True)
    level = (scores == best) & (allowed | answers)
    earliest = np.where(level & answers, place, len(order)).min(axis=1, keepdims=True)
    ahead = ((scores > best) & allowed) | (level & (place < earliest))
    return np.asarray(1 + np.count_nonzero(ahead, axis=1))


def found(lists: NDArray[np.int64], answers: sparse.csr_matrix) -> NDArray[np.bool_]:
    """Say which listed items are answers, shape (users, k).

    Parameters
    ----------
    lists : int64, shape (users, k)
        Columns of items, or `NO_ITEM`.
    answers : sparse, shape (users, items)
        Non-zero where the item is an answer of the user.
    """
    items = answers.shape[1]
    wanted = answers.tocoo()
    pairs = wanted.row.astype(np.int64) * items + wanted.col
    listed = np.arange(len(lists), dtype=np.int64)[:, None] * items + lists
    return np.asarray(np.isin(listed, pairs) & (lists != NO_ITEM))


def list_gains(hits: NDArray[np.bool_], answers: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return NDCG of each list, in [0, 1]: gain over that of the best list of the same length.

    Parameters
    ----------
    hits : bool, shape (users, k)
        Which listed items are answers.
    answers : int64, shape (users,)
        How many answers each user has, at least 1.
    """
    worth = discounts(hits.shape[1])
    ideal = np.cumsum(worth)[np.minimum(answers, hits.shape[1]) - 1]
    return np.asarray((hits * worth).sum(axis=1) / ideal)


def list_recall(hits: NDArray[np.bool_], answers: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the share of each user's answers that the list holds, in [0, 1].

    Parameters
    ----------
    hits, answers
        As in `list_gains`.
    """
    return np.asarray(np.count_nonzero(hits, axis=1) / answers)


def coverage(lists: NDArray[np.int64], candidates: int) -> float:
    """Return the share of `candidates` items that appear in anyone's list, in [0, 1]."""
    shown = rising(lists)
    return float(np.count_nonzero(shown != NO_ITEM) / candidates)


def shown_counts(lists: NDArray[np.int64], items: int) -> NDArray[np.int64]:
    """Count how often each item is listed, shape (items,)."""
    return np.bincount(lists[lists != NO_ITEM], minlength=items)


def mean_log_popularity(counts: NDArray[np.int64], shown: NDArray[np.int64]) -> float:
    """Return the mean of log10(1 + events) over all that is listed.

    Parameters
    ----------
    counts : int64, shape (items,)
        Events of each item in what the model learned from.
    shown : int64, shape (items,)
        How often each item is listed; not all 0.
    """
    return float(np.average(np.log10(1 + counts), weights=shown))


def gini(shown: NDArray[np.int64]) -> float:
    """Return the Gini coefficient of `shown`, shape (items,): 0 where all items are listed alike.

    It nears 1 where one item takes everything, and is 0 where nothing is listed.
    """
    total = shown.sum()
    if total == 0:
        return 0.0
    rank = np.arange(1, len(shown) + 1)
    return float(((2 * rank - len(shown) - 1) * np.sort(shown)).sum() / (len(shown) * total))


def rmse(predicted: NDArray[np.float32], true: NDArray[np.float32]) -> float:
    """Return the root of the mean squared difference, in the unit of the ratings."""
    difference = predicted.astype(np.float64) - true.astype(np.float64)
    return float(np.sqrt(np.mean(difference**2)))
