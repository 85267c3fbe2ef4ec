"""Linear item-to-item regression in closed form, compressed to vectors of users and items.

No training loop: one Cholesky factorisation and one randomised SVD, some seconds for MovieLens 1M.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

from nearfield.errors import InvalidInput

MOST_ITEMS: Final = 25_000
"""Largest number of items: their items x items matrix takes 2.5 GB there, two of them at once."""

_MORE_RANK: Final = 40
"""Directions followed beside the wanted ones, which then come out nearly exact."""

_POWER_STEPS: Final = 2


@dataclass(frozen=True, slots=True)
class ClosedForm:
    """A history's score for an item is the inner product of two short vectors.

    Parameters
    ----------
    reading : float32, shape (items, rank)
        What an item adds to the vector of a user who had it.
    vectors : float32, shape (items, rank)
        The items themselves, the longest of length 1; zeros for an item without users.
    """

    reading: NDArray[np.float32]
    vectors: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Ridge:
    """How strongly the regression is held back, and whose events say how much.

    Parameters
    ----------
    l2 : float
        Penalty of every item, in users. Greater than 0.
    own : float
        Penalty that grows with an item's own events, as if each event had been hidden with
        chance own / (1 + own) (dropout in closed form). At least 0.
    users : float
        A user with n events weighs n ** -users: 0 counts events, 1 counts users alike.
    """

    l2: float = 300.0
    own: float = 0.5
    users: float = 1.0


def item_regression(had: sparse.csr_matrix, ridge: Ridge) -> NDArray[np.float32]:
    """Regress each item on all others (EASE [1]_), users weighted, with dropout (EDLAE [2]_).

    Parameters
    ----------
    had : sparse float32, shape (users, items)
        1 where the user had the item.
    ridge : Ridge
        Penalties.

    Returns
    -------
    float32, shape (items, items)
        Row: item of a history; column: item scored. The diagonal is zero.

    Raises
    ------
    InvalidInput
        If there are more than `MOST_ITEMS` items: memory grows with their square.

    References
    ----------
    .. [1] Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019.
       https://doi.org/10.1145/3308558.3313710
    .. [2] Steck, "Autoencoders that don't overfit towards the Identity", NeurIPS 2020.
    """
    items = had.shape[1]
    if items > MOST_ITEMS:
        raise InvalidInput(
            f"the regression holds two items x items matrices: {items:,} items would need "
            f"{2 * items**2 * 4 / 2**30:.0f} GB. Leave it out above {MOST_ITEMS:,}."
        )
    weights = user_weights(had, ridge.users)
    gram = (had.T @ sparse.diags(weights) @ had).toarray(order="F").astype(np.float32, copy=False)
    gram[np.diag_indices(items)] *= 1 + ridge.own
    gram[np.diag_indices(items)] += ridge.l2
    factor, failed = linalg.lapack.spotrf(gram, lower=1, overwrite_a=1)
    assert not failed  # positive definite, by the penalty
    inverse, failed = linalg.lapack.spotri(factor, lower=1, overwrite_c=1)
    assert not failed
    lower = np.tril(inverse, -1)
    penalties = np.diag(inverse).copy()
    inverse = lower + lower.T
    inverse /= -penalties
    return np.asarray(inverse, dtype=np.float32)


def user_weights(had: sparse.csr_matrix, power: float) -> NDArray[np.float32]:
    """Return n ** -power of each user's number of events n, 1 for the (geometric) mean user."""
    counts = np.maximum(np.diff(had.indptr), 1).astype(np.float64)
    typical = np.exp(np.log(counts[np.diff(had.indptr) > 0]).mean()) if had.nnz else 1.0
    return np.asarray((counts / typical) ** -power, dtype=np.float32)


def compress(
    had: sparse.csr_matrix, regression: NDArray[np.float32], rank: int, ridge: Ridge, seed: int
) -> ClosedForm:
    """Keep what best reproduces the scores of the users that there are, by randomised SVD [1]_.

    The scores (users x items) are never held, only their products with thin matrices.

    Parameters
    ----------
    had, regression, ridge
        As in `item_regression`, and what it returned.
    rank : int
        Length of the vectors. Where users or items are fewer, the rest is zeros.
    seed : int
        Of the random directions.

    Returns
    -------
    ClosedForm
        With the inner products of the score matrix's best approximation of that rank, scaled.

    References
    ----------
    .. [1] Halko, Martinsson, Tropp, "Finding Structure with Randomness", SIAM Review 2011.
       https://doi.org/10.1137/090771806
    """
    items = had.shape[1]
    seen = sparse.diags(np.sqrt(user_weights(had, ridge.users))) @ had
    width = min(rank + _MORE_RANK, *had.shape)
    start = np.random.default_rng(seed).standard_normal((items, width), dtype=np.float32)
    basis, _ = np.linalg.qr(seen @ (regression @ start))
    for _ in range(_POWER_STEPS):
        other, _ = np.linalg.qr(regression.T @ (seen.T @ basis))
        basis, _ = np.linalg.qr(seen @ (regression @ other))
    narrow = regression.T @ (seen.T @ basis)  # (items, width)
    vectors = np.linalg.svd(narrow, full_matrices=False)[0][:, :rank]
    vectors[np.diff(had.tocsc().indptr) == 0] = 0
    reading = regression @ vectors
    longest = max(float(np.linalg.norm(vectors, axis=1).max(initial=0)), 1e-12)
    missing = ((0, 0), (0, rank - vectors.shape[1]))
    return ClosedForm(
        np.pad(reading, missing).astype(np.float32),
        np.pad(vectors / longest, missing).astype(np.float32),
    )
