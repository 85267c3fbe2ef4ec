"""Where the rating objective starts: the main directions in which tastes differ, without training.

From random vectors, learning first shrinks them (they dilute the cosine), and the penalty may hold
them there: whether a training gets away then depends on sizes and on the number of epochs.
"""

from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import svds
from torch import nn

from nearfield.fusion.rating_users import RatingTower
from nearfield.networks.items import ItemTower

_DIRECTIONS: Final = 24
_ITEM_LENGTH: Final = 0.15
"""Of an item's part in these directions at first; the average item is 1 long."""

_READ_LENGTH: Final = 0.1
_USER_LENGTH: Final = 0.5
_NOISE: Final = 0.02
_FAINT: Final = 0.002
"""Size of what says nothing yet, in the same unit."""


def main_directions(residuals: sparse.csr_matrix, most: int, seed: int) -> NDArray[np.float32]:
    """Return a few numbers for each item, so that users rate items of like numbers alike.

    The singular vectors of the residuals, every user weighing alike and popular items less than
    by their number of ratings, each times its share of the greatest singular value.

    Parameters
    ----------
    residuals : float, shape (users, items)
        How far ratings are from what is expected of item and user; no entry where there is none.
    most : int
        Numbers of an item; fewer where the matrix has fewer.
    seed : int
        Of the solver's first vector.

    Returns
    -------
    float32, shape (items, numbers)
        Rows of mean square 1; no columns if the matrix is empty.
    """
    numbers = min(most, min(residuals.shape) - 1)
    users = np.maximum(np.diff(residuals.indptr), 1)
    items = np.maximum(np.bincount(residuals.indices, minlength=residuals.shape[1]), 1)
    even = sparse.diags(users**-0.5) @ residuals @ sparse.diags(items**-0.25)
    if numbers < 1 or not even.count_nonzero():
        return np.empty((residuals.shape[1], 0), dtype=np.float32)
    first = np.random.default_rng(seed).random(min(even.shape))
    _, sizes, found = svds(even.astype(np.float64), k=numbers, v0=first)
    rows = (found * (sizes / sizes.max())[:, None]).T
    return np.asarray(rows / np.sqrt((rows**2).sum(axis=1).mean()), dtype=np.float32)


def start_towers(
    users: RatingTower, items: ItemTower, cosine: float, residuals: sparse.csr_matrix, seed: int
) -> None:
    """Let the average user and item meet at `cosine`, and read the main directions off ratings.

    Parameters
    ----------
    users : RatingTower
    items : ItemTower
        Both changed in place.
    cosine : float
        The mean rating, as a share of the highest.
    residuals : float, shape (users, items)
        As for `main_directions`.
    seed : int
        Of what is random.
    """
    generator = torch.Generator().manual_seed(seed)
    dim = len(users.start)
    found = torch.from_numpy(main_directions(residuals, min(_DIRECTIONS, dim - 2), seed))
    count = found.shape[1]
    with torch.no_grad():
        basis = torch.linalg.qr(torch.randn(dim, 2 + count, generator=generator)).Q
        users.start.copy_(basis[:, 0])
        items.content_layer.bias.copy_(cosine * basis[:, 0] + (1 - cosine**2) ** 0.5 * basis[:, 1])
        for layer in (items.content_layer, *users.attribute_layers):
            assert isinstance(layer, nn.Linear)
            layer.weight.normal_(std=_FAINT, generator=generator)
        users.id.weight[:-1].normal_(std=_FAINT, generator=generator)
        rest = basis[:, 2:]
        to_id = torch.linalg.pinv(items.id_layer.weight)  # (id, dim)
        items.id.weight[:-1].normal_(std=_NOISE, generator=generator)
        items.id.weight[:-1] += _ITEM_LENGTH * found @ (to_id @ rest).T
        users.read.weight[:, :count] = _READ_LENGTH * found
        users.straight.weight[:, :count] = _USER_LENGTH * rest
        users.bent.weight[:, :count] = 0
