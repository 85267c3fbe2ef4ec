"""The graph recommender as a candidate of the protocols: one user vector, one search."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from nearfield.datasets.tables import Collection, Interactions
from nearfield.evaluate.candidates import Progress, together
from nearfield.graph.config import GraphConfig
from nearfield.graph.interests import interests_of
from nearfield.graph.model import trained_levels
from nearfield.graph.train import GraphTrainer


class GraphScorer:
    """Cosines of users and items from a trained network.

    Parameters
    ----------
    trainer : GraphTrainer
        Finished.
    """

    def __init__(self, trainer: GraphTrainer) -> None:
        self._trainer = trainer
        self._items = trained_levels(trainer).vectors
        self._units = F.normalize(self._items, dim=1)
        self._rows = self._units.numpy()

    @property
    def chosen(self) -> Mapping[str, Any]:
        """The settings that differ from the defaults."""
        return self._trainer.config.model_dump(mode="json", exclude_defaults=True)

    @property
    def curve(self) -> Sequence[Mapping[str, float]]:
        """Training loss after each epoch."""
        return [
            {"epoch": float(epoch), "loss": loss}
            for epoch, loss in enumerate(self._trainer.curve, start=1)
        ]

    @torch.inference_mode()
    def scores(self, users: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return the scores of every item for each user, shape (n, items), as `recommend` does."""
        trainer = self._trainer
        history = trainer.material.histories.until_now(
            users.astype(np.int64), trainer.config.window
        )
        vectors, _ = trainer.network.newest(history, self._items)
        scores = (F.normalize(vectors, dim=1) @ self._units.T).numpy()
        for row, (items, weights) in enumerate(
            zip(history.items.numpy(), history.weights.numpy(), strict=True)
        ):
            read = items >= 0
            interests = interests_of(self._rows[items[read]], weights[read], trainer.config)
            if interests is not None:
                scores[row] = interests.mixed(scores[row], interests.vectors @ self._rows.T)
        return scores

    def item_scores(self, items: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return the cosines of items with all items, shape (n, items), as `similar` sees them."""
        return np.asarray((self._units[torch.from_numpy(items)] @ self._units.T).numpy())


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
        for step in trainer.run():
            done = step.epoch * step.total + step.done
            progress("training", done, step.epochs * step.total)
        return GraphScorer(trainer)
