"""The rating objective: the highest rating times the cosine is the rating, in the least squares."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from torch import Tensor
from torch.nn import functional as F

from nearfield.datasets.tables import Interactions
from nearfield.errors import InvalidInput
from nearfield.fusion.objectives import Material
from nearfield.fusion.rating_start import start_towers
from nearfield.fusion.rating_users import RatedSets, RatingTower
from nearfield.fusion.squares import Known, weighted_squares
from nearfield.networks.dropout import rows_of
from nearfield.networks.items import ItemTower

_LEAST_HIDDEN, _MOST_HIDDEN = 0.05, 0.3
_FEW: Final = 3
"""Strangers show u ** 3 of their ratings, u uniform: half of them less than an eighth."""

_SHOWN: Final = 0.5
"""Weight of a rating that the tower was shown, against one that was hidden from it."""

_PENALISED: Final = 0.4
"""Share of the training in which the penalty rises. In full from the start, it keeps the vectors
in the plane for ever."""

_FEWEST_BATCHES: Final = 8
_CALM: Final = 5.0
"""Average ratings added to each item's mean."""


@dataclass(frozen=True, slots=True)
class Ratings:
    """Known ratings, user after user, each pair once.

    Parameters
    ----------
    items : int64, shape (ratings,)
        Row of the item.
    stars : float32, shape (ratings,)
        Above 0.
    indptr : int64, shape (users + 1,)
        User u has indptr[u]:indptr[u + 1].
    """

    items: NDArray[np.int64]
    stars: NDArray[np.float32]
    indptr: NDArray[np.int64]

    @classmethod
    def of(cls, events: Interactions) -> "Ratings":
        """Keep the newest rating of each pair.

        Raises
        ------
        InvalidInput
            If there is none, or one is not above 0.
        """
        rated = events.take(np.isfinite(events.value))
        if len(rated) == 0:
            raise InvalidInput(
                f"the catalogue has {len(events):,} events but no ratings, and the objective "
                "'rating' learns from nothing else. Train with the objective 'retrieval'."
            )
        lowest, highest = float(rated.value.min()), float(rated.value.max())
        if lowest <= 0:
            raise InvalidInput(
                f"ratings go from {lowest:g} to {highest:g}; the objective 'rating' wants them "
                f"above 0. Add {1 - lowest:g} to all of them before importing, or train with the "
                "objective 'retrieval'."
            )
        pairs = rated.user.astype(np.int64) * rated.items + rated.item
        newest = len(pairs) - 1 - np.unique(pairs[::-1], return_index=True)[1]
        kept = rated.take(np.sort(newest))
        return cls(kept.item.astype(np.int64), kept.value, kept.indptr)

    def item_means(self, items: int) -> NDArray[np.float32]:
        """Return each item's mean, drawn towards the mean of all, shape (items,)."""
        mean = self.stars.mean(dtype=np.float64)
        counts = np.bincount(self.items, minlength=items)
        above = np.bincount(self.items, self.stars - mean, minlength=items)
        return np.asarray(mean + above / (counts + _CALM), dtype=np.float32)

    def residuals(self, means: NDArray[np.float32]) -> sparse.csr_matrix:
        """Return ratings less the items' means and the users' generosity, shape (users, items)."""
        counts = np.diff(self.indptr)
        user = np.repeat(np.arange(len(counts)), counts)
        above = self.stars - means[self.items]
        generous = np.bincount(user, above, minlength=len(counts)) / (counts + _CALM)
        shape = (len(counts), len(means))
        return sparse.csr_matrix((above - generous[user], self.items, self.indptr), shape=shape)


