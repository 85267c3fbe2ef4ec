"""The user tower: id, attributes and history, any of them missing, become one vector."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nearfield.fusion.attention import Block
from nearfield.fusion.config import FusionConfig
from nearfield.fusion.dropout import ByteDropout
from nearfield.fusion.features import Vocabulary

_ATTRIBUTE_DIM = 16
_HALF_LIVES = (1.0, 2.0, 6.0, 30.0)
"""In events: how fast the weights of the recency means fall."""

_FIRST_WEIGHTS = (0.5, 0.5, 0.2, 0.1)
_FADE = 0.5
"""First size of the item vectors inside a token, against the attention's own scale."""


@dataclass(frozen=True, slots=True)
class UserBatch:
    """Users as the tower reads them.

    Parameters
    ----------
    ids : int64, shape (batch,)
        Row of each user's id; the number of ids for someone unknown.
    attributes : int64, shape (batch, attributes)
        Codes; 0 where not known.
    items : int64, shape (batch, length)
        Rows of the items of the history, oldest first, from the left; -1 fills the rest.
    ratings : int64, shape (batch, length)
        Codes of the ratings; 0 where there is none.
    weights : float, shape (batch, length)
        How much each event counts, above 0; 0 where there is none.
    """

    ids: Tensor
    attributes: Tensor
    items: Tensor
    ratings: Tensor
    weights: Tensor

    @property
    def lengths(self) -> Tensor:
        """Events in each row, shape (batch,)."""
        return (self.items >= 0).sum(dim=1)


class UserTower(nn.Module):
    """Embed users from what they are and what they did.

    Id, gender, age and occupation each go through an embedding and a fully connected layer
    and are combined into the first token of a sequence; every event of the history is one
    more token (its item's vector and its rating). Causal attention reads the sequence, and a
    recency-weighted mean of the item vectors is added to its output. After token t the output
    is the user's vector once t events are known; after token 0 it is the vector of someone of
    whom nothing but the attributes is known.

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
        self.item_layer = nn.Linear(config.dim, config.width)
        self.rating = nn.Embedding(len(vocabulary.ratings) + 1, config.width)
        self.blocks = nn.ModuleList(
            Block(config.width, config.heads, config.window, config.dropout)
            for _ in range(config.layers)
        )
        self.drop = ByteDropout(config.dropout)
        self.final_norm = nn.LayerNorm(config.width)
        self.out = nn.Linear(config.width, config.dim)
        self.recency = nn.Parameter(torch.tensor(_FIRST_WEIGHTS))
        self.mean_layer = nn.Linear(config.dim, config.dim)
        self._first_values()

    def _first_values(self) -> None:
        nn.init.normal_(self.id.weight, std=0.05)
        nn.init.zeros_(self.id.weight[self.unknown].detach())
        nn.init.normal_(self.rating.weight, std=0.02)
        nn.init.normal_(self.start, std=0.02)
        nn.init.eye_(self.mean_layer.weight)
        nn.init.zeros_(self.mean_layer.bias)

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
        vectors = _take(items, users.items)
        tokens = self.drop(self._tokens(users, vectors))
        for block in self.blocks:
            tokens = block(tokens)
        weights = decay(torch.arange(tokens.shape[1]), users.items.shape[1], self.recency)
        mean = self.mean_layer((weights * users.weights[:, None]) @ self.drop(vectors))
        out: Tensor = self.out(self.final_norm(tokens)) + mean
        return out

    def newest(self, users: UserBatch, items: Tensor) -> tuple[Tensor, Tensor]:
        """Return the vector after the last event alone, and the attention that made it.

        Returns
        -------
        vectors : float, shape (batch, dim)
        attention : float, shape (batch, 1 + length)
            Of the last layer; a row sums to 1.
        """
        rows, lengths = torch.arange(len(users.ids)), users.lengths
        vectors = _take(items, users.items)
        tokens = self._tokens(users, vectors)
        attention = torch.zeros(tokens.shape[:2])
        attention[rows, lengths] = 1.0
        newest = tokens[rows, lengths]
        if self.blocks:
            for block in self.blocks[:-1]:
                tokens = block(tokens)
            last = self.blocks[-1]
            assert isinstance(last, Block)
            newest, attention = last.last(tokens, lengths + 1)
        weights = decay(lengths, users.items.shape[1], self.recency) * users.weights
        mean = self.mean_layer((weights[:, None] @ vectors)[:, 0])
        out: Tensor = self.out(self.final_norm(newest)) + mean
        return out, attention

    def _tokens(self, users: UserBatch, vectors: Tensor) -> Tensor:
        """Return the sequence that attention reads, shape (batch, 1 + length, width)."""
        events = self.item_layer(vectors) + self.rating(users.ratings)
        first = self._first_token(users)
        return torch.cat([first[:, None], events * users.weights[..., None]], dim=1)

    def _first_token(self, users: UserBatch) -> Tensor:
        token: Tensor = self.start + self.id_layer(self.id(users.ids))
        for column, table in enumerate(self.attribute_values()):
            token = token + F.embedding(users.attributes[:, column], table)
        return token

    def attribute_values(self) -> list[Tensor]:
        """Return what each value of each attribute adds to the first token."""
        pairs = zip(self.attributes, self.attribute_layers, strict=True)
        return [layer(codes.weight) for codes, layer in pairs]


def _take(items: Tensor, rows: Tensor) -> Tensor:
    """Return the vectors of rows, shape (batch, length, dim), zeros where the row is -1."""
    return F.embedding(rows.clamp(min=0), items) * (rows >= 0).unsqueeze(2)


def decay(known: Tensor, length: int, recency: Tensor) -> Tensor:
    """Return how much each of `length` events counts once the first `known` have happened.

    Parameters
    ----------
    known : int64, shape (rows,)
        Numbers of events.
    length : int
        Events of the history.
    recency : float, shape (half-lives,)
        Weight of each half-life.

    Returns
    -------
    float, shape (rows, length)
        0 for events that come later.
    """
    age = known[:, None] - 1 - torch.arange(length)
    half_lives = torch.tensor(_HALF_LIVES)
    falling = 0.5 ** (age.clamp(min=0).unsqueeze(2) / half_lives)  # (rows, length, half-lives)
    return (falling @ recency.float()).masked_fill(age < 0, 0.0)
