"""Items that training did not see: the same weights, over what their first events tell."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from nearfield.datasets.histories import event_weights
from nearfield.datasets.tables import Collection
from nearfield.graph.batches import places
from nearfield.graph.bipartite import Adjacency, BipartiteGraph
from nearfield.graph.blocks import Pooling, join
from nearfield.graph.config import GraphConfig
from nearfield.graph.csr import group
from nearfield.graph.inference import Levels
from nearfield.graph.network import GraphNetwork
from nearfield.graph.pinsage import Convolution
from nearfield.graph.walks import Walks
from nearfield.networks.features import ItemFeatures, Vocabulary
from nearfield.types import Ids, Vectors


@dataclass(frozen=True)
class Newcomers:
    """New items, and which users of the graph touched them.

    Parameters
    ----------
    features : ItemFeatures
        What the items are.
    items : int64, shape (events,)
        Which of them each event is of; of events that count for their item.
    users : int64, shape (events,)
        Catalogue key of each event's user; users that the graph does not know, or knows without
        edges, tell nothing.
    """

    features: ItemFeatures
    items: NDArray[np.int64]
    users: Ids

    @classmethod
    def of(
        cls, collection: Collection, new: NDArray[np.bool_], vocabulary: Vocabulary
    ) -> "Newcomers":
        """Take some items of a collection, and the events that count for them.

        Parameters
        ----------
        collection : Collection
        new : bool, shape (items,)
            Which items.
        vocabulary : Vocabulary
            Code books.
        """
        events = collection.interactions
        events = events.take(new[events.item] & (event_weights(events.kind) > 0))
        place = np.cumsum(new) - 1  # among the new ones
        features = vocabulary.item_features(collection.items.filter(new))
        return cls(features, place[events.item], collection.user_keys[events.user])

    def touched_by(self, graph: BipartiteGraph) -> Adjacency:
        """Return the graph's users who touched each item, each once, if they lead anywhere."""
        rows = graph.users.find(self.users)
        known = rows >= 0
        known[known] = graph.user_items.degrees[rows[known]] > 0
        edges = np.unique(np.stack([self.items[known], rows[known]]), axis=1).astype(np.int32)
        ones, nothing = np.ones(edges.shape[1], np.float32), np.empty(0, np.int64)
        count = len(self.features.years)
        offsets, owners, weights, _ = group(edges[0], edges[1], ones, nothing, count)
        return Adjacency(offsets, owners, weights)


@torch.inference_mode()
def embed_newcomers(
    newcomers: Newcomers,
    network: GraphNetwork,
    config: GraphConfig,
    graph: BipartiteGraph,
    levels: Levels,
) -> Vectors:
    """Return unit vectors of new items, shape (items, dim).

    Parameters
    ----------
    newcomers : Newcomers
        The items.
    network : GraphNetwork
        Trained, in evaluation mode.
    config : GraphConfig
        What the network was made from.
    graph : BipartiteGraph
        What it was trained on.
    levels : Levels
        Of the graph's items.
    """
    known, count = len(graph.items), len(newcomers.features.years)
    starts = newcomers.touched_by(graph)
    found = Walks(graph, config.walk).from_outside(starts, config.walk_seed(config.epochs))
    near = join([found.rows])
    pooling = Pooling.of(found, places(near, found.rows), len(near))
    own = network.brought(newcomers.features, torch.full((count,), known))
    vectors: Tensor = own
    for layer, inputs in zip(network.pinsage.layers, levels.inputs, strict=True):
        assert isinstance(layer, Convolution)
        vectors = layer.join(vectors, pooling(layer.messages(inputs[near])))
    unit: Vectors = F.normalize(network.pinsage.finish(own, vectors), dim=1).numpy()
    return unit
