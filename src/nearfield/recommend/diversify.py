"""Reorder a list so that its items differ from each other: maximal marginal relevance."""

import numpy as np
from numpy.typing import NDArray

from nearfield.types import Scores, Vectors


def diversify(relevance: Scores, vectors: Vectors, k: int, diversity: float) -> NDArray[np.int64]:
    """Choose `k` candidates one by one, each relevant and unlike those already chosen.

    The next one has the largest ``(1 - diversity) * relevance - diversity * nearest``, where
    `nearest` is its cosine similarity with the most similar item chosen so far [1]_ (the
    paper's lambda is ``1 - diversity``). The best candidate always comes first, and equal
    ones keep their order.

    Parameters
    ----------
    relevance : float32, shape (candidates,)
        Cosine similarity with the query in [-1, 1], best first.
    vectors : float32, shape (candidates, dim)
        Unit vectors of the same candidates.
    k : int
        How many to choose; all of them where there are fewer.
    diversity : float
        0 keeps the order; 1 looks at nothing but difference. In [0, 1].

    Returns
    -------
    int64, shape (min(k, candidates),)
        Positions of the chosen candidates, each at most once.

    References
    ----------
    .. [1] Carbonell and Goldstein, "The Use of MMR, Diversity-Based Reranking for Reordering
       Documents and Producing Summaries", SIGIR 1998. https://doi.org/10.1145/290941.291025
    """
    count = min(k, len(relevance))
    if diversity == 0 or count <= 1:
        return np.arange(count, dtype=np.int64)
    chosen = np.zeros(count, dtype=np.int64)  # the best one is already in its place
    gain = ((1.0 - diversity) * relevance).astype(np.float32)
    nearest = np.full(len(relevance), -np.inf, dtype=np.float32)
    for place in range(1, count):
        last = chosen[place - 1]
        gain[last] = -np.inf  # chosen once
        np.maximum(nearest, vectors @ vectors[last], out=nearest)
        chosen[place] = np.argmax(gain - np.float32(diversity) * nearest)
    return chosen
