"""Causal self-attention over a history, with a learned bias for how long ago an event was."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nearfield.networks.dropout import ByteDropout

_GROWTH = 4
"""Hidden units of the feed-forward part, in widths."""


class Block(nn.Module):
    """One pre-norm transformer layer.

    The attention logit of an event `age` steps back gets a learned bias per head and age,
    which starts as a linear penalty of a different steepness for each head (ALiBi [1]_).

    Parameters
    ----------
    width : int
        Size of a token.
    heads : int
        Attention heads; divides `width`.
    window : int
        Oldest age of an event; token 0 of a sequence (the user) has a bias of its own.
    dropout : float
        Share of units zeroed, in [0, 1).

    References
    ----------
    .. [1] Press et al., "Train Short, Test Long: Attention with Linear Biases Enables Input
       Length Extrapolation", ICLR 2022. https://arxiv.org/abs/2108.12409
    """

    def __init__(self, width: int, heads: int, window: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.before_attention = nn.LayerNorm(width)
        self.queries = nn.Linear(width, width)
        self.keys_values = nn.Linear(width, 2 * width)
        self.attended = nn.Linear(width, width)
        self.before_feed = nn.LayerNorm(width)
        self.feed_in = nn.Linear(width, _GROWTH * width)
        self.feed_out = nn.Linear(_GROWTH * width, width)
        self.drop = ByteDropout(dropout)
        slopes = 0.5 ** (1 + 2 * torch.arange(heads)).float()
        self.age_bias = nn.Parameter(-slopes[:, None] * torch.arange(window + 1))
        self.user_bias = nn.Parameter(torch.zeros(heads))
        for layer in (self.attended, self.feed_out):  # every layer starts as the identity
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return tokens of the same shape, (batch, length, width); none sees a later one."""
        batch, length, width = tokens.shape
        query, key, value = self._project(tokens, tokens)
        # torch's own call makes more passes where the mask learns: a fifth of a training step
        logits = query @ key.transpose(2, 3) * (width // self.heads) ** -0.5
        bias = self.bias(torch.arange(length), length).to(query.dtype)
        mixed = (logits + bias).softmax(dim=3).to(value.dtype) @ value
        tokens = tokens + self.drop(
            self.attended(mixed.transpose(1, 2).reshape(batch, length, width))
        )
        fed: Tensor = tokens + self.drop(self._feed(tokens))
        return fed

    def last(self, tokens: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return the layer's output at the last token of each row alone, and what it read.

        Parameters
        ----------
        tokens : float, shape (batch, length, width)
            Rows are filled from the left.
        lengths : int64, shape (batch,)
            Tokens in each row, at least 1.

        Returns
        -------
        output : float, shape (batch, width)
        weights : float, shape (batch, length)
            Attention averaged over the heads; a row sums to 1.
        """
        batch, length, width = tokens.shape
        rows = torch.arange(batch)
        newest = tokens[rows, lengths - 1]
        query, key, value = self._project(newest[:, None], tokens)
        bias = self.bias(lengths - 1, length).transpose(0, 1).unsqueeze(2)
        scale = (width // self.heads) ** -0.5
        logits = query @ key.transpose(2, 3) * scale + bias  # (batch, heads, 1, length)
        weights = logits.softmax(dim=3)
        mixed = (weights @ value).transpose(1, 2).reshape(batch, width)
        newest = newest + self.attended(mixed)
        return newest + self._feed(newest), weights[:, :, 0].mean(dim=1)

    def bias(self, positions: Tensor, length: int) -> Tensor:
        """Return what is added to the logits of some positions of a sequence.

        Parameters
        ----------
        positions : int64, shape (rows,)
            Where in the sequence it is asked from.
        length : int
            Tokens of the sequence.

        Returns
        -------
        float, shape (heads, rows, length)
            -inf for what is later than the position.
        """
        place = torch.arange(length)
        age = positions[:, None] - place
        bias = self.age_bias[:, age.clamp(0, self.age_bias.shape[1] - 1)]
        bias = torch.where(place == 0, self.user_bias[:, None, None], bias)
        return bias.masked_fill(age < 0, float("-inf"))

    def _project(self, asking: Tensor, tokens: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        batch, length, width = tokens.shape
        size = width // self.heads
        query = self.queries(self.before_attention(asking))
        query = query.reshape(batch, asking.shape[1], self.heads, size).transpose(1, 2)
        both = self.keys_values(self.before_attention(tokens))
        key, value = both.reshape(batch, length, 2, self.heads, size).permute(2, 0, 3, 1, 4)
        return query, key, value

    def _feed(self, tokens: Tensor) -> Tensor:
        fed: Tensor = self.feed_out(F.gelu(self.feed_in(self.before_feed(tokens))))
        return fed
