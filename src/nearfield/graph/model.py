"""A trained graph model: saved once, never changed; gives items and users a vector."""

import hashlib
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from nearfield.datasets.tables import Collection, Columns
from nearfield.graph.bipartite import BipartiteGraph
from nearfield.graph.config import GraphConfig
from nearfield.graph.exported import export_user_tower
from nearfield.graph.inference import Levels, all_levels, all_neighbours, bytes_of_levels
from nearfield.graph.network import GraphNetwork
from nearfield.graph.newcomers import Newcomers, embed_newcomers
from nearfield.graph.recency import recency_means
from nearfield.graph.room import room_for
from nearfield.graph.train import GraphTrainer
from nearfield.networks.features import Vocabulary
from nearfield.networks.histories import History
from nearfield.networks.history_model import Events, HistoryModel, Read, shares_of
from nearfield.networks.saved import read_saved, write_saved
from nearfield.networks.single import SingleReader, one_thread
from nearfield.networks.tower_file import ITEM_KEYS, ITEM_VECTORS, TOWER
from nearfield.serving.interests import interests_of
from nearfield.types import Ids, Interests, UserQuery, Vectors

_GRAPH: Final = "graph"

_LARGE: Final = 100_000
"""Items of which the tables take some memory."""

_AT_ONCE: Final = 65_536
"""Items embedded at once."""


@dataclass(frozen=True)
class Parts:
    """What a graph model is made of.

    Parameters
    ----------
    network : GraphNetwork
        Trained; put in evaluation mode.
    config : GraphConfig
        What it was made from.
    vocabulary : Vocabulary
        Code books.
    graph : BipartiteGraph
        Of the events that were learned from; ids are catalogue keys, items in the order of the
        id embeddings.
    levels : Levels
        Of its items.
    """

    network: GraphNetwork
    config: GraphConfig
    vocabulary: Vocabulary
    graph: BipartiteGraph
    levels: Levels


