"""The user tower for one user at a time: the same weights in fewer steps.

One user is so small that the number of calls decides how long it takes: without fillers,
checks and modules it takes two thirds of `UserTower.newest`.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nearfield.fusion.attention import Block
from nearfield.fusion.users import UserBatch, UserTower, decay


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
        self._items = items
        self._id, self._id_layer = tower.id.weight.detach(), _weights(tower.id_layer)
        self._start = tower.start.detach()
        self._attributes = tower.attribute_values()
        self._item_layer = _weights(tower.item_layer)
        self._ratings = tower.rating.weight.detach()
        self._blocks = [_SingleBlock(block) for block in tower.blocks if isinstance(block, Block)]
        self._norm, self._out = _weights(tower.final_norm), _weights(tower.out)
        self._mean_layer = _weights(tower.mean_layer)
        window = tower.config.window
        self._decay = decay(torch.tensor([window]), window, tower.recency)[0]

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
        vectors, weights = self._items[user.items[0]], user.weights[0]
        tokens = self._tokens(user, vectors)
        attention = torch.zeros(len(tokens))
        attention[-1] = 1.0
        for block in self._blocks[:-1]:
            tokens = block.whole(tokens)
        newest = tokens[-1:]
        if self._blocks:
            newest, attention = self._blocks[-1].last(tokens)
        mean = (self._recency(len(weights)) * weights) @ vectors
        out = F.linear(F.layer_norm(newest, newest.shape[1:], *self._norm), *self._out)
        return out + F.linear(mean, *self._mean_layer), attention[None]

    def recency_weights(self, events: int) -> Tensor:
        """Return the size of each event's weight in the recency mean, shape (events,)."""
        return self._recency(events).abs()

    def _recency(self, events: int) -> Tensor:
        return self._decay[len(self._decay) - events :]

    def _tokens(self, user: UserBatch, vectors: Tensor) -> Tensor:
        """Return the sequence that attention reads, shape (1 + events, width)."""
        first = self._start + F.linear(self._id[user.ids], *self._id_layer)
        for values, code in zip(self._attributes, user.attributes[0].tolist(), strict=True):
            first += values[code]
        events = F.linear(vectors, *self._item_layer)
        events += self._ratings[user.ratings[0]]
        events *= user.weights[0, :, None]
        return torch.cat([first, events])


class _SingleBlock:
    """A `Block` for one sequence."""

    def __init__(self, block: Block) -> None:
        self._heads, self._width = block.heads, [block.queries.in_features]
        self._scale = (block.queries.in_features // block.heads) ** -0.5
        self._before_attention = _weights(block.before_attention)
        self._queries, self._keys_values = _weights(block.queries), _weights(block.keys_values)
        self._attended = _weights(block.attended)
        self._before_feed = _weights(block.before_feed)
        self._feed_in, self._feed_out = _weights(block.feed_in), _weights(block.feed_out)
        size = block.age_bias.shape[1]
        self._bias = block.bias(torch.arange(size), size)

    def whole(self, tokens: Tensor) -> Tensor:
        """Return the layer's output at every token, shape (length, width)."""
        query, key, value = self._project(tokens, len(tokens))
        bias = self._bias[:, : len(tokens), : len(tokens)]
        mixed = F.scaled_dot_product_attention(query[None], key[None], value[None], bias[None])
        return self._fed(tokens, mixed[0])

    def last(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Return the output at the last token, shape (1, width), and what it read, (length,)."""
        query, key, value = self._project(tokens, 1)
        bias = self._bias[:, len(tokens) - 1 : len(tokens), : len(tokens)]
        logits = torch.baddbmm(bias, query, key.transpose(1, 2), alpha=self._scale)
        weights = logits.softmax(dim=2)  # (heads, 1, length)
        return self._fed(tokens[-1:], weights @ value), weights[:, 0].mean(dim=0)

    def _project(self, tokens: Tensor, asking: int) -> tuple[Tensor, Tensor, Tensor]:
        """Return the queries of the last `asking` tokens, and the keys and values of all."""
        normal = F.layer_norm(tokens, self._width, *self._before_attention)
        query = F.linear(normal[-asking:], *self._queries).view(asking, self._heads, -1)
        both = F.linear(normal, *self._keys_values).view(len(tokens), 2, self._heads, -1)
        key, value = both.permute(1, 2, 0, 3)
        return query.transpose(0, 1), key, value

    def _fed(self, tokens: Tensor, mixed: Tensor) -> Tensor:
        """Return tokens of shape (asking, width) after attention and the feed-forward part."""
        tokens = tokens + F.linear(mixed.transpose(0, 1).reshape(tokens.shape), *self._attended)
        normal = F.layer_norm(tokens, self._width, *self._before_feed)
        tokens += F.linear(F.gelu(F.linear(normal, *self._feed_in)), *self._feed_out)
        return tokens


def _weights(layer: nn.Linear | nn.LayerNorm) -> tuple[Tensor, Tensor]:
    return layer.weight.detach(), layer.bias.detach()
