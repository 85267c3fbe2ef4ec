"""Vectors from trained towers: items, users with any part missing, and what their vectors read."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nearfield.fusion.towers import Towers
from nearfield.fusion.users import UserBatch
from nearfield.networks.features import ItemFeatures
from nearfield.networks.histories import Histories


@dataclass(frozen=True, slots=True)
class UsersRead:
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


@torch.inference_mode()
def item_vectors(towers: Towers, features: ItemFeatures, ids: Tensor | None = None) -> Tensor:
    """Return the vectors of items, shape (items, dim), not yet of unit length."""
    return towers.item_vectors(features, ids)


@torch.inference_mode()
def read_users(towers: Towers, users: UserBatch, items: Tensor) -> UsersRead:
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
    return UsersRead(vectors, attention)


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
    history = histories.until_now(users, towers.users.config.reach)
    batch = UserBatch.of(users, attributes[users], history)
    return read_users(towers, batch, items).vectors
