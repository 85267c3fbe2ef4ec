"""A reader of histories for one user at a time: the same weights in fewer steps.

One user is so small that the number of calls decides how long it takes: without fillers,
checks and modules it takes two thirds of `HistoryReader.newest`.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nearfield.networks.attention import Block
from nearfield.networks.histories import History
from nearfield.networks.reader import HistoryReader, decay


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch do the work of this thread alone.

    What one user needs is done before a second thread is awake, and while another process keeps
    the machine busy it is waited for up to a tenth of a second, a hundred times the work.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


class SingleReader:
    """Returns what `HistoryReader.newest` does for a batch of one.

    Parameters
    ----------
    reader : HistoryReader
        Trained: its weights do not change any more.
    items : float32, shape (items, dim)
        The vectors of all items.
    """

    @torch.inference_mode()
    def __init__(self, reader: HistoryReader, items: Tensor) -> None:
        self._items = items
        self._tokens = F.linear(items, *weights_of(reader.item_layer))
        self._ratings = reader.rating.weight.detach()
        self._blocks = [_SingleBlock(block) for block in reader.blocks if isinstance(block, Block)]
        self._norm, self._out = weights_of(reader.final_norm), weights_of(reader.out)
        self._mean_layer = weights_of(reader.mean_layer)
        window = reader.sizes.window
        self._decay = decay(torch.tensor([window]), window, reader.recency)[0]

    @torch.inference_mode()
    def newest(self, first: Tensor, history: History) -> tuple[Tensor, Tensor]:
        """Return the vector after the last event, and the attention that made it.

        Parameters
        ----------
        first : float32, shape (1, width)
            The token before the first event.
        history : History
            One row, without fillers, of at most the window's events.

        Returns
        -------
        vectors : float, shape (1, dim)
            Not yet of unit length.
        attention : float, shape (1, 1 + events)
            Of the last layer; the row sums to 1.
        """
        vectors, weights = self._items[history.items[0]], history.weights[0]
        events = self._tokens[history.items[0]] + self._ratings[history.ratings[0]]
        events *= weights[:, None]
        tokens = torch.cat([first, events])
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


class _SingleBlock:
    """A `Block` for one sequence."""

    def __init__(self, block: Block) -> None:
        self._heads, self._width = block.heads, [block.queries.in_features]
        self._scale = (block.queries.in_features // block.heads) ** -0.5
        self._before_attention = weights_of(block.before_attention)
        self._queries, self._keys_values = weights_of(block.queries), weights_of(block.keys_values)
        self._attended = weights_of(block.attended)
        self._before_feed = weights_of(block.before_feed)
        self._feed_in, self._feed_out = weights_of(block.feed_in), weights_of(block.feed_out)
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


def weights_of(layer: nn.Linear | nn.LayerNorm) -> tuple[Tensor, Tensor]:
    """Return weight and bias, as `torch.nn.functional` takes them."""
    return layer.weight.detach(), layer.bias.detach()
