"""Where a figure comes from: by length of history, and by popularity of what is listed. Pure."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

HISTORY_EDGES: Final = (0, 10, 20, 50, 100, 200, 500)
"""A bucket reaches from its edge to just below the next one; the last has no end."""

POPULARITY_GROUPS: Final = 10
"""Items are sorted by popularity and cut into groups that hold equally many events."""


@dataclass(frozen=True)
class Bucket:
    """The users whose histories are about equally long.

    Parameters
    ----------
    label : str
        Number of events, e.g. "20-49".
    users : int
        How many users, at least 1.
    ndcg : float
        Their mean NDCG@10, in [0, 1].
    """

    label: str
    users: int
    ndcg: float


def by_history(lengths: NDArray[np.int64], gains: NDArray[np.float64]) -> tuple[Bucket, ...]:
    """Average the gains of users whose histories are about equally long.

    Parameters
    ----------
    lengths : int64, shape (users,)
        Events of each user before the question, 0 or more.
    gains : float64, shape (users,)
        NDCG@10 of each user.

    Returns
    -------
    tuple of Bucket
        Shortest first; empty buckets are left out.
    """
    place = np.searchsorted(HISTORY_EDGES, lengths, side="right") - 1
    buckets = []
    for row, edge in enumerate(HISTORY_EDGES):
        inside = place == row
        if not inside.any():
            continue
        last = row + 1 == len(HISTORY_EDGES)
        label = f"{edge}+" if last else f"{edge}-{HISTORY_EDGES[row + 1] - 1}"
        buckets.append(Bucket(label, int(inside.sum()), float(gains[inside].mean())))
    return tuple(buckets)


def popularity_groups(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Cut the items into groups with about equally many events.

    Parameters
    ----------
    counts : int64, shape (items,)
        Events of each item; their sum is at least 1.

    Returns
    -------
    int64, shape (items,)
        0 for the most popular items, up to `POPULARITY_GROUPS` - 1 for the rarest.
    """
    order = np.argsort(-counts, kind="stable")
    middle = np.cumsum(counts[order]) - counts[order] / 2
    groups = np.empty(len(counts), dtype=np.int64)
    groups[order] = np.minimum(
        middle * POPULARITY_GROUPS // counts.sum(), POPULARITY_GROUPS - 1
    ).astype(np.int64)
    return groups


def by_popularity(shown: NDArray[np.int64], counts: NDArray[np.int64]) -> tuple[float, ...]:
    """Return the share of what is listed that falls into each popularity group.

    Parameters
    ----------
    shown : int64, shape (items,)
        How often each item is listed; not all 0.
    counts : int64, shape (items,)
        Events of each item; not all 0.

    Returns
    -------
    tuple of float, `POPULARITY_GROUPS` long
        Most popular first; sums to 1. Events themselves fall into each group alike, so a share
        above 1 / `POPULARITY_GROUPS` means: listed more often than users choose it.
    """
    listed = np.bincount(popularity_groups(counts), weights=shown, minlength=POPULARITY_GROUPS)
    return tuple(float(share) for share in listed / shown.sum())
