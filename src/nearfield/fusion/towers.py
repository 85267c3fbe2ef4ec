"""The two towers together, as they are trained and saved."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nearfield.fusion.config import FusionConfig
from nearfield.fusion.rating_users import RatingTower
from nearfield.fusion.sets import SetItemTower, SetTower
from nearfield.fusion.users import UserTower
from nearfield.networks.features import ItemFeatures, Vocabulary
from nearfield.networks.items import ItemTensors, ItemTower


class Towers(nn.Module):
    """Two towers into one space, and the temperature of their cosines.

    Parameters
    ----------
    config : FusionConfig
        Sizes.
    vocabulary : Vocabulary
        Code books.
    users, items : int
        Number of ids.
    """

    def __init__(
        self, config: FusionConfig, vocabulary: Vocabulary, users: int, items: int
    ) -> None:
        super().__init__()
        self.items: ItemTower | SetItemTower
        self.users: UserTower | SetTower | RatingTower
        if config.objective == "rating":
            self.items = ItemTower(config, vocabulary, items)
            self.users = RatingTower(config, vocabulary, users, items)
        elif config.ordered:
            self.items = ItemTower(config, vocabulary, items)
            self.users = UserTower(config, vocabulary, users)
        else:
            self.items = SetItemTower(config, vocabulary, items)
            self.users = SetTower(config, vocabulary, users, items)
        self.log_scale = nn.Parameter(torch.tensor(-math.log(config.temperature)))

    def item_vectors(self, features: ItemFeatures, ids: Tensor | None = None) -> Tensor:
        """Return the vectors of items, shape (items, dim), not yet of unit length.

        Parameters
        ----------
        features : ItemFeatures
            Features of the items.
        ids : int64, shape (items,), optional
            Rows of their ids; where not given, the features are those of every id in order.
        """
        rows = torch.arange(len(features.years)) if ids is None else ids
        vectors: Tensor = self.items(rows, ItemTensors(features))
        return vectors

    def scaled(self, users: Tensor) -> Tensor:
        """Return user vectors of unit length divided by the temperature."""
        return F.normalize(users.float(), dim=-1) * self.log_scale.exp()
