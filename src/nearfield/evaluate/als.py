"""iALS by the `implicit` package, which the extra `evaluate` installs."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from nearfield.datasets.tables import Interactions
from nearfield.errors import NearfieldError
from nearfield.evaluate.item_models import ItemCosines

try:
    from implicit.cpu.als import AlternatingLeastSquares
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # implicit's
except ImportError:
    _INSTALLED = False
else:
    _INSTALLED = True


def installed() -> bool:
    """Say whether `implicit` can be used."""
    return _INSTALLED


@dataclass(frozen=True)
class FactorScorer:
    """Solves for the factors of each history, then compares them with those of the items."""

    model: Any

    def scores(self, history: sparse.csr_matrix) -> NDArray[np.float32]:
        """Return factors x item factors, shape (n, items)."""
        users = np.arange(history.shape[0])
        with threadpool_limits(1, "blas"):
            factors = self.model.recalculate_user(users, history)
            return np.asarray(factors @ self.model.item_factors.T)

    def item_scores(self, items: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return the cosines of the factors of items with those of all, as `similar_items` does."""
        return ItemCosines(self.model.item_factors).item_scores(items)


@dataclass(frozen=True)
class ALS:
    """Weighted matrix factorisation of who had what, by alternating least squares [1]_.

    Parameters
    ----------
    factors : int
        Length of the vectors.
    regularization : float
        Ridge penalty on the vectors, 0 or more.
    alpha : float
        Confidence in an event; 1 is that in its absence.
    iterations : int
        Rounds over users and items.
    seed : int
        Of the first vectors.

    References
    ----------
    .. [1] Hu, Koren, Volinsky, "Collaborative Filtering for Implicit Feedback Datasets",
       ICDM 2008. https://doi.org/10.1109/ICDM.2008.22
    """

    factors: int = 128
    regularization: float = 10.0
    alpha: float = 1.0
    iterations: int = 15
    seed: int = 0

    def fit(self, train: Interactions) -> FactorScorer:
        """Learn the factors of the items, on one thread (so that the same seed gives the same).

        Raises
        ------
        NearfieldError
            If `implicit` is not installed.
        """
        if not installed():
            raise NearfieldError(
                "iALS needs the package implicit, which is not installed. Run "
                "`pip install 'nearfield[evaluate]'`, or leave iALS out."
            )
        with threadpool_limits(1, "blas"):
            model = AlternatingLeastSquares(
                factors=self.factors,
                regularization=self.regularization,
                alpha=self.alpha,
                iterations=self.iterations,
                num_threads=1,
                random_state=self.seed,
            )
            model.fit(train.matrix(), show_progress=False)
        return FactorScorer(model)
