"""Several spaces answer together: the score of an item is the mean of what each gives it."""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from numbers import Real
from types import MappingProxyType
from typing import Final

import numpy as np

from nearfield.errors import InvalidInput, NotFound, VectorsAway
from nearfield.recommend.filters import Scope
from nearfield.recommend.retrieve import Ranked, best, pool_size
from nearfield.recommend.view import Look, Part, View
from nearfield.rising import rising
from nearfield.types import Ids, Scores, Shares, UserQuery, Vectors

BLEND: Final = "blend"
"""What stands in a recommendation of several spaces as its origin."""

DEFAULT_WEIGHTS: Final[Mapping[str, float]] = MappingProxyType({"fusion": 0.5, "graph": 0.5})
"""The spaces that `blend` means, and how much each counts."""


class SpaceAway(VectorsAway):
    """One of several spaces does not answer.

    Parameters
    ----------
    space : str
        Which.
    error : VectorsAway
        What it met.
    """

    def __init__(self, space: str, error: VectorsAway) -> None:
        super().__init__(str(error))
        self.space = space


@contextmanager
def asking(space: str) -> Iterator[None]:
    """Let whoever asks several spaces know which of them does not answer."""
    try:
        yield
    except VectorsAway as error:
        raise SpaceAway(space, error) from error


def check_weights(weights: Mapping[str, float]) -> dict[str, float]:
    """Return weights that sum to 1, without those that are 0.

    Raises
    ------
    InvalidInput
        If one is no finite number of 0 or more, or none is above 0.
    """
    for name, weight in weights.items():
        if not (isinstance(weight, Real) and math.isfinite(weight) and weight >= 0):
            raise InvalidInput(
                f"space {name!r} has weight {weight!r}, but weights are finite numbers from 0. "
                f"Write e.g. fusion:0.6,graph:0.4, or {{'fusion': 0.6, 'graph': 0.4}} in Python."
            )
    total = float(sum(weights.values()))
    if not total > 0:
        raise InvalidInput("no space has a weight above 0. Give one, or leave the weights out.")
    return {name: float(weight) / total for name, weight in weights.items() if weight > 0}


class BlendView:
    """Several views, each with a weight.

    The score is the mean of their cosines by these weights, and so in [-1, 1]. A space that
    knows nothing of who asks has no say, and the weights of the others make up for it; an item
    that is not in a space has the cosine 0 there.

    Parameters
    ----------
    views : sequence of View
        What is blended.
    weights : sequence of float
        Of each, above 0.
    """

    name = BLEND

    def __init__(self, views: Sequence[View], weights: Sequence[float]) -> None:
        self._views = tuple(views)
        self._weights = tuple(weights)

    def history_length(self) -> int:
        """Return how many of the newest events the view reads that reads most."""
        return max(view.history_length() for view in self._views)

    def look(self, query: UserQuery) -> Look | None:
        """Look at the items for a user; None where no view knows anything of them."""
        return self._together([_look(view, query) for view in self._views])

    def look_from(self, item: int) -> Look:
        """Look at the items from one of them; NotFound where no view has it."""
        looks: list[Look | None] = []
        missing: NotFound | None = None
        for view in self._views:
            try:
                with asking(view.name):
                    looks.append(view.look_from(item))
            except NotFound as error:
                looks.append(None)
                missing = error
        together = self._together(looks)
        if together is None:
            assert missing is not None  # there is at least one view
            raise missing
        return together

    def look_along(self, vector: Vectors) -> Look:
        """Refuse: a vector belongs to one space."""
        raise InvalidInput(
            f"a vector of shape {vector.shape} cannot be looked for in several spaces together, "
            f"for it belongs to one of them. Ask that one alone."
        )

    def vectors(self, ids: Ids) -> Vectors:
        """Return vectors whose inner products are the blended similarities."""
        return _stack([_vectors(view.name, view, ids) for view in self._views], self._weights)

    def _together(self, looks: Sequence[Look | None]) -> Look | None:
        """Blend the looks that are there; a single one is left as it is."""
        named = zip(looks, self._weights, (view.name for view in self._views), strict=True)
        there = [(look, weight, name) for look, weight, name in named if look is not None]
        if len(there) < 2:
            return there[0][0] if there else None
        found, weights, names = zip(*there, strict=True)
        total = sum(weights)
        return BlendLook(found, tuple(weight / total for weight in weights), names)


@dataclass(frozen=True)
class BlendLook:
    """The items as several looks see them.

    Parameters
    ----------
    looks : tuple of Look
        What is blended.
    weights : tuple of float
        Of each; they sum to 1.
    names : tuple of str
        The space of each.
    """

    looks: tuple[Look, ...]
    weights: tuple[float, ...]
    names: tuple[str, ...]

    def nearest(self, k: int, scope: Scope) -> Ranked:
        """Return the `k` best items among the best of each look.

        Each look brings ten items for each place, at least 100; all of them get their whole
        score.
        """
        size = pool_size(k, diversity=1)
        pools = []
        for name, look in zip(self.names, self.looks, strict=True):
            with asking(name):
                pools.append(look.nearest(size, scope).ids)
        ids = rising(np.concatenate(pools))
        return best(ids, self.scores(ids), k)

    def scores(self, ids: Ids) -> Scores:
        """Return the weighted mean of the looks' scores, shape of `ids`."""
        scores: Scores = np.asarray(self.weights, dtype=np.float32) @ self._scores(ids)
        return scores

    def vectors(self, ids: Ids) -> Vectors:
        """Return vectors whose inner products are the blended similarities."""
        named = zip(self.names, self.looks, strict=True)
        return _stack([_vectors(name, look, ids) for name, look in named], self.weights)

    def parts(self, ids: Ids) -> list[Part]:
        """Return what each look says, in proportion to what it gives to the score."""
        weights = np.asarray(self.weights, dtype=np.float32)
        given = weights[:, None] * np.maximum(self._scores(ids), 0)
        given /= np.maximum(given.sum(axis=0), np.float32(1e-12))
        found = []
        for name, look, share in zip(self.names, self.looks, given, strict=True):
            with asking(name):
                parts = look.parts(ids)
            found += [Part(part.space, _scaled(part.shares, share)) for part in parts]
        return found

    def _scores(self, ids: Ids) -> Vectors:
        """Return the scores of each look, shape (looks, ids)."""
        scores = []
        for name, look in zip(self.names, self.looks, strict=True):
            with asking(name):
                scores.append(look.scores(ids))
        return np.stack(scores)


def _look(view: View, query: UserQuery) -> Look | None:
    with asking(view.name):
        return view.look(query)


def _vectors(name: str, one: View | Look, ids: Ids) -> Vectors:
    with asking(name):
        return one.vectors(ids)


def _stack(parts: Sequence[Vectors], weights: Sequence[float]) -> Vectors:
    """Put vectors side by side, so that their inner product is the weighted sum of the parts'."""
    return np.hstack(
        [
            np.float32(math.sqrt(weight)) * vectors
            for vectors, weight in zip(parts, weights, strict=True)
        ]
    )


def _scaled(shares: Shares, scale: Scores) -> Shares:
    return Shares(shares.events * scale[:, None], shares.attributes * scale)
