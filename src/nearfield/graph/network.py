"""The graph recommender's networks together, as they are trained and saved."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nearfield.graph.blocks import Block
from nearfield.graph.config import GraphConfig
from nearfield.graph.pinsage import PinSage
from nearfield.graph.recency import recency_means
from nearfield.networks.features import ItemFeatures, Vocabulary
from nearfield.networks.histories import History
from nearfield.networks.items import ItemTensors, ItemTower
from nearfield.networks.reader import HistoryReader, ReaderSizes


class GraphNetwork(nn.Module):
    """What items bring along, the convolutions over it, and who reads histories of the outcome.

    Parameters
    ----------
    config : GraphConfig
        Sizes.
    vocabulary : Vocabulary
        Code books.
    items : int
        Number of ids.
    """

    def __init__(self, config: GraphConfig, vocabulary: Vocabulary, items: int) -> None:
        super().__init__()
        self.by_mean = config.objective == "margin"
        self.items = ItemTower(config, vocabulary, items)
        self.items.id.sparse = items > config.whole_below  # a batch reads few rows of many
        self.pinsage = PinSage(config)
        self.start = nn.Parameter(torch.zeros(config.width))
        nn.init.normal_(self.start, std=0.02)
        sizes = ReaderSizes(
            config.dim,
            config.width,
            config.reader_layers,
            config.heads,
            config.window,
            config.dropout,
        )
        self.reader = HistoryReader(sizes, len(vocabulary.ratings))
        self.log_scale = nn.Parameter(torch.tensor(-math.log(config.temperature)))

    def brought(self, features: ItemFeatures, ids: Tensor) -> Tensor:
        """Return what items bring along, shape (items, dim).

        Parameters
        ----------
        features : ItemFeatures
            Of these items.
        ids : int64, shape (items,)
            Row of each one's id; the number of ids for one that training did not see.
        """
        vectors: Tensor = self.items(ids, ItemTensors(features))
        return vectors

    def item_vectors(self, features: ItemFeatures, block: Block) -> Tensor:
        """Return the vectors of a block's batch, shape (batch, dim), not of unit length.

        Parameters
        ----------
        features : ItemFeatures
            Of all items.
        block : Block
        """
        ids = torch.from_numpy(block.rows).long()
        vectors: Tensor = self.pinsage(self.brought(features.take(block.rows), ids), block)
        return vectors

    def read(self, history: History, vectors: Tensor) -> Tensor:
        """Return the user's vector after each event, shape (batch, 1 + length, dim).

        Not of unit length. Position t has read the first t events.
        """
        read: Tensor = self.reader(self.first(history), history, vectors)
        return read

    def newest(self, history: History, vectors: Tensor) -> tuple[Tensor, Tensor]:
        """Return the vector after the last event alone, and how much each event was read.

        Under the objective `margin` no reader is trained: the mean of what was taken lately.
        """
        if self.by_mean:
            return recency_means(history, F.normalize(vectors, dim=1))
        return self.reader.newest(self.first(history), history, vectors)

    def first(self, history: History) -> Tensor:
        """Return the token that stands before every history, shape (batch, width)."""
        return self.start.expand(len(history.items), -1)

    def scaled(self, users: Tensor) -> Tensor:
        """Return user vectors of unit length divided by the temperature."""
        return F.normalize(users.float(), dim=-1) * self.log_scale.exp()