class GraphModel(HistoryModel):
    """Vectors of items from a trained network and its graph, and of users from their histories.

    Parameters
    ----------
    parts : Parts
        What training made.
    card : mapping
        What is known of the model: catalogue, version, figures.
    """

    recommender: ClassVar[str] = "graph"

    def __init__(self, parts: Parts, card: Mapping[str, Any]) -> None:
        keys = parts.graph.items.ids.astype(np.int64)
        super().__init__(keys, parts.levels.vectors.numpy(), parts.vocabulary, parts.config.window)
        self.config = parts.config
        self.card = dict(card)
        self._parts = replace(parts, network=parts.network.eval())
        self._first = parts.network.start.detach()[None]

    @classmethod
    def from_trainer(
        cls, trainer: GraphTrainer, card: Mapping[str, Any], memory: int | None = None
    ) -> "GraphModel":
        """Take over what a finished trainer learned.

        Parameters
        ----------
        trainer : GraphTrainer
        card : mapping
            As in `GraphModel`.
        memory : int, optional
            Bytes that the vectors of all items and layers may take; where they need more they are
            mapped from disk. Half of what is free where not given.
        """
        levels = trained_levels(trainer, memory)
        parts = Parts(trainer.network, trainer.config, trainer.vocabulary, trainer.graph, levels)
        return cls(parts, card)

    @classmethod
    def load(cls, folder: Path) -> "GraphModel":
        """Load a saved model.

        Raises
        ------
        NotFound
            If the folder holds none.
        InvalidInput
            If a file is broken or was made by another recommender.
        """
        saved = read_saved(folder, cls.recommender)
        config, tensors = GraphConfig.model_validate(saved.config), saved.tensors
        vectors = tensors.pop(ITEM_VECTORS)
        tensors.pop(ITEM_KEYS, None)  # the graph tells them
        inputs = tuple(tensors.pop(f"inputs.{layer}") for layer in range(config.layers))
        graph = BipartiteGraph.load(folder / _GRAPH, mapped=True)
        # a large table is not drawn, since the file's replaces it; torch takes a second to do so
        large = len(vectors) > _LARGE
        with torch.device("meta") if large else nullcontext():
            network = GraphNetwork(config, saved.vocabulary, len(vectors))
        # Large tables stay in the file until they are read. Small ones are copied to where torch
        # likes them: on rows that begin anywhere its products differ in the last bit.
        kept = {
            name: one if one.dim() and len(one) > _LARGE else one.clone()
            for name, one in tensors.items()
        }
        network.load_state_dict(kept, assign=True)
        levels = Levels(inputs, vectors)
        return cls(Parts(network, config, saved.vocabulary, graph, levels), saved.card)

    def save(self, folder: Path) -> None:
        """Write graph, weights and card; the card last, so that it marks a whole model."""
        folder.mkdir(parents=True, exist_ok=True)
        self._parts.graph.save(folder / _GRAPH)
        self.export(folder)

    def export(self, folder: Path) -> None:
        """Write what serving needs into a folder that is there: user tower, weights, card."""
        export_user_tower(folder / TOWER, self._parts.network, self.config)
        tensors = dict(self._parts.network.state_dict())
        tensors[ITEM_VECTORS] = self._parts.levels.vectors
        tensors[ITEM_KEYS] = torch.from_numpy(self.item_keys)
        for layer, vectors in enumerate(self._parts.levels.inputs):
            tensors[f"inputs.{layer}"] = vectors
        card = {**self.card, "recommender": self.recommender, "dim": self.config.dim}
        write_saved(folder, self.config, self.vocabulary, tensors, card)

    def embed_items(self, collection: Collection) -> tuple[Ids, Vectors]:
        """Return a unit vector for every item of a catalogue, also those it came to know later.

        Parameters
        ----------
        collection : Collection
            Its items are embedded. One of which training saw no event is embedded by its genres,
            year and title and by the neighbours that its events give it, with the same weights.

        Returns
        -------
        ids : int64, shape (items,)
        vectors : float32, shape (items, dim)
        """
        keys = collection.items[Columns.KEY].to_numpy().astype(np.int64)
        vectors = np.empty((len(keys), self.config.dim), dtype=np.float32)
        parts = self._parts
        new = ~self.learned(keys)
        known = np.flatnonzero(~new)
        for start in range(0, len(known), _AT_ONCE):
            some = known[start : start + _AT_ONCE]
            vectors[some] = self._units(self._rows(keys[some]))
        if new.any():
            vectors[new] = embed_newcomers(
                Newcomers.of(collection, new, self.vocabulary),
                parts.network,
                parts.config,
                parts.graph,
                parts.levels,
            )
        return keys, vectors

    def learned(self, keys: Ids) -> NDArray[np.bool_]:
        """Return of which items training saw an event: only those have neighbours of their own."""
        rows = self._rows(keys)
        learned: NDArray[np.bool_] = rows >= 0
        learned &= self._parts.graph.item_users.degrees[rows] > 0
        return learned

    def interests(self, query: UserQuery) -> Interests | None:
        """Return the interests that a query's history shows; None where they do not count."""
        reading = self._read(query)
        vectors = self._units(reading.rows[reading.places])
        weights, config = query.weights[reading.places], self.config
        return interests_of(vectors, weights, config.interests, config.interest_share)

    @cached_property
    def _single(self) -> SingleReader:
        return SingleReader(self._parts.network.reader, self._parts.levels.vectors)

    @cached_property
    def _unit_vectors(self) -> Tensor:
        return F.normalize(self._parts.levels.vectors, dim=1)

    def _newest(self, query: UserQuery, events: Events) -> Read:
        history = History.of_one(events)
        with one_thread():
            if self.config.objective == "margin":  # no reader was trained
                vectors, attention = recency_means(history, self._unit_vectors)
                recency = attention[0, 1:]
            else:
                vectors, attention = self._single.newest(self._first, history)
                recency = self._single.recency_weights(len(events.items))
        read = attention[0].numpy().copy()
        read[0] = 0  # the first token is the same for everyone: nothing that is known of the user
        return Read(vectors[0].numpy(), read, shares_of(recency.numpy()))


@torch.inference_mode()
def trained_levels(trainer: GraphTrainer, memory: int | None = None) -> Levels:
    """Return the vectors of all items of a finished trainer.

    Parameters
    ----------
    trainer : GraphTrainer
    memory : int, optional
        As in `GraphModel.from_trainer`.
    """
    material, config = trainer.material, trainer.config
    features, network = material.features, trainer.network
    needed = bytes_of_levels(material.items, network.pinsage, config.neighbours)
    room = room_for(needed, _source(trainer), trainer.scratch, memory)
    found = all_neighbours(material.walks, config.walk_seed(config.epochs), room)

    def brought(part: slice) -> Tensor:
        rows = np.arange(trainer.material.items)[part]
        return network.brought(features.take(rows), torch.from_numpy(rows))

    return all_levels(network.pinsage, brought, found, room)


def _source(trainer: GraphTrainer) -> dict[str, Any]:
    """Return what tells one trainer's vectors from another's."""
    digest = hashlib.blake2b(digest_size=16)
    for weights in trainer.network.pinsage.state_dict().values():
        digest.update(weights.numpy().tobytes())
    config = trainer.config.model_dump(mode="json")
    return {
        "items": trainer.material.items,
        "edges": trainer.graph.edges,
        "config": config,
        "curve": list(trainer.curve),
        "weights": digest.hexdigest(),
    }
