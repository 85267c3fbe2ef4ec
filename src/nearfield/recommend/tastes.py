"""Keep what someone likes apart: groups of songs that are near to each other."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from nearfield.types import Scores, Vectors

_EVENNESS: Final = 0.25
"""Power of a group's weight in its importance: what is heard seldom is heard all the same."""


@dataclass(frozen=True, slots=True)
class Tastes:
    """Songs in groups, most important first.

    Parameters
    ----------
    centres : float32, shape (tastes, dim)
        Unit vectors: the mean of each group's songs, each by its weight.
    importance : float32, shape (tastes,)
        Fourth root of the sum of the weights of its songs over the largest such sum: in (0, 1].
    members : int64, shape (songs,)
        The group of each song; -1 where that was left out.
    """

    centres: Vectors
    importance: Scores
    members: NDArray[np.int64]


def find_tastes(vectors: Vectors, weights: Scores, most: int, apart: float) -> Tastes:
    """Group songs by Ward's method, as PinnerSage [1]_ groups what a user took.

    Parameters
    ----------
    vectors : float32, shape (songs, dim)
        Unit vectors, at least one.
    weights : float32, shape (songs,)
        How much each counts, greater than 0.
    most : int
        Largest number of groups; the least important are left out.
    apart : float
        Ward's distance from which on groups are not joined. Two songs at a right angle are
        1.41 from each other, two with a cosine of 0.5 are 1.

    References
    ----------
    .. [1] Pal et al., "PinnerSage: Multi-Modal User Embedding Framework for Recommendations at
       Pinterest", KDD 2020. https://doi.org/10.1145/3394486.3403280
    """
    group = np.zeros(len(vectors), dtype=np.int64)
    if len(vectors) > 1:
        # takes 0.3 s to load, which who asks for no listener need not wait
        from scipy.cluster.hierarchy import fcluster, linkage

        group = fcluster(linkage(vectors, "ward"), apart, "distance").astype(np.int64) - 1
    totals = np.bincount(group, weights=weights)
    order = np.argsort(-totals, kind="stable")[:most]
    means = np.stack([weights[group == one] @ vectors[group == one] for one in order])
    lengths = np.linalg.norm(means, axis=1, keepdims=True)
    place = np.full(len(totals), -1, dtype=np.int64)
    place[order] = np.arange(len(order))
    return Tastes(
        (means / np.maximum(lengths, 1e-12)).astype(np.float32),
        ((totals[order] / totals[order[0]]) ** _EVENNESS).astype(np.float32),
        place[group],
    )
