"""The user tower: id, attributes and history, any of them missing, become one vector."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from nearfield.fusion.config import FusionConfig
from nearfield.networks.features import Vocabulary
from nearfield.networks.histories import History
from nearfield.networks.reader import HistoryReader, ReaderSizes

_ATTRIBUTE_DIM = 16


@dataclass(frozen=True, slots=True)
class UserBatch:
    """Users as the tower reads them.

    Parameters
    ----------
    ids : int64, shape (batch,)
        Row of each user's id; the number of ids for someone unknown.
    attributes : int64, shape (batch, attributes)
        Codes; 0 where not known.
    history : History
        What each of them did.
    """

    ids: Tensor
    attributes: Tensor
    history: History

    @classmethod
    def of(
        cls, ids: NDArray[np.int64], attributes: NDArray[np.int64], history: History
    ) -> "UserBatch":
        """Make a batch of arrays."""
        return cls(torch.from_numpy(ids), torch.from_numpy(attributes), history)

    def part(self, rows: slice) -> "UserBatch":
        """Return some of the users."""
        return UserBatch(self.ids[rows], self.attributes[rows], self.history.part(rows))


class UserTower(nn.Module):
    """Embed users from what they are and what they did.

    Id, gender, age and occupation each go through an embedding and a fully connected layer
    and are combined into the first token of a sequence, which `HistoryReader` reads on: the
    vector after that token is that of someone of whom nothing but the attributes is known.

    Parameters
    ----------
    config : FusionConfig
        Sizes.
    vocabulary : Vocabulary
        Sizes of the code books.
    users : int
        Number of ids; row `users` of the id embedding stands for every other one.
    """

    def __init__(self, config: FusionConfig, vocabulary: Vocabulary, users: int) -> None:
        super().__init__()
        self.config = config
        self.unknown = users
        self.id = nn.Embedding(users + 1, config.id_dim)
        self.id_layer = nn.Linear(config.id_dim, config.width)
        sizes = [len(values) + 1 for values in vocabulary.attributes.values()]
        self.attributes = nn.ModuleList(nn.Embedding(size, _ATTRIBUTE_DIM) for size in sizes)
        self.attribute_layers = nn.ModuleList(
            nn.Linear(_ATTRIBUTE_DIM, config.width, bias=False) for _ in sizes
        )
        self.start = nn.Parameter(torch.zeros(config.width))
        self.reader = HistoryReader(
            ReaderSizes(
                config.dim,
                config.width,
                config.layers,
                config.heads,
                config.window,
                config.dropout,
            ),
            len(vocabulary.ratings),
        )
        nn.init.normal_(self.id.weight, std=0.05)
        nn.init.zeros_(self.id.weight[self.unknown].detach())
        nn.init.normal_(self.start, std=0.02)

    def forward(self, users: UserBatch, items: Tensor) -> Tensor:
        """Return the user's vector after each event, shape (batch, 1 + length, dim).

        Not yet of unit length. Position t has read the first t events.

        Parameters
        ----------
        users : UserBatch
            Ids, attributes and histories.
        items : float, shape (items, dim)
            The vectors of all items.
        """
        read: Tensor = self.reader(self.first(users), users.history, items)
        return read

    def newest(self, users: UserBatch, items: Tensor) -> tuple[Tensor, Tensor]:
        """Return the vector after the last event alone, and the attention that made it.

        Returns
        -------
        vectors : float, shape (batch, dim)
        attention : float, shape (batch, 1 + length)
            Of the last layer; a row sums to 1.
        """
        return self.reader.newest(self.first(users), users.history, items)

    def first(self, users: UserBatch) -> Tensor:
        """Return the token of id and attributes, shape (batch, width)."""
        token: Tensor = self.start + self.id_layer(self.id(users.ids))
        for column, table in enumerate(self.attribute_values()):
            token = token + F.embedding(users.attributes[:, column], table)
        return token

    def attribute_values(self) -> list[Tensor]:
        """Return what each value of each attribute adds to the first token."""
        pairs = zip(self.attributes, self.attribute_layers, strict=True)
        return [layer(codes.weight) for codes, layer in pairs]
