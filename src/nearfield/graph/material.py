"""What the objectives of the graph recommender learn with."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from nearfield.graph.config import GraphConfig
from nearfield.graph.csr import Rows
from nearfield.graph.network import GraphNetwork
from nearfield.graph.walks import Neighbourhoods, Walks
from nearfield.networks.features import ItemFeatures
from nearfield.networks.histories import Histories
from nearfield.training.team import ALONE, Team

_WIDER: Final = 6
"""Where hard negatives end, in numbers of pooled neighbours."""


@dataclass(frozen=True)
class Material:
    """What there is to learn with, and what learns.

    Parameters
    ----------
    network : GraphNetwork
        Changed by the optimizer.
    config : GraphConfig
        What to compute.
    features : ItemFeatures
        Of all items.
    histories : Histories
        Of all users.
    walks : Walks
        Over the graph of the same events; its rows of items are those of the features.
    team : Team
        Who shares the work of each batch, and the walks.
    """

    network: GraphNetwork
    config: GraphConfig
    features: ItemFeatures
    histories: Histories
    walks: Walks
    team: Team = ALONE

    @property
    def items(self) -> int:
        """Number of items."""
        return len(self.features.years)

    def neighbours(self, epoch: int) -> Neighbourhoods:
        """Return the important neighbours of all items, as an epoch's walks find them."""
        found = self._walk(self.walks, epoch)
        gather = self.team.gather_array
        return Neighbourhoods(
            gather(found.rows, self.items),
            gather(found.counts, self.items),
            gather(found.weights, self.items),
        )

    def further(self, epoch: int) -> Rows:
        """Return items that an epoch's walks visit too, but less than the neighbours.

        Returns
        -------
        int32, shape (items, further)
            By falling visits; -1 fills a row where fewer were visited.
        """
        pooled = self.config.neighbours
        wide = self.config.walk.model_copy(update={"neighbours": _WIDER * pooled})
        found = self._walk(Walks(self.walks.graph, wide), epoch)
        return self.team.gather_array(found.rows[:, pooled:].copy(), self.items)

    def _walk(self, walks: Walks, epoch: int) -> Neighbourhoods:
        """Walk from this member's items."""
        rows = np.arange(self.items, dtype=np.int32)[self.team.part(self.items)]
        return walks.neighbours(rows, self.config.walk_seed(epoch))
