"""The user tower for one user at a time; see `SingleReader`."""

import torch
from torch import Tensor
from torch.nn import functional as F

from nearfield.fusion.users import UserBatch, UserTower
from nearfield.networks.single import SingleReader, weights_of


class SingleTower:
    """Returns what `UserTower.newest` does for a batch of one.

    Parameters
    ----------
    tower : UserTower
        Trained: its weights do not change any more.
    items : float32, shape (items, dim)
        The vectors of all items.
    """

    @torch.inference_mode()
    def __init__(self, tower: UserTower, items: Tensor) -> None:
        self.reader = SingleReader(tower.reader, items)
        self._id, self._id_layer = tower.id.weight.detach(), weights_of(tower.id_layer)
        self._start = tower.start.detach()
        self._attributes = tower.attribute_values()

    @torch.inference_mode()
    def newest(self, user: UserBatch) -> tuple[Tensor, Tensor]:
        """Return the vector after the last event, and the attention that made it.

        Parameters
        ----------
        user : UserBatch
            One row, without fillers, of at most the window's events.

        Returns
        -------
        vectors : float, shape (1, dim)
            Not yet of unit length.
        attention : float, shape (1, 1 + events)
            Of the last layer; the row sums to 1.
        """
        first = self._start + F.linear(self._id[user.ids], *self._id_layer)
        for values, code in zip(self._attributes, user.attributes[0].tolist(), strict=True):
            first += values[code]
        return self.reader.newest(first, user.history)
