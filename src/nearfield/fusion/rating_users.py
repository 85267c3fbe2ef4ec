"""The user tower of the rating objective: id, attributes and a set of ratings become one vector."""

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nearfield.fusion.config import FusionConfig
from nearfield.fusion.users import UserBatch
from nearfield.networks.dropout import ByteDropout
from nearfield.networks.features import Vocabulary

_ATTRIBUTE_DIM: Final = 16
_HIDDEN: Final = 256
CALM: Final = 5.0
"""Ratings of an average item added to everyone's, so that one rating does not say too much."""


@dataclass(frozen=True, slots=True)
class RatedSets:
    """What users rated, all ratings of a batch in a row.

    Parameters
    ----------
    items : int64, shape (ratings,)
        Rows of the items, user after user.
    stars : float, shape (ratings,)
        The ratings.
    weights : float, shape (ratings,)
        How much each counts, above 0.
    starts : int64, shape (batch,)
        Where each user's ratings begin.
    """

    items: Tensor
    stars: Tensor
    weights: Tensor
    starts: Tensor

    def part(self, rows: slice) -> "RatedSets":
        """Return those of some users, given by first and end."""
        starts = F.pad(self.starts, (0, 1), value=len(self.items))
        first, end = int(starts[rows.start]), int(starts[rows.stop])
        kept = slice(first, end)
        return RatedSets(
            self.items[kept], self.stars[kept], self.weights[kept], self.starts[rows] - first
        )

    def sum(self, values: Tensor) -> Tensor:
        """Return the sum over each user's ratings, shape (batch,)."""
        ends = F.pad(self.starts[1:], (0, 1), value=len(values))
        running = F.pad(values.double().cumsum(0), (1, 0))
        return (running[ends] - running[self.starts]).float()


class RatingTower(nn.Module):
    """Embed users from what they are and how they rated, in no order.

    The vector starts from the one of an average user; id, attributes and ratings move it. Of
    the ratings, a network reads a sum over the items (a learned vector each, times how far the
    rating is from the item's mean), how many there are and how generous they are.

    Parameters
    ----------
    config : FusionConfig
        Sizes.
    vocabulary : Vocabulary
        Sizes of the code books; the highest rating is what a cosine of 1 means.
    users, items : int
        Number of ids; row `users` of the id embedding stands for every other one.
    """

    expected: Tensor
    levels: Tensor

    def __init__(
        self, config: FusionConfig, vocabulary: Vocabulary, users: int, items: int
    ) -> None:
        super().__init__()
        self.config = config
        self.unknown = users
        self.start = nn.Parameter(torch.randn(config.dim) * config.dim**-0.5)
        self.id = nn.Embedding(users + 1, config.id_dim)
        self.id_layer = nn.Linear(config.id_dim, config.dim, bias=False)
        sizes = [len(values) + 1 for values in vocabulary.attributes.values()]
        self.attributes = nn.ModuleList(nn.Embedding(size, _ATTRIBUTE_DIM) for size in sizes)
        self.attribute_layers = nn.ModuleList(
            nn.Linear(_ATTRIBUTE_DIM, config.dim, bias=False) for _ in sizes
        )
        self.read = nn.Embedding(items, _HIDDEN)
        self.habits = nn.Linear(2, _HIDDEN)
        self.bent = nn.Linear(_HIDDEN, config.dim)
        self.straight = nn.Linear(_HIDDEN, config.dim, bias=False)
        self.drop = ByteDropout(config.dropout)
        # a like without a rating is read as the highest one
        levels = vocabulary.ratings or (1.0,)
        self.register_buffer("levels", torch.tensor([levels[-1], *levels]))
        self.register_buffer("expected", torch.zeros(items))
        self._first_values()

    @property
    def highest(self) -> float:
        """The rating that a cosine of 1 stands for."""
        return float(self.levels[0])

    def _first_values(self) -> None:
        nn.init.normal_(self.id.weight, std=0.02)
        nn.init.zeros_(self.id.weight[self.unknown].detach())
        nn.init.orthogonal_(self.id_layer.weight)
        for layer in (*self.attribute_layers, self.bent, self.straight):
            assert isinstance(layer, nn.Linear)
            nn.init.normal_(layer.weight, std=0.02)
        nn.init.zeros_(self.bent.bias)
        nn.init.normal_(self.read.weight, std=0.1)

    def forward(self, ids: Tensor, attributes: Tensor, rated: RatedSets) -> Tensor:
        """Return how far users are from the average one, shape (batch, dim).

        Parameters
        ----------
        ids : int64, shape (batch,)
        attributes : int64, shape (batch, attributes)
            Both as in `UserBatch`.
        rated : RatedSets
            Of the same users.
        """
        above = (rated.stars - self.expected[rated.items]) * rated.weights
        count = rated.sum(rated.weights)
        summed = F.embedding_bag(
            rated.items, self.read.weight, rated.starts, mode="sum", per_sample_weights=above
        )
        summed = summed * count.clamp(min=1).rsqrt()[:, None]
        generous = rated.sum(above) / (count + CALM)
        habits = torch.stack([2 * generous, (count + 1).log() / 4 - 1], dim=1)
        moved: Tensor = self.id_layer(self.drop(self.id(ids)))
        moved = moved + self.straight(self.drop(summed))
        moved = moved + self.bent(self.drop(F.gelu(summed + self.habits(habits))))
        for column, (codes, layer) in enumerate(
            zip(self.attributes, self.attribute_layers, strict=True)
        ):
            moved = moved + layer(codes(attributes[:, column]))
        return moved

    def newest(self, users: UserBatch, items: Tensor) -> tuple[Tensor, Tensor]:
        """Return the users' vectors, and how much each was made from each event.

        Parameters
        ----------
        users : UserBatch
            Ids, attributes and histories, whose order says nothing.
        items : float, shape (items, dim)
            Not read: what is rated has vectors of its own.

        Returns
        -------
        vectors : float, shape (batch, dim)
            Not yet of unit length.
        attention : float, shape (batch, 1 + length)
            First the id and the attributes, as much as one event; a row sums to 1.
        """
        inside = users.history.items >= 0
        rated = RatedSets(
            items=users.history.items[inside],
            stars=self.levels[users.history.ratings[inside]],
            weights=users.history.weights[inside],
            starts=F.pad(inside.sum(dim=1).cumsum(0)[:-1], (1, 0)),
        )
        vectors = self.start + self(users.ids, users.attributes, rated)
        attention = F.pad(users.history.weights, (1, 0), value=1.0)
        return vectors, F.normalize(attention, p=1, dim=1)
