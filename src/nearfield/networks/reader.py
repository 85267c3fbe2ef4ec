"""Read a history in its order: attention over what was done, and a mean that forgets."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nearfield.errors import InvalidInput
from nearfield.networks.attention import Block
from nearfield.networks.dropout import ByteDropout
from nearfield.networks.histories import History

_HALF_LIVES = (1.0, 2.0, 6.0, 30.0)
"""In events: how fast the weights of the recency means fall."""

_FIRST_WEIGHTS = (0.5, 0.5, 0.2, 0.1)


@dataclass(frozen=True, slots=True)
class ReaderSizes:
    """Shape of a reader.

    Parameters
    ----------
    dim : int
        Length of the item vectors that are read, and of the output.
    width : int
        Size of a token.
    layers, heads : int
        Attention layers, and heads of each.
    window : int
        Most events that are read.
    dropout : float
        Share of units zeroed in training, in [0, 1).

    Raises
    ------
    InvalidInput
        If the heads do not divide the width.
    """

    dim: int
    width: int
    layers: int
    heads: int
    window: int
    dropout: float

    def __post_init__(self) -> None:
        if self.width % self.heads:
            raise InvalidInput(
                f"width is {self.width} and heads is {self.heads}, but each head reads an equal "
                "part of a token. Give heads that divide the width."
            )


class HistoryReader(nn.Module):
    """Turn a history into a vector among those of the items.

    The sequence begins with a token that the caller gives; every event of the history is one
    more token (its item's vector and its rating). Causal attention reads the sequence, and a
    recency-weighted mean of the item vectors is added to its output. After token t the output
    is the vector of someone of whom t events are known.

    Parameters
    ----------
    sizes : ReaderSizes
        Shape.
    ratings : int
        Number of rating codes beside 0.
    """

    def __init__(self, sizes: ReaderSizes, ratings: int) -> None:
        super().__init__()
        self.sizes = sizes
        self.item_layer = nn.Linear(sizes.dim, sizes.width)
        self.rating = nn.Embedding(ratings + 1, sizes.width)
        self.blocks = nn.ModuleList(
            Block(sizes.width, sizes.heads, sizes.window, sizes.dropout)
            for _ in range(sizes.layers)
        )
        self.drop = ByteDropout(sizes.dropout)
        self.final_norm = nn.LayerNorm(sizes.width)
        self.out = nn.Linear(sizes.width, sizes.dim)
        self.recency = nn.Parameter(torch.tensor(_FIRST_WEIGHTS))
        self.mean_layer = nn.Linear(sizes.dim, sizes.dim)
        nn.init.normal_(self.rating.weight, std=0.02)
        nn.init.eye_(self.mean_layer.weight)
        nn.init.zeros_(self.mean_layer.bias)

    def forward(self, first: Tensor, history: History, items: Tensor) -> Tensor:
        """Return the vector after each event, shape (batch, 1 + length, dim).

        Not yet of unit length. Position t has read the first t events.

        Parameters
        ----------
        first : float, shape (batch, width)
            The token before the first event.
        history : History
            At most the window's events each.
        items : float, shape (items, dim)
            The vectors that the history's items are rows of.
        """
        vectors = _take(items, history.items)
        tokens = self.drop(self._tokens(first, history, vectors))
        for block in self.blocks:
            tokens = block(tokens)
        weights = decay(torch.arange(tokens.shape[1]), history.items.shape[1], self.recency)
        mean = self.mean_layer((weights * history.weights[:, None]) @ self.drop(vectors))
        out: Tensor = self.out(self.final_norm(tokens)) + mean
        return out

    def newest(self, first: Tensor, history: History, items: Tensor) -> tuple[Tensor, Tensor]:
        """Return the vector after the last event alone, and the attention that made it.

        Returns
        -------
        vectors : float, shape (batch, dim)
        attention : float, shape (batch, 1 + length)
            Of the last layer; a row sums to 1.
        """
        rows, lengths = torch.arange(len(history.items)), history.lengths
        vectors = _take(items, history.items)
        tokens = self._tokens(first, history, vectors)
        attention = torch.zeros(tokens.shape[:2])
        attention[rows, lengths] = 1.0
        newest = tokens[rows, lengths]
        if self.blocks:
            for block in self.blocks[:-1]:
                tokens = block(tokens)
            last = self.blocks[-1]
            assert isinstance(last, Block)
            newest, attention = last.last(tokens, lengths + 1)
        weights = decay(lengths, history.items.shape[1], self.recency) * history.weights
        mean = self.mean_layer((weights[:, None] @ vectors)[:, 0])
        out: Tensor = self.out(self.final_norm(newest)) + mean
        return out, attention

    def _tokens(self, first: Tensor, history: History, vectors: Tensor) -> Tensor:
        """Return the sequence that attention reads, shape (batch, 1 + length, width)."""
        events = self.item_layer(vectors) + self.rating(history.ratings)
        return torch.cat([first[:, None], events * history.weights[..., None]], dim=1)


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
