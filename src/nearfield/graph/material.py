"""What the objectives of the graph recommender learn with."""

from dataclasses import dataclass
from typing import Final

from nearfield.graph.config import GraphConfig
from nearfield.graph.csr import Rows
from nearfield.graph.network import GraphNetwork
from nearfield.graph.walks import Neighbourhoods, Walks
from nearfield.networks.features import ItemFeatures
from nearfield.networks.histories import Histories

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
    """

    network: GraphNetwork
    config: GraphConfig
    features: ItemFeatures
    histories: Histories
    walks: Walks

    @property
    def items(self) -> int:
        """Number of items."""
        return len(self.features.years)

    def neighbours(self, epoch: int) -> Neighbourhoods:
        """Return the important neighbours of all items, as an epoch's walks find them."""
        return self.walks.all(self.config.walk_seed(epoch))

    def further(self, epoch: int) -> Rows:
        """Return items that an epoch's walks visit too, but less than the neighbours.

        Returns
        -------
        int32, shape (items, further)
            By falling visits; -1 fills a row where fewer were visited.
        """
        pooled = self.config.neighbours
        wide = self.config.walk.model_copy(update={"neighbours": _WIDER * pooled})
        found = Walks(self.walks.graph, wide).all(self.config.walk_seed(epoch))
        return found.rows[:, pooled:].copy()
