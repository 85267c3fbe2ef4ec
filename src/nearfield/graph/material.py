"""What the objectives of the graph recommender learn with."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

from nearfield.graph.config import GraphConfig
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

    @cached_property
    def wide_walks(self) -> Walks:
        """The same walks, keeping also items that are visited less: hard negatives."""
        further = self.config.walk.model_copy(
            update={"neighbours": _WIDER * self.config.neighbours}
        )
        return Walks(self.walks.graph, further)
