"""The few types that every part shares: arrays of ids and vectors, hits, queries and answers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Ids: TypeAlias = NDArray[np.int64]
"""Catalogue keys, shape (rows,): positive integers given by the catalogue; -1 is "none"."""

Vectors: TypeAlias = NDArray[np.float32]
"""Vectors, shape (rows, dim); unit length wherever they come from a model or an index."""

Scores: TypeAlias = NDArray[np.float32]
"""Cosine similarities in [-1, 1]."""

PublicId: TypeAlias = int | str
"""An id as the owner of the data wrote it: an int where every id of the catalogue is one."""

_NOTHING: Mapping[str, str] = MappingProxyType({})
_NOBODY: "Mapping[int, Vectors]" = MappingProxyType({})


def no_ids() -> Ids:
    """Return an empty array of ids."""
    return np.empty(0, dtype=np.int64)


def no_scores() -> Scores:
    """Return an empty array of scores, values or weights."""
    return np.empty(0, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Hits:
    """The nearest items of each query, best first.

    Parameters
    ----------
    ids : int64, shape (queries, k)
        Keys of the items; -1 fills the row where fewer than k were found.
    scores : float32, shape (queries, k)
        Inner products of unit vectors, in [-1, 1]; -inf beside an id of -1.
    """

    ids: NDArray[np.int64]
    scores: NDArray[np.float32]

    @classmethod
    def empty(cls, queries: int, k: int) -> "Hits":
        """Return rows of -1 and -inf, to be filled in place."""
        return cls(
            np.full((queries, k), -1, dtype=np.int64),
            np.full((queries, k), -np.inf, dtype=np.float32),
        )


@dataclass(frozen=True, slots=True)
class UserQuery:
    """All that may be known of the one who asks; every part may be missing.

    Parameters
    ----------
    user : int, optional
        Catalogue key of a known user.
    attributes : mapping
        Attribute name to value as text, e.g. ``{"gender": "F", "age": "25"}``.
    items : int64, shape (events,)
        Keys of the items of the history, oldest first.
    values : float32, shape (events,)
        The rating of each event on the catalogue's own scale; NaN where there is none.
    weights : float32, shape (events,)
        1 counts as an ordinary event, 2 as twice that; below 0 counts against (dislike, skip).
    guests : mapping
        Vectors, shape (dim,), of those items of the history that the catalogue does not hold, by
        the key that stands for them in `items`: -2 and below.
    """

    user: int | None = None
    attributes: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    items: Ids = field(default_factory=no_ids)
    values: Scores = field(default_factory=no_scores)
    weights: Scores = field(default_factory=no_scores)
    guests: Mapping[int, Vectors] = field(default_factory=lambda: _NOBODY)


@dataclass(frozen=True, slots=True)
class Interests:
    """What one user is interested in, kept apart where one vector would be their mean.

    Parameters
    ----------
    vectors : float32, shape (interests, dim)
        Unit vectors, most important first.
    importance : float32, shape (interests,)
        Of each; greater than 0, the first one's is 1.
    share : float
        How much of a score they account for, in [0, 1].
    balance : float
        How much a list gives to each of them in proportion to its importance; 0 goes by scores
        alone.
    """

    vectors: Vectors
    importance: Scores
    share: float
    balance: float = 0.0

    def mixed(self, user: Scores, apart: Vectors) -> Scores:
        """Return scores by the user's one vector and by the interest that an item is nearest to.

        Parameters
        ----------
        user : float32, shape (items,)
            Cosines with the user's vector.
        apart : float32, shape (interests, items)
            Cosines with each interest.

        Returns
        -------
        float32, shape (items,)
            ``(1 - share) * user + share * max(importance * apart)``, in [-1, 1].
        """
        nearest = (self.importance[:, None] * apart).max(axis=0)
        share = np.float32(self.share)
        mixed: Scores = (1 - share) * user + share * nearest
        return mixed


@dataclass(frozen=True, slots=True)
class Aversions:
    """What one user does not want to come near to.

    Parameters
    ----------
    vectors : float32, shape (aversions, dim)
        Unit vectors of what was disliked or skipped; at least one.
    weights : float32, shape (aversions,)
        How much each counts: in (0, 1], or more where the one who asks said so.
    push : float
        What an item that equals one of weight 1 loses, in [0, 2].
    reach : float
        Cosine from which on something is lost, in [0, 1).
    """

    vectors: Vectors
    weights: Scores
    push: float
    reach: float

    def lowered(self, scores: Scores, near: Vectors) -> Scores:
        """Return the scores of items less what they lose for being near to something unwanted.

        Parameters
        ----------
        scores : float32, shape (items,)
            As they would be otherwise, in [-1, 1].
        near : float32, shape (aversions, items)
            Cosines with each aversion.

        Returns
        -------
        float32, shape (items,)
            ``scores - push * max(weights * max(0, (near - reach) / (1 - reach)))``, but never
            below -1.
        """
        beyond = np.maximum(near - np.float32(self.reach), 0) / np.float32(1 - self.reach)
        loss = np.float32(self.push) * (self.weights[:, None] * beyond).max(axis=0)
        lowered: Scores = np.maximum(scores - loss, np.float32(-1))
        return lowered


@dataclass(frozen=True, slots=True)
class Shares:
    """How much of each recommended item's score each part of a query explains.

    Parameters
    ----------
    events : float32, shape (items, events)
        Share of each event of the query's history, in [0, 1].
    attributes : float32, shape (items,)
        Share of the user's attributes and id; a row's events and attributes sum to at most 1.
    """

    events: NDArray[np.float32]
    attributes: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an item is recommended: one part of its score.

    Parameters
    ----------
    text : str
        A sentence, e.g. "because you rated Heat (1995)".
    share : float
        The part of the score that it explains, in [0, 1]; the shares of an item sum to at most 1.
    item : int or str, optional
        The item of the history that the reason names.
    space : str, optional
        The space whose vectors give this part; None for what is said of the items themselves.
    """

    text: str
    share: float
    item: PublicId | None = None
    space: str | None = None


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One line of an answer.

    Parameters
    ----------
    item : int or str
        The id as the owner of the data wrote it.
    title : str
        The item's title.
    score : float
        Cosine similarity in [-1, 1], of a blend the mean of its spaces' (NaN for the popularity
        list, which has none).
    space : str
        What answered: "fusion", "graph", "blend", "popularity".
    reasons : tuple of Reason
        Largest share first.
    year : int, optional
        Year of release, where known.
    genres : tuple of str
        Genres, where known.
    attributes : mapping
        Everything else that the catalogue knows of the item: of a song its artist, album, path.
    """

    item: PublicId
    title: str
    score: float
    space: str
    reasons: tuple[Reason, ...] = ()
    year: int | None = None
    genres: tuple[str, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=lambda: _NOTHING, hash=False)


Degraded: TypeAlias = Literal["last-good", "popular", "partial"]
"""Why an answer is less than it could be; see `Recommendations`."""


class Recommendations(list[Recommendation]):
    """A list of recommendations, best first, that tells what it is from.

    It is equal to any list of the same lines.

    Parameters
    ----------
    lines : iterable of Recommendation
        Best first.
    space : str
        What answered: a space, "blend" or "popularity".
    models : mapping
        Space to the version that answered.
    degraded : {"last-good", "popular", "partial"}, optional
        None where all that was asked answered. Else, where Milvus did not: the last good answer to
        the same question, without what may not be shown any more; what is popular; or what those
        spaces of a blend say that answered.
    """

    def __init__(
        self,
        lines: Iterable[Recommendation] = (),
        *,
        space: str = "",
        models: Mapping[str, str] = _NOTHING,
        degraded: Degraded | None = None,
    ) -> None:
        super().__init__(lines)
        self.space = space
        self.models = models
        self.degraded = degraded
