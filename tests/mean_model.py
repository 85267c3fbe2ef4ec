"""A small honest user model, for tests and benchmarks that must not wait for training.

A user is the sum of the vectors of the newest items, each half as heavy as the next newer one,
and of one fixed direction for each attribute value. A score is then a sum too, so its shares
are exact: every part's own product with the item.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.typing import NDArray

from nearfield.types import Ids, Shares, UserQuery, Vectors


def unit(rows: NDArray[np.float32]) -> Vectors:
    """Return rows of length 1, shape of `rows`; rows of zeros stay."""
    length = np.linalg.norm(rows, axis=-1, keepdims=True)
    return (rows / np.where(length > 0, length, 1)).astype(np.float32)


@dataclass(frozen=True)
class MeanModel:
    """Satisfies `UserModel`.

    Parameters
    ----------
    keys : int64, shape (items,)
        Catalogue keys that the model knows, rising.
    vectors : float32, shape (items, dim)
        Their unit vectors.
    newest : int
        How many events are read.
    known : frozenset of str
        Names of the attributes that are used.
    """

    keys: Ids
    vectors: Vectors
    newest: int = 50
    known: frozenset[str] = field(default=frozenset({"age", "gender", "occupation"}))
    recommender: str = "mean"

    def history_length(self) -> int:
        return self.newest

    def embed_users(self, queries: Sequence[UserQuery]) -> Vectors:
        rows = [self._parts(query).sum(axis=0) for query in queries]
        return unit(np.array(rows, dtype=np.float32))

    def explain(self, query: UserQuery, items: Ids) -> Shares:
        targets = self.vectors[np.searchsorted(self.keys, items)]
        products = np.maximum(targets @ self._parts(query).T, 0)  # (items, events + 1)
        shares = products / np.maximum(products.sum(axis=1, keepdims=True), 1e-9)
        return Shares(shares[:, :-1], shares[:, -1])

    def _parts(self, query: UserQuery) -> NDArray[np.float32]:
        """Return what each event adds to the user, then the attributes: (events + 1, dim)."""
        count = len(query.items)
        age = np.arange(count)[::-1]
        weights = np.where(age < self.newest, 0.5 ** (age / 2), 0) * query.weights
        parts = np.zeros((count + 1, self.vectors.shape[1]), dtype=np.float32)
        places = np.minimum(np.searchsorted(self.keys, query.items), len(self.keys) - 1)
        weights = np.where(self.keys[places] == query.items, weights, 0)
        parts[:-1] = weights[:, None] * self.vectors[places]
        for name, value in query.attributes.items():
            if name in self.known:
                parts[-1] += direction(f"{name}={value}", parts.shape[1])
        return parts


@cache
def direction(text: str, dim: int) -> Vectors:
    """Return the same unit vector for the same text, in every process."""
    rng = np.random.default_rng(zlib.crc32(text.encode()))
    return unit(rng.normal(size=(dim,)).astype(np.float32))
