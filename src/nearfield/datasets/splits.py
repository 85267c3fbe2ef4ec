"""Splits events into those to learn from, to choose by and to test on."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from nearfield.datasets.histories import event_weights
from nearfield.datasets.tables import Interactions

FEWEST: Final = 3
"""Events that a user needs for the last two to be held out."""


@dataclass(frozen=True, slots=True)
class Split:
    """Three masks that cover every event once; give one to `Interactions.take`.

    Parameters
    ----------
    train, validation, test : bool, shape (events,)
        Events to learn from, to choose settings by, and to report figures on.
    """

    train: NDArray[np.bool_]
    validation: NDArray[np.bool_]
    test: NDArray[np.bool_]


def leave_last_out(interactions: Interactions) -> Split:
    """Hold out each user's last event for the test, and the one before for validation.

    Events at the same time count in file order. Events against an item (skipped, disliked) are
    never held out: they stay in train, and users with fewer than three others do so wholly.
    """
    last = np.zeros(len(interactions), dtype=bool)
    before = np.zeros(len(interactions), dtype=bool)
    wanted = np.flatnonzero(event_weights(interactions.kind) > 0)
    # `wanted` is sorted by user, then time, then file order, as the interactions are
    ends = np.searchsorted(interactions.user[wanted], np.arange(interactions.users), side="right")
    counts = np.diff(ends, prepend=0)
    ends = ends[counts >= FEWEST]
    last[wanted[ends - 1]] = True
    before[wanted[ends - 2]] = True
    return Split(train=~(last | before), validation=before, test=last)


def random_split(
    interactions: Interactions, test: float = 0.2, validation: float = 0.0, seed: int = 0
) -> Split:
    """Hold out events at random, whoever they belong to.

    Parameters
    ----------
    interactions : Interactions
        What to split.
    test : float
        Share of all events, in [0, 1).
    validation : float
        Share of the events that are not for the test, in [0, 1).
    seed : int
        Of the random order.

    Raises
    ------
    ValueError
        If a share is outside [0, 1).
    """
    for name, share in (("test", test), ("validation", validation)):
        if not 0 <= share < 1:
            raise ValueError(f"{name} share {share}: wanted at least 0 and less than 1")
    events = len(interactions)
    order = np.random.default_rng(seed).permutation(events)
    tested = round(test * events)
    validated = round(validation * (events - tested))
    masks = np.zeros((2, events), dtype=bool)
    masks[0, order[:tested]] = True
    masks[1, order[tested : tested + validated]] = True
    return Split(train=~(masks[0] | masks[1]), validation=masks[1], test=masks[0])
