"""The graph recommender as a candidate of the protocols: one user vector, one search."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from nearfield.datasets.tables import Collection, Interactions
from nearfield.evaluate.candidates import Progress, together
from nearfield.evaluate.trained import TrainedScorer, finish
from nearfield.graph.config import GraphConfig
from nearfield.graph.model import trained_levels
from nearfield.graph.train import GraphTrainer
from nearfield.serving.interests import interests_of


class GraphScorer(TrainedScorer[GraphTrainer]):
    """Scores of users and items from a trained network.

    Parameters
    ----------
    trainer : GraphTrainer
        Finished.
    """

    def __init__(self, trainer: GraphTrainer) -> None:
        super().__init__(trainer, trained_levels(trainer).vectors)
        self._rows = self._units.numpy()

    @torch.inference_mode()
    def scores(self, users: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return the scores of every item for each user, shape (n, items), as `recommend` does."""
        trainer, config = self._trainer, self._trainer.config
        history = trainer.material.histories.until_now(users.astype(np.int64), config.window)
        vectors, _ = trainer.network.newest(history, self._items)
        scores = (F.normalize(vectors, dim=1) @ self._units.T).numpy()
        for row, (items, weights) in enumerate(
            zip(history.items.numpy(), history.weights.numpy(), strict=True)
        ):
            read = items >= 0
            interests = interests_of(
                self._rows[items[read]], weights[read], config.interests, config.interest_share
            )
            if interests is not None:
                scores[row] = interests.mixed(scores[row], interests.vectors @ self._rows.T)
        return scores


@dataclass(frozen=True)
class GraphCandidate:
    """Train the graph model with settings that were chosen on validation beforehand.

    Parameters
    ----------
    config : GraphConfig
        Used as it is.
    name : str
        As shown in tables.
    """

    config: GraphConfig
    name: str = "graph"

    def fit(
        self,
        collection: Collection,
        train: Interactions,
        validation: Interactions | None,
        progress: Progress,
    ) -> GraphScorer:
        """See `Candidate.fit`: trained on both parts."""
        trainer = GraphTrainer(collection, self.config, together(train, validation))
        return GraphScorer(finish(trainer, progress))
