"""A reader of histories as part of an ONNX graph; what it computes is what `SingleReader` does."""

from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from nearfield.networks.attention import Block
from nearfield.networks.reader import HistoryReader, decay
from nearfield.networks.tower_file import ITEM_VECTORS, ITEMS, RATINGS, WEIGHTS
from nearfield.networks.tower_graph import EVENTS, TowerGraph

Outputs: TypeAlias = tuple[str, str, str]
"""Names of what a tower computes: vector (1, dim), attention (1 + events,), recency (events,)."""


def add_reader(graph: TowerGraph, reader: HistoryReader, first: str) -> Outputs:
    """Add a reader, and the inputs that it reads.

    Parameters
    ----------
    graph : TowerGraph
    reader : HistoryReader
        Trained.
    first : str
        The token before the first event, shape (1, width).
    """
    sizes = reader.sizes
    vectors = graph.floats(ITEMS + ITEM_VECTORS, EVENTS, sizes.dim)
    ratings, weights = graph.codes(RATINGS, EVENTS), graph.floats(WEIGHTS, EVENTS)
    rated = graph.op("Gather", graph.constant(plain(reader.rating.weight)), ratings)
    events = graph.op("Add", graph.linear(vectors, *layer(reader.item_layer)), rated)
    events = graph.op("Mul", events, graph.op("Unsqueeze", weights, graph.constant([1])))
    tokens = graph.op("Concat", first, events, axis=0)
    counted = graph.length(weights)
    newest, attention = _blocks(graph, reader, tokens, counted)
    recency, mean = _recency_mean(graph, reader, (vectors, weights, counted))
    out = graph.linear(graph.norm(newest, *layer(reader.final_norm)), *layer(reader.out))
    return graph.op("Add", out, mean), attention, recency


def _blocks(graph: TowerGraph, reader: HistoryReader, tokens: str, events: str) -> tuple[str, str]:
    """Return the newest token after all layers, shape (1, width), and what the last one read."""
    blocks = [block for block in reader.blocks if isinstance(block, Block)]
    for block in blocks[:-1]:
        tokens = _whole(graph, block, tokens)
    newest = graph.slice(tokens, graph.constant([-1]), graph.constant([2**31]), 0)
    if not blocks:
        zero = graph.op("Sub", graph.ones_like(graph.after_first(tokens)), graph.constant([1.0]))
        return newest, graph.op("Concat", zero, graph.constant([1.0]), axis=0)
    return _last(graph, blocks[-1], (tokens, newest, events))


def _recency_mean(
    graph: TowerGraph, reader: HistoryReader, read: tuple[str, str, str]
) -> tuple[str, str]:
    """Return the weight of each event, and what the mean of vectors adds, shape (1, dim)."""
    vectors, weights, events = read
    window = reader.sizes.window
    falling = graph.constant(plain(decay(torch.tensor([window]), window, reader.recency)[0]))
    begin = graph.op("Sub", graph.constant([window]), events)
    falling = graph.slice(falling, begin, graph.constant([window]), 0)
    mean = graph.bag(graph.op("Mul", falling, weights), vectors, reader.sizes.dim)
    return graph.op("Abs", falling), graph.linear(mean, *layer(reader.mean_layer))


def _whole(graph: TowerGraph, block: Block, tokens: str) -> str:
    """Return a layer's output at every token."""
    size = block.age_bias.shape[1]
    table = graph.constant(plain(block.bias(torch.arange(size), size)))
    length = graph.length(tokens)
    ends, axes = graph.op("Concat", length, length, axis=0), graph.constant([1, 2])
    bias = graph.op("Slice", table, graph.constant([0, 0]), ends, axes)
    normal = graph.norm(tokens, *layer(block.before_attention))
    mixed, _ = _attend(graph, block, (normal, normal, bias))
    return _fed(graph, block, tokens, mixed)


def _last(graph: TowerGraph, block: Block, read: tuple[str, str, str]) -> tuple[str, str]:
    """Return a layer's output at the newest token, and the mean over heads of what it read."""
    tokens, newest, events = read
    ages = block.age_bias.shape[1]
    begin = graph.op("Sub", graph.constant([ages]), events)
    falling = graph.constant(plain(block.age_bias.flip(1))[:, None])
    bias = graph.slice(falling, begin, graph.constant([ages]), 2)
    user = graph.constant(plain(block.user_bias)[:, None, None])
    bias = graph.op("Concat", user, bias, axis=2)  # (heads, 1, 1 + events)
    norm = layer(block.before_attention)
    asking = graph.norm(newest, *norm)
    mixed, weights = _attend(graph, block, (asking, graph.norm(tokens, *norm), bias))
    attention = graph.op("ReduceMean", weights, graph.constant([0, 1]), keepdims=0)
    return _fed(graph, block, newest, mixed), attention


def _attend(graph: TowerGraph, block: Block, read: tuple[str, str, str]) -> tuple[str, str]:
    """Return the mixed values, shape (asking, width), and the weights, (heads, asking, tokens)."""
    asking, tokens, bias = read
    width = block.queries.in_features
    size = width // block.heads
    weight, shift = layer(block.keys_values)
    (asked, asked_shift), scale = layer(block.queries), size**-0.5

    def heads(value: str, order: list[int]) -> str:
        return graph.op("Transpose", graph.reshape(value, -1, block.heads, size), perm=order)

    query = heads(graph.linear(asking, asked * scale, asked_shift * scale), [1, 0, 2])
    key = heads(graph.linear(tokens, weight[:width], shift[:width]), [1, 2, 0])
    value = heads(graph.linear(tokens, weight[width:], shift[width:]), [1, 0, 2])
    logits = graph.op("Add", graph.op("MatMul", query, key), bias)
    weights = graph.op("Softmax", logits, axis=2)
    mixed = graph.op("Transpose", graph.op("MatMul", weights, value), perm=[1, 0, 2])
    return graph.reshape(mixed, -1, width), weights


def _fed(graph: TowerGraph, block: Block, tokens: str, mixed: str) -> str:
    """Return tokens after attention and the feed-forward part."""
    tokens = graph.op("Add", tokens, graph.linear(mixed, *layer(block.attended)))
    normal = graph.norm(tokens, *layer(block.before_feed))
    inner = graph.op("Gelu", graph.linear(normal, *layer(block.feed_in)))
    return graph.op("Add", tokens, graph.linear(inner, *layer(block.feed_out)))


def plain(numbers: Tensor) -> NDArray[Any]:
    """Return a tensor's numbers."""
    return np.asarray(numbers.detach())


def layer(module: nn.Linear | nn.LayerNorm) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return weight and bias, as the methods of `TowerGraph` take them."""
    return plain(module.weight), plain(module.bias)
