"""The movie tower: id, genres, year and title become one vector."""

from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from nearfield.networks.features import ItemFeatures, Vocabulary

_GENRE_DIM = 32
_YEAR_DIM = 16
_WORD_DIM = 32
_TITLE_DIM = 64
_TITLE_WIDTH = 3


class ItemSizes(Protocol):
    """The settings that the tower reads."""

    @property
    def dim(self) -> int:
        """Length of the output vectors."""

    @property
    def id_dim(self) -> int:
        """Size of the id embeddings."""

    @property
    def item_id_dropout(self) -> float:
        """Share of the ids hidden in training, in [0, 1]."""


class ItemTower(nn.Module):
    """Embed items from what they are.

    The id goes through an embedding and a fully connected layer, the genres through a fully
    connected layer, the title through a convolution over its words and a maximum over the
    title (text CNN [1]_); a last layer combines them.

    Parameters
    ----------
    config : ItemSizes
        Sizes.
    vocabulary : Vocabulary
        Sizes of the code books.
    items : int
        Number of ids; row `items` of the id embedding stands for every other one.

    References
    ----------
    .. [1] Kim, "Convolutional Neural Networks for Sentence Classification", EMNLP 2014.
    """

    def __init__(self, config: ItemSizes, vocabulary: Vocabulary, items: int) -> None:
        super().__init__()
        self.dropped = config.item_id_dropout
        self.unknown = items
        self.id = nn.Embedding(items + 1, config.id_dim)
        self.id_layer = nn.Linear(config.id_dim, config.dim)
        self.genre_layer = nn.Linear(vocabulary.genre_columns, _GENRE_DIM, bias=False)
        self.year = nn.Embedding(vocabulary.year_codes, _YEAR_DIM)
        self.word = nn.Embedding(len(vocabulary.words) + 1, _WORD_DIM, padding_idx=0)
        self.title = nn.Conv1d(_WORD_DIM, _TITLE_DIM, _TITLE_WIDTH, padding=1)
        self.content_layer = nn.Linear(_GENRE_DIM + _YEAR_DIM + _TITLE_DIM, config.dim)
        self._start()

    def _start(self) -> None:
        """Start with vectors that the ids spread and the content only tilts."""
        nn.init.normal_(self.id.weight, std=self.id.embedding_dim**-0.5)
        nn.init.zeros_(self.id.weight[self.unknown].detach())
        nn.init.normal_(self.word.weight, std=0.1)
        nn.init.zeros_(self.word.weight[0].detach())
        nn.init.orthogonal_(self.id_layer.weight)
        nn.init.normal_(self.content_layer.weight, std=0.02)
        for layer in (self.id_layer, self.content_layer):
            nn.init.zeros_(layer.bias)

    def forward(self, ids: Tensor, features: "ItemTensors") -> Tensor:
        """Return one vector per item, shape (items, dim), not yet of unit length.

        Parameters
        ----------
        ids : int64, shape (items,)
            Row of each item's id; `unknown` for an item that training did not see.
        features : ItemTensors
            Features of the same items.
        """
        if self.training and self.dropped:
            # drawn for every id, so that an item's luck depends on no other item of the batch
            hidden = torch.rand(self.unknown) < self.dropped
            ids = ids.masked_fill(F.pad(hidden, (0, 1))[ids], self.unknown)
        seen = (features.words > 0).unsqueeze(1)  # (items, 1, words)
        words = torch.tanh(self.title(self.word(features.words).transpose(1, 2)))
        title = (words * seen).amax(dim=2)  # (items, title)
        content = [F.relu(self.genre_layer(features.genres)), self.year(features.years), title]
        id_part: Tensor = self.id_layer(self.id(ids))
        content_part: Tensor = self.content_layer(torch.cat(content, dim=1))
        return id_part + content_part


class ItemTensors:
    """`ItemFeatures` as tensors."""

    def __init__(self, features: ItemFeatures) -> None:
        self.genres = torch.from_numpy(features.genres)
        self.words = torch.from_numpy(features.words)
        self.years = torch.from_numpy(features.years)


def forget(ids: nn.Embedding, untold: NDArray[np.bool_]) -> None:
    """Let ids of which training told nothing stand for "unknown", the last row.

    Parameters
    ----------
    ids : Embedding
        One row an id, and one more.
    untold : bool, shape (ids,)
        Which they are.
    """
    with torch.no_grad():
        ids.weight[:-1][torch.from_numpy(untold)] = ids.weight[-1]
