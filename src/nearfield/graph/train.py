"""Training of the graph model: the graph of the events, walks over it, and the objective."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from nearfield.datasets.tables import Collection, Interactions
from nearfield.errors import InvalidInput
from nearfield.graph.bipartite import BipartiteGraph
from nearfield.graph.config import GraphConfig
from nearfield.graph.margin import MaxMargin
from nearfield.graph.material import Material
from nearfield.graph.network import GraphNetwork
from nearfield.graph.next_items import NextItems
from nearfield.graph.walks import Walks
from nearfield.networks.features import Vocabulary
from nearfield.networks.histories import Histories
from nearfield.networks.items import forget
from nearfield.training.checkpoint import Keeper, keeper
from nearfield.training.loop import Loop, Step
from nearfield.training.team import ALONE, Team


class GraphTrainer:
    """Trains PinSage and the reader of histories on a collection; `run` yields progress.

    Parameters
    ----------
    collection : Collection
        Items to embed.
    config : GraphConfig
        What to compute.
    train : Interactions, optional
        Events to learn from; all of the collection's where not given.
    checkpoint : Path or Keeper, optional
        Folder in which the state after every epoch is kept, and found again; or what keeps it.
    team : Team
        Who shares the work of each batch, and the walks; each has the same of all else.

    Attributes
    ----------
    scratch : Path, optional
        Folder for what inference does not keep in memory; goes with that of the checkpoint.

    Raises
    ------
    InvalidInput
        If no user took two different items: nothing follows anything.
    """

    scratch: Path | None

    def __init__(
        self,
        collection: Collection,
        config: GraphConfig,
        train: Interactions | None = None,
        checkpoint: Path | Keeper | None = None,
        team: Team = ALONE,
    ) -> None:
        self.collection = collection
        self.config = config
        self.vocabulary = Vocabulary.fit(collection)
        events = collection.interactions if train is None else train
        histories = Histories.of(events, self.vocabulary)
        if not _follow(histories).any():
            raise InvalidInput(
                f"Catalogue {collection.name!r} has {len(events)} events, "
                f"{len(histories.items)} of them in favour of an item, and no user took two "
                "different items; import more events before training."
            )
        self.graph = BipartiteGraph.of(replace(collection, interactions=events))
        with torch.random.fork_rng():
            torch.manual_seed(config.seed)
            self.network = GraphNetwork(config, self.vocabulary, collection.items.height)
        self.material = Material(
            self.network,
            config,
            self.vocabulary.item_features(collection.items),
            histories,
            Walks(self.graph, config.walk, None if team.size == 1 else torch.get_num_threads()),
            team,
        )
        self.scratch = checkpoint / "levels" if isinstance(checkpoint, Path) else None
        self._loop = Loop(self.network, config, keeper(checkpoint), team)

    @property
    def curve(self) -> list[float]:
        """Mean loss of each finished epoch, in nats (`retrieval`) or cosines (`margin`)."""
        return self._loop.curve

    def run(self) -> Iterator[Step]:
        """Train to the last epoch, from the checkpoint if there is one."""
        if self.config.objective == "margin":
            yield from self._loop.run(MaxMargin(self.material))
        else:
            yield from self._loop.run(NextItems(self.material))
        self._forget_unseen()
        self.network.eval()

    def _forget_unseen(self) -> None:
        """Let ids of items without events stand for "unknown": training told nothing of them."""
        items = self.network.items
        counts = np.bincount(self.material.histories.items, minlength=items.unknown)
        forget(items.id, counts == 0)


def _follow(histories: Histories) -> NDArray[np.bool_]:
    """Return where another item comes next in the same history, shape (events - 1,)."""
    user = np.repeat(np.arange(len(histories.indptr) - 1), np.diff(histories.indptr))
    other = histories.items[1:] != histories.items[:-1]
    return np.asarray(other & (user[1:] == user[:-1]))
