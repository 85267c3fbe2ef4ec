"""Several interests of one user, kept apart: clusters of the history and an item for each."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage

from nearfield.types import Interests, Scores, Vectors

_APART: Final = 1.2
"""Ward's distance of unit vectors above which clusters are not joined."""


HALF_LIFE: Final = 10.0
"""In events: one this much older counts half towards an interest."""


@dataclass(frozen=True, slots=True)
class Clusters:
    """A history in groups of events that are alike, most important first.

    Parameters
    ----------
    medoids : int64, shape (interests,)
        Position in the history of the event that stands for each.
    importance : float32, shape (interests,)
        Sum of the weights of its events, over the largest such sum: greater than 0, at most 1.
    members : int64, shape (events,)
        Position of each event's interest among these; -1 where it was left out.
    """

    medoids: NDArray[np.int64]
    importance: NDArray[np.float32]
    members: NDArray[np.int64]


def interests_of(vectors: Vectors, weights: Scores, most: int, share: float) -> Interests | None:
    """Return what a history shows interest in; None where nothing of a score depends on it.

    Parameters
    ----------
    vectors : float32, shape (events, dim)
        Unit vectors of the items that were read, oldest first.
    weights : float32, shape (events,)
        How much each event counts, greater than 0; newer ones count more on top.
    most : int
        Largest number of interests.
    share : float
        How much of a score they account for, in [0, 1].
    """
    if not len(vectors) or share == 0:
        return None
    age = np.arange(len(vectors))[::-1]
    recent = (weights * np.exp2(-age / HALF_LIFE)).astype(np.float32)
    found = find_interests(vectors, recent, most)
    return Interests(vectors[found.medoids], found.importance, share)


def find_interests(vectors: Vectors, weights: NDArray[np.float32], most: int) -> Clusters:
    """Cluster a history and choose the events that stand for it, as PinnerSage [1]_ does.

    Ward's method joins the events as long as their clusters are near; a cluster's medoid is the
    event nearest to all of its events, each by its weight, and its importance the sum of these.

    Parameters
    ----------
    vectors : float32, shape (events, dim)
        Unit vectors of the items.
    weights : float32, shape (events,)
        How much each event counts, greater than 0: recency, likes.
    most : int
        Largest number of interests; the least important are left out.

    References
    ----------
    .. [1] Pal et al., "PinnerSage: Multi-Modal User Embedding Framework for Recommendations at
       Pinterest", KDD 2020. https://doi.org/10.1145/3394486.3403280
    """
    events = len(vectors)
    if events == 0:
        nothing = np.empty(0, dtype=np.int64)
        return Clusters(nothing, np.empty(0, dtype=np.float32), nothing)
    cluster = np.zeros(events, dtype=np.int64)
    if events > 1:
        cluster = fcluster(linkage(vectors, "ward"), _APART, "distance").astype(np.int64) - 1
    totals = np.bincount(cluster, weights=weights)
    order = np.argsort(-totals, kind="stable")[:most]
    medoids = np.array([_medoid(vectors, weights, cluster == one) for one in order], np.int64)
    place = np.full(len(totals), -1, dtype=np.int64)
    place[order] = np.arange(len(order))
    importance = (totals[order] / totals[order[0]]).astype(np.float32)
    return Clusters(medoids, importance, place[cluster])


def _medoid(vectors: Vectors, weights: NDArray[np.float32], inside: NDArray[np.bool_]) -> int:
    """Return the position of the event nearest to a cluster's events."""
    rows = np.flatnonzero(inside)
    mean = weights[rows] @ vectors[rows]
    return int(rows[np.argmax(vectors[rows] @ mean)])
