"""Vectors as points of a picture: what is near in the space is near there, as far as it can be.

Needs the extra `map`. Chosen among three libraries by how many of the true neighbours stay
neighbours (`docs/experiments.md`).

References
----------
.. [1] van der Maaten and Hinton, "Visualizing Data using t-SNE", JMLR 2008.
.. [2] Linderman et al., "Fast interpolation-based t-SNE for improved visualization of single-cell
   RNA-seq data", Nature Methods 2019. https://doi.org/10.1038/s41592-018-0308-4
.. [3] Belkina et al., "Automated optimized parameters for t-distributed stochastic neighbor
   embedding", Nature Communications 2019. https://doi.org/10.1038/s41467-019-13055-y
"""

import math
import warnings
from typing import Any, Final, TypeAlias

import faiss
import numpy as np
from numpy.typing import NDArray

from nearfield.pipelines.progress import Progress, Steps
from nearfield.types import Ids, Vectors

Points: TypeAlias = NDArray[np.float32]
"""Places in a picture, shape (rows, 2)."""

NEIGHBOURS: Final = 30
"""Of each vector, that pull at it; three times the perplexity."""

_EARLY: Final = 125
_STEPS: Final = 250
"""Twice as many keep .002 more of the true neighbours (`docs/experiments.md`)."""

_EXAGGERATED: Final = 12.0
_WHOLE_ROWS: Final = 600  # of fewer, so strong a pull makes one point
_EARLY_MOMENTUM: Final = 0.5
_MOMENTUM: Final = 0.8
_AT_ONCE: Final = 10  # steps between two reports: a worker that is to end waits for no more

_MANY_ROWS: Final = 10_000
_THREADS: Final = 2
"""Of many rows; of fewer it is one. Fixed: sums in another order give another picture."""

_EXACT_ROWS: Final = 20_000
_QUERIES: Final = 2_000
_PROBES: Final = 24  # lists of the index that are looked through: .97 of the neighbours or more


def project(vectors: Vectors, seed: int = 0) -> Steps[Points]:
    """Place vectors in a picture.

    Parameters
    ----------
    vectors : float32, shape (rows, dim)
        Of unit length; four at least.
    seed : int
        Same seed, same machine, same picture.

    Returns
    -------
    float32, shape (rows, 2)
        Around the origin.
    """
    neighbours, distances = yield from nearest(vectors, min(NEIGHBOURS, len(vectors) - 1))
    yield Progress("Drawing the map")
    threads = _THREADS if len(vectors) >= _MANY_ROWS else 1
    embedding = _begin(vectors, neighbours, distances, seed)
    total, done = _EARLY + _STEPS, 0
    pull = _EXAGGERATED * min(1.0, max(1 / _EXAGGERATED, len(vectors) / _WHOLE_ROWS))
    phases = ((_EARLY, pull, _EARLY_MOMENTUM), (_STEPS, 1.0, _MOMENTUM))
    for steps, exaggeration, momentum in phases:
        for start in range(0, steps, _AT_ONCE):
            some = min(_AT_ONCE, steps - start)
            embedding.optimize(
                some, inplace=True, exaggeration=exaggeration, momentum=momentum, n_jobs=threads
            )
            done += some
            yield Progress("Drawing the map", done, total)
    points = np.asarray(embedding, dtype=np.float32)
    return np.ascontiguousarray(points - points.mean(axis=0))


def nearest(vectors: Vectors, k: int) -> Steps[tuple[Ids, NDArray[np.float32]]]:
    """Find the nearest other rows of each row, by cosine; among many rows, nearly all of them.

    Parameters
    ----------
    vectors : float32, shape (rows, dim)
        Of unit length.
    k : int
        How many; less than `rows`.

    Returns
    -------
    rows : int64, shape (rows, k)
        Nearest first, never the row itself.
    distances : float32, shape (rows, k)
        One less the cosine, in [0, 2].
    """
    rows = len(vectors)
    index = _index(vectors)
    neighbours = np.empty((rows, k), dtype=np.int64)
    distances = np.empty((rows, k), dtype=np.float32)
    for start in range(0, rows, _QUERIES):
        yield Progress("Looking for neighbours", start, rows, "items")
        own = np.arange(start, min(start + _QUERIES, rows))
        cosines, found = index.search(vectors[own], k + 1)
        # itself comes last; where it was not found among rows just as near, the farthest goes
        order = np.argsort(found == own[:, None], axis=1, kind="stable")[:, :k]
        neighbours[own] = np.take_along_axis(found, order, axis=1)
        distances[own] = 1 - np.take_along_axis(cosines, order, axis=1)
    # fewer than k were found in the lists looked through: the row itself pulls at nothing
    missing = neighbours < 0
    neighbours[missing] = np.nonzero(missing)[0]
    return neighbours, np.clip(distances, 0, 2)


def _index(vectors: Vectors) -> Any:
    """Return an index that holds all rows."""
    rows, dim = vectors.shape
    flat = faiss.IndexFlatIP(dim)
    if rows <= _EXACT_ROWS:
        flat.add(vectors)
        return flat
    lists = 4 * math.isqrt(rows)
    index = faiss.IndexIVFFlat(flat, dim, lists, faiss.METRIC_INNER_PRODUCT)
    index.cp.niter = 8
    index.cp.max_points_per_centroid = 64
    index.train(vectors)
    index.add(vectors)
    index.nprobe = _PROBES
    return index


def _begin(vectors: Vectors, neighbours: Ids, distances: NDArray[np.float32], seed: int) -> Any:
    """Return the picture before the first step: the two directions in which vectors differ most."""
    # scikit-learn takes half a second, which only a map need wait
    import openTSNE
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.initialization import pca
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    affinities = PerplexityBasedNN(
        perplexity=neighbours.shape[1] / 3,
        knn_index=PrecomputedNeighbors(neighbours, distances),
    )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=RuntimeWarning)  # all vectors are the same
        start = pca(vectors, random_state=seed)
    if not np.isfinite(start).all():
        start = np.random.default_rng(seed).normal(0, 1e-4, (len(vectors), 2))
    # two rows may lie at one place, where nothing would push them apart
    start = start + np.random.default_rng(seed).normal(0, 1e-6, start.shape)
    return openTSNE.TSNEEmbedding(start, affinities, random_state=seed)
