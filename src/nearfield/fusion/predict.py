"""Vectors from trained towers: items, users with any part missing, and what their vectors read."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nearfield.fusion.features import ItemFeatures
from nearfield.fusion.histories import Histories
from nearfield.fusion.towers import Towers
from nearfield.fusion.users import UserBatch


@dataclass(frozen=True, slots=True)
class Read:
    """Vectors of users, and how much each was made from each event.

    Parameters
    ----------
    vectors : float, shape (users, dim)
        Not yet of unit length.
    attention : float, shape (users, 1 + events)
        Mean attention of the last layer from the newest token; the first column is the token
        of id and attributes. A row sums to 1.
    """

    vectors: Tensor
    attention: Tensor


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch do the work of this thread alone.

    What one user needs is done before a second thread is awake, and while another process keeps
    the machine busy it is waited for up to a tenth of a second, a hundred times the work.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@torch.inference_mode()
def item_vectors(towers: Towers, features: ItemFeatures, ids: Tensor | None = None) -> Tensor:
    """Return the vectors of items, shape (items, dim), not yet of unit length."""
    return towers.item_vectors(features, ids)


@torch.inference_mode()
def read_users(towers: Towers, users: UserBatch, items: Tensor) -> Read:
    """Return the vector of each user after the last event.

    Parameters
    ----------
    towers : Towers
        In evaluation mode.
    users : UserBatch
        Rows of at most the model's window.
    items : float, shape (items, dim)
        As from `item_vectors`.
    """
    vectors, attention = towers.users.newest(users, items)
    return Read(vectors, attention)


def user_vectors(
    towers: Towers,
    histories: Histories,
    attributes: NDArray[np.int64],
    users: NDArray[np.int64],
    items: Tensor,
) -> Tensor:
    """Return the vectors of users of the training data, shape (users, dim).

    Parameters
    ----------
    towers : Towers
        In evaluation mode.
    histories : Histories
        What each user did until now.
    attributes : int64, shape (all users, attributes)
        Codes.
    users : int64, shape (users,)
        Rows.
    items : float, shape (items, dim)
        As from `item_vectors`.
    """
    window = towers.users.config.reach
    stop = histories.indptr[users + 1]
    cut = np.stack([users, np.maximum(histories.indptr[users], stop - window), stop], axis=1)
    batch = histories.newest(cut, users, attributes[users])
    return read_users(towers, batch, items).vectors
