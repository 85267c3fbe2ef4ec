"""The fusion recommender as a candidate of the protocols: one user vector, one search."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from nearfield.datasets.tables import Collection, Interactions
from nearfield.evaluate.candidates import Progress, together
from nearfield.evaluate.trained import TrainedScorer, finish
from nearfield.fusion.config import FusionConfig
from nearfield.fusion.predict import item_vectors, user_vectors
from nearfield.fusion.train import FusionTrainer

_USERS: Final = 512
"""Users whose ratings are predicted at once."""


class FusionScorer(TrainedScorer[FusionTrainer]):
    """Cosines of users and items from trained towers.

    Parameters
    ----------
    trainer : FusionTrainer
        Finished.
    """

    def __init__(self, trainer: FusionTrainer) -> None:
        super().__init__(trainer, item_vectors(trainer.towers, trainer.features))

    def scores(self, users: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return the cosine of each user with every item, shape (n, items)."""
        with torch.inference_mode():
            return (self._users(users) @ self._units.T).numpy()

    def _users(self, users: NDArray[np.int32]) -> Tensor:
        """Return the unit vectors of users, shape (n, dim)."""
        trainer = self._trainer
        vectors = user_vectors(
            trainer.towers,
            trainer.histories,
            trainer.attributes,
            users.astype(np.int64),
            self._items,
        )
        return F.normalize(vectors, dim=1)


@dataclass(frozen=True)
class FusionCandidate:
    """Train the fusion model with settings that were chosen on validation beforehand.

    Parameters
    ----------
    config : FusionConfig
        Used as it is.
    name : str
        As shown in tables.
    """

    config: FusionConfig
    name: str = "fusion"

    def fit(
        self,
        collection: Collection,
        train: Interactions,
        validation: Interactions | None,
        progress: Progress,
    ) -> FusionScorer:
        """See `Candidate.fit`: trained on both parts."""
        trainer = FusionTrainer(collection, self.config, together(train, validation))
        return FusionScorer(finish(trainer, progress))


class FusionRatingScorer(FusionScorer):
    """Ratings from trained towers: the highest rating times the cosine, kept inside the scale."""

    def ratings(self, users: NDArray[np.int32], items: NDArray[np.int32]) -> NDArray[np.float32]:
        """Predict the rating of each pair, shape (pairs,)."""
        levels = self._trainer.vocabulary.ratings
        cosines = np.empty(len(users), dtype=np.float32)
        asked, rows = np.unique(users, return_inverse=True)
        order, ends = np.argsort(rows, kind="stable"), np.cumsum(np.bincount(rows))
        for start in range(0, len(asked), _USERS):
            group = asked[start : start + _USERS]
            begin = 0 if start == 0 else ends[start - 1]
            pairs = order[begin : ends[start + len(group) - 1]]
            cosines[pairs] = self.scores(group)[rows[pairs] - start, items[pairs]]
        cosines *= levels[-1]
        return cosines.clip(levels[0], levels[-1])


@dataclass(frozen=True)
class FusionRatingCandidate:
    """Train the fusion model to predict ratings, with settings chosen on validation beforehand.

    Parameters
    ----------
    config : FusionConfig
        Used as it is; its objective is `rating`.
    name : str
        As shown in tables.
    """

    config: FusionConfig
    name: str = "fusion rating"

    def fit(
        self,
        collection: Collection,
        train: Interactions,
        validation: Interactions | None,
        progress: Progress,
    ) -> FusionRatingScorer:
        """See `RatingCandidate.fit`: trained on both parts."""
        trainer = FusionTrainer(collection, self.config, together(train, validation))
        return FusionRatingScorer(finish(trainer, progress))
