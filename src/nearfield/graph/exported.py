"""How the graph recommender reads users, as an ONNX graph; see `tower_file`."""

from pathlib import Path

from nearfield.graph.config import GraphConfig
from nearfield.graph.network import GraphNetwork
from nearfield.graph.recency import HALF_LIFE
from nearfield.networks import tower_file as names
from nearfield.networks.reader_graph import Outputs, add_reader, plain
from nearfield.networks.tower_graph import EVENTS, TowerGraph


def export_user_tower(path: Path, network: GraphNetwork, config: GraphConfig) -> None:
    """Write what gives users their vectors.

    Parameters
    ----------
    path : Path
        Of the file.
    network : GraphNetwork
        Trained.
    config : GraphConfig
        What it was made from.
    """
    graph = TowerGraph()
    if network.by_mean:
        outputs = _recency_mean(graph, config.dim)
    else:
        first = graph.constant(plain(network.start)[None])
        vector, attention, recency = add_reader(graph, network.reader, first)
        # the first token is the same for everyone: nothing that is known of the user
        outputs = vector, graph.before(graph.after_first(attention), [0.0]), recency
    graph.returns(*outputs, config.dim)
    settings = {
        names.REACH: config.window,
        names.INTERESTS: config.interests,
        names.INTEREST_SHARE: config.interest_share,
    }
    graph.save(path, settings)


def _recency_mean(graph: TowerGraph, dim: int) -> Outputs:
    """Add what `recency_means` computes."""
    vectors = graph.floats(names.ITEMS + names.ITEM_VECTORS, EVENTS, dim)
    weights = graph.floats(names.WEIGHTS, EVENTS)
    one = graph.ones_like(weights)
    newer = graph.op("CumSum", one, graph.constant(0), exclusive=1, reverse=1)
    half_lives = graph.op("Div", newer, graph.constant([HALF_LIFE]))
    falling = graph.op("Pow", graph.constant([0.5]), half_lives)
    shares = graph.shares(graph.op("Mul", weights, falling))
    return graph.bag(shares, graph.unit(vectors), dim), graph.before(shares, [0.0]), shares
