"""Which baselines stand beside a model under each protocol, and the settings they may choose."""

from typing import Final

from nearfield.evaluate import als
from nearfield.evaluate.baselines import EASE, MOST_ITEMS, ItemKNN, Popularity, WeightedEASE
from nearfield.evaluate.biases import Biases
from nearfield.evaluate.candidates import Candidate, ItemCandidate, RatingCandidate
from nearfield.evaluate.cold import GroupPopularity
from nearfield.evaluate.item_models import NextItems, TunedItems
from nearfield.evaluate.lightgcn_model import RECENT, LightGCN
from nearfield.evaluate.tuned import Tuned
from nearfield.evaluate.user_knn import UserKNN

# The first of each grid is the best compromise over ml-1m and ml-100k (benchmarks/results).
_EASE: Final = tuple(EASE(l2) for l2 in (500.0, 200.0, 1000.0))
_WEIGHTED: Final = (WeightedEASE(), WeightedEASE(own=0.3, users=0.5))
_KNN: Final = tuple(ItemKNN(neighbours) for neighbours in (400, 100))
_USER_KNN: Final = (UserKNN(), UserKNN(100, 0.0))
_ALS: Final = (als.ALS(), als.ALS(regularization=30.0, alpha=3.0))
_HALF_LIVES: Final = (2.0, 1.0, 5.0)

_ALL: Final = 1_000_000
"""Neighbours of an item, where every item must get a score."""

_NEXT: Final = tuple(NextItems(reach) for reach in (10, 30, 1))
_ITEM_KNN: Final = tuple(ItemKNN(_ALL, shrink) for shrink in (10.0, 100.0))
_ITEM_EASE: Final = tuple(EASE(l2) for l2 in (1000.0, 500.0, 2000.0))


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
    found: list[Candidate] = [Tuned("popularity", (Popularity(),))]
    for name, grid in (("UserKNN", _USER_KNN), ("ItemKNN", _KNN)):
        found.append(Tuned(name, grid))
        if recency:
            found.append(Tuned(f"{name} + recency", grid, _HALF_LIVES))
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


def slow_baselines(recency: bool) -> list[Candidate]:
    """Return baselines that take minutes, to be had by name; `recency` as above."""
    found: list[Candidate] = [LightGCN()]
    if recency:
        found.append(LightGCN("LightGCN + recency", RECENT))
    return found


def item_baselines(items: int) -> list[ItemCandidate]:
    """Return what says which item follows another; `items` as above."""
    found: list[ItemCandidate] = [
        TunedItems("popularity", (Popularity(),)),
        TunedItems("ItemKNN", _ITEM_KNN),
        TunedItems("next item", _NEXT),
    ]
    if als.installed():
        found.append(TunedItems("iALS", _ALS))
    if items <= MOST_ITEMS:
        found.append(TunedItems("EASE", _ITEM_EASE))
    return found


def slow_item_baselines() -> list[ItemCandidate]:
    """Return those that take minutes, to be had by name."""
    return [LightGCN()]


def cold_baselines() -> list[Candidate]:
    """Return what is known of users without history: what everyone likes, or those alike."""
    return [Tuned("popularity", (Popularity(),)), GroupPopularity()]


def rating_baselines() -> list[RatingCandidate]:
    """Return the baseline for ratings."""
    return [Biases()]