class HiddenRatings:
    """Some of a user's ratings are hidden; all are predicted, those that were shown as well.

    How far a vector is from the average one is penalised for each of its ratings, as in
    regularised matrix factorisation [1]_, but for the plane of the two average vectors, in which
    lie the biases: what makes a user generous or an item good.

    Parameters
    ----------
    material : Material
        With the towers of this objective.
    events : Interactions
        The events with their ratings.

    References
    ----------
    .. [1] Zhou et al., "Large-Scale Parallel Collaborative Filtering for the Netflix Prize",
       AAIM 2008.
    """

    def __init__(self, material: Material, events: Interactions) -> None:
        users, items = material.towers.users, material.towers.items
        assert isinstance(users, RatingTower)
        assert isinstance(items, ItemTower)
        self._users, self._items = users, items
        self._material = material
        self._ratings = Ratings.of(events)
        counts = np.bincount(self._ratings.items, minlength=events.items)
        self._popularity = torch.from_numpy(counts / counts.sum()).float()

    def begin(self) -> None:
        """Let average vectors predict the mean, and start from the main directions of taste."""
        ratings, users = self._ratings, self._users
        means = ratings.item_means(len(self._popularity))
        users.expected.copy_(torch.from_numpy(means))
        cosine = float(ratings.stars.mean(dtype=np.float64)) / users.highest
        seed = self._material.config.seed
        start_towers(users, self._items, cosine, ratings.residuals(means), seed)

    def finish(self) -> None:
        """Forget the vectors of items that nobody rated: they are still random."""
        with torch.no_grad():
            self._users.read.weight[self._popularity == 0] = 0.0

    def batches(self, rng: np.random.Generator, _epoch: int, /) -> list[NDArray[np.int64]]:
        """Return users with ratings, in random order, at least 8 batches."""
        users = rng.permutation(np.flatnonzero(np.diff(self._ratings.indptr)))
        size = max(1, min(self._material.config.batch, -(-len(users) // _FEWEST_BATCHES)))
        return np.split(users, np.arange(size, len(users), size))

    def loss(self, batch: NDArray[np.int64], rng: np.random.Generator, done: float) -> Tensor:
        """Squared error of the users' ratings, and the penalty of their vectors and the items'."""
        material = self._material
        ids, attributes = material.hidden(batch, rng)
        rated, known = self._hide(batch, ids == self._users.unknown, rng)
        own = material.team.part(len(batch))
        with rows_of(own, len(batch)):
            moved = self._users(
                torch.from_numpy(ids)[own], torch.from_numpy(attributes)[own], rated.part(own)
            ).float()
        items = material.item_vectors().float()
        asked = known.part(own)
        share = float(asked.weights.sum() / known.weights.sum())
        squares = share * weighted_squares(
            F.normalize(self._users.start + moved, dim=1),
            F.normalize(items, dim=1),
            asked,
            self._users.highest,
        )
        penalty = material.config.penalty * min(1.0, done / _PENALISED)
        return squares + penalty * self._off_plane(batch, moved, items)

    def _off_plane(self, batch: NDArray[np.int64], moved: Tensor, items: Tensor) -> Tensor:
        """Return how far off the plane this member's users and items are, weighted by ratings.

        Parameters
        ----------
        batch : int64, shape (batch,)
        moved : float, shape (own users, dim)
        items : float, shape (items, dim)
        """
        average, team = self._average_item(), self._material.team
        plane = torch.stack([self._users.start, average]).detach()
        counts = torch.from_numpy(np.diff(self._ratings.indptr)[batch]).float()
        users_off = counts[team.part(len(batch))] @ off_plane(moved, plane) / counts.sum()
        own = team.part(len(items))
        return users_off + self._popularity[own] @ off_plane(items[own] - average, plane)

    def _average_item(self) -> Tensor:
        """Return the vector that id and content move: the bias of the item tower's last layer."""
        return self._items.content_layer.bias

    def _hide(
        self, who: NDArray[np.int64], strangers: NDArray[np.bool_], rng: np.random.Generator
    ) -> tuple[RatedSets, Known]:
        """Return what users show, and all that is to be predicted.

        70 to 95 % of the ratings are shown; of someone whose id is hidden often only a few.
        """
        begin, counts = self._ratings.indptr[who], np.diff(self._ratings.indptr)[who]
        rows = np.repeat(np.arange(len(who)), counts)
        starts = np.cumsum(counts) - counts
        events = np.arange(len(rows)) + (begin - starts)[rows]
        share = np.where(
            strangers,
            1 - rng.random(len(who)) ** _FEW,
            rng.uniform(_LEAST_HIDDEN, _MOST_HIDDEN, len(who)),
        )
        shown = rng.random(len(rows), dtype=np.float32) >= share[rows]
        items = torch.from_numpy(self._ratings.items[events])
        stars = torch.from_numpy(self._ratings.stars[events])
        seen = torch.from_numpy(shown)
        rated = RatedSets(
            items=items[seen],
            stars=stars[seen],
            weights=torch.ones(int(seen.sum())),
            starts=torch.from_numpy(np.searchsorted(rows[shown], np.arange(len(who)))),
        )
        weights = torch.where(seen, _SHOWN, 1.0)
        return rated, Known(torch.from_numpy(rows), items, stars, weights)


def off_plane(moved: Tensor, plane: Tensor) -> Tensor:
    """Return the squared distance of vectors from a plane through 0, shape (rows,).

    Parameters
    ----------
    moved : float, shape (rows, dim)
    plane : float, shape (2, dim)
        Two directions of the plane, not parallel.
    """
    basis = torch.linalg.qr(plane.T).Q
    squares: Tensor = (moved**2).sum(dim=1) - ((moved @ basis) ** 2).sum(dim=1)
    return squares
