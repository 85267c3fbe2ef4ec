"""The user towers of fusion as ONNX graphs, for one user at a time; see `tower_file`."""

from pathlib import Path
from typing import TypeAlias

import numpy as np
from torch import nn

from nearfield.fusion.config import FusionConfig
from nearfield.fusion.rating_users import CALM, RatingTower
from nearfield.fusion.sets import SetTower
from nearfield.fusion.users import UserTower
from nearfield.networks.reader_graph import Outputs, add_reader, layer, plain
from nearfield.networks.tower_file import ATTRIBUTES, ITEMS, RATINGS, REACH, USER, WEIGHTS
from nearfield.networks.tower_graph import EVENTS, TowerGraph

AnyTower: TypeAlias = UserTower | SetTower | RatingTower

_TABLES = "users."
"""Begins the names of a user tower's tensors among those of both towers."""


def export_user_tower(path: Path, tower: AnyTower, config: FusionConfig) -> None:
    """Write what gives users their vectors.

    Parameters
    ----------
    path : Path
        Of the file.
    tower : UserTower, SetTower or RatingTower
        Trained.
    config : FusionConfig
        What it was made from.
    """
    graph = TowerGraph()
    if isinstance(tower, UserTower):
        start = graph.constant(plain(tower.start)[None])
        outputs = add_reader(graph, tower.reader, graph.total(start, *_said(graph, tower)))
    else:
        outputs = _unordered(graph, tower)
    graph.returns(*outputs, config.dim)
    graph.save(path, {REACH: config.reach})


def _said(graph: TowerGraph, tower: AnyTower) -> list[str]:
    """Return what the id adds to a tower's state, and the attributes if there are any."""
    row = graph.floats(f"{USER}{_TABLES}id.weight", 1, tower.id.embedding_dim)
    bias = None if tower.id_layer.bias is None else plain(tower.id_layer.bias)
    said = [graph.linear(row, plain(tower.id_layer.weight), bias)]
    tables = [
        plain(through(codes.weight))
        for codes, through in zip(tower.attributes, tower.attribute_layers, strict=True)
    ]
    if tables:
        begins = np.cumsum([0, *(len(table) for table in tables[:-1])])
        given = graph.codes(ATTRIBUTES, len(tables))
        places = graph.op("Add", given, graph.constant(begins))
        values = graph.op("Gather", graph.constant(np.concatenate(tables)), places)
        said.append(graph.op("ReduceSum", values, graph.constant([0]), keepdims=1))
    return said


def _unordered(graph: TowerGraph, tower: SetTower | RatingTower) -> Outputs:
    """Add a tower that reads a set, of which every event counts by its weight."""
    ratings, weights = graph.codes(RATINGS, EVENTS), graph.floats(WEIGHTS, EVENTS)
    add = _rating_vector if isinstance(tower, RatingTower) else _set_vector
    vector = add(graph, tower, ratings, weights)  # type: ignore[arg-type]
    attention = graph.shares(graph.before(weights, [1.0]))
    return vector, attention, graph.ones_like(weights)


def _rating_vector(graph: TowerGraph, tower: RatingTower, ratings: str, weights: str) -> str:
    """Add what `RatingTower.newest` computes."""
    hidden = tower.read.embedding_dim
    read = graph.floats(f"{ITEMS}{_TABLES}read.weight", EVENTS, hidden)
    expected = graph.floats(f"{ITEMS}{_TABLES}expected", EVENTS)
    stars = graph.op("Gather", graph.constant(plain(tower.levels)), ratings)
    above = graph.op("Mul", graph.op("Sub", stars, expected), weights)
    count = graph.sum(weights)
    summed = graph.op("Div", graph.bag(above, read, hidden), _root(graph, count))
    calm = graph.op("Add", count, graph.constant([CALM]))
    generous = graph.op("Div", graph.sum(above), calm)
    both = [graph.op("Mul", generous, graph.constant([2.0])), _many(graph, count)]
    habits = graph.reshape(graph.op("Concat", *both, axis=0), 1, 2)
    bent = graph.op("Add", summed, graph.linear(habits, *layer(tower.habits)))
    return graph.total(
        graph.constant(plain(tower.start)[None]),
        *_said(graph, tower),
        graph.linear(summed, plain(tower.straight.weight)),
        graph.linear(graph.op("Gelu", bent), *layer(tower.bent)),
    )


def _set_vector(graph: TowerGraph, tower: SetTower, ratings: str, weights: str) -> str:
    """Add what `SetTower.newest` computes."""

    def bag(name: str, columns: int, counts: str = weights) -> str:
        return graph.bag(counts, graph.floats(ITEMS + _TABLES + name, EVENTS, columns), columns)

    count = graph.sum(weights)
    stars = graph.op("Gather", graph.constant(plain(tower.stars)), ratings)
    rated = graph.op("Mul", weights, stars)
    hidden = tower.had.embedding_dim
    had = graph.op("Add", bag("had.weight", hidden), bag("rated.weight", hidden, rated))
    many = graph.linear(graph.reshape(_many(graph, count), 1, 1), *layer(tower.count))
    state = graph.total(*_said(graph, tower), many, graph.op("Div", had, _root(graph, count)))
    state = graph.op("Add", state, _feed_forward(graph, tower.block, state))
    told = graph.linear(graph.norm(state, *layer(tower.norm)), *layer(tower.out))
    linear = graph.unit(bag("linear.weight", tower.linear.embedding_dim))
    trained = graph.unit(graph.op("Add", linear, told))
    closed_share, trained_share = plain(tower.joined)
    trained = graph.op("Mul", trained, graph.constant(trained_share))
    rank = tower.reading.shape[1]
    if not rank:
        return trained
    closed = graph.op("Mul", graph.unit(bag("reading", rank)), graph.constant(closed_share))
    return graph.op("Concat", closed, trained, axis=1)


def _feed_forward(graph: TowerGraph, block: nn.Sequential, state: str) -> str:
    """Add the layers of a block that do something outside of training."""
    for part in block:
        if isinstance(part, nn.LayerNorm):
            state = graph.norm(state, *layer(part))
        elif isinstance(part, nn.Linear):
            state = graph.linear(state, *layer(part))
        elif isinstance(part, nn.GELU):
            state = graph.op("Gelu", state)
    return state


def _root(graph: TowerGraph, count: str) -> str:
    """Return the root of how many events there are, at least 1."""
    return graph.op("Sqrt", graph.op("Max", count, graph.constant([1.0])))


def _many(graph: TowerGraph, count: str) -> str:
    """Return how long a history is, as the towers read it: log(count + 1) / 4 - 1."""
    logarithm = graph.op("Log", graph.op("Add", count, graph.constant([1.0])))
    quarter = graph.op("Mul", logarithm, graph.constant([0.25]))
    return graph.op("Sub", quarter, graph.constant([1.0]))
