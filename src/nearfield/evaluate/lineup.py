"""Which baselines stand beside a model under each protocol, and the settings they may choose."""

from typing import Final

from nearfield.evaluate import als
from nearfield.evaluate.baselines import EASE, MOST_ITEMS, ItemKNN, Popularity, WeightedEASE
from nearfield.evaluate.biases import Biases
from nearfield.evaluate.candidates import Candidate, RatingCandidate
from nearfield.evaluate.cold import GroupPopularity
from nearfield.evaluate.tuned import Tuned

# The first of each grid is the best compromise over ml-1m and ml-100k (benchmarks/results).
_EASE: Final = tuple(EASE(l2) for l2 in (500.0, 200.0, 1000.0))
_WEIGHTED: Final = (WeightedEASE(), WeightedEASE(own=0.3, users=0.5))
_KNN: Final = tuple(ItemKNN(neighbours) for neighbours in (400, 100))
_ALS: Final = (als.ALS(), als.ALS(regularization=30.0, alpha=3.0))
_HALF_LIVES: Final = (2.0, 1.0, 5.0)


def ranking_baselines(items: int, recency: bool) -> list[Candidate]:
    """Return the baselines to stand beside a model.

    Parameters
    ----------
    items : int
        Of the collection; EASE is left out above `MOST_ITEMS`.
    recency : bool
        Also with recency weights, which help where the next event is asked for; under a random
        split the "newest" events are no nearer to the answers than any others.

    Returns
    -------
    list of Candidate
        Without iALS where `implicit` is not installed.
    """
    found: list[Candidate] = [Tuned("popularity", (Popularity(),)), Tuned("ItemKNN", _KNN)]
    if recency:
        found.append(Tuned("ItemKNN + recency", _KNN, _HALF_LIVES))
    if als.installed():
        found.append(Tuned("iALS", _ALS))
        if recency:
            found.append(Tuned("iALS + recency", _ALS, _HALF_LIVES))
    if items <= MOST_ITEMS:
        found.append(Tuned("EASE", _EASE))
        if recency:
            found.append(Tuned("EASE + recency", _EASE, _HALF_LIVES))
        else:
            found.append(Tuned("EASE, users weighted", _WEIGHTED))
    return found


def cold_baselines() -> list[Candidate]:
    """Return what is known of users without history: what everyone likes, or those alike."""
    return [Tuned("popularity", (Popularity(),)), GroupPopularity()]


def rating_baselines() -> list[RatingCandidate]:
    """Return the baseline for ratings."""
    return [Biases()]
