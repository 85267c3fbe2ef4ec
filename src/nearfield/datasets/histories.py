"""How much each event of a history counts, and for or against."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from nearfield.datasets.tables import EVENT_KINDS
from nearfield.types import Scores

_WEIGHTS: Final = {"skipped": -0.5, "disliked": -1.0}
_BY_CODE: Final = np.array([_WEIGHTS.get(kind, 1.0) for kind in EVENT_KINDS], dtype=np.float32)


def preference(kind: str) -> float:
    """Return how much an event of this kind counts: 1, or less than 0 if against the item.

    A low rating counts like a high one: that someone watched a film says more about what they
    watch next than how they liked it.

    Examples
    --------
    >>> preference("rated"), preference("skipped"), preference("disliked")
    (1.0, -0.5, -1.0)
    """
    return _WEIGHTS.get(kind, 1.0)


def event_weights(kind: NDArray[np.int8]) -> Scores:
    """Return the weight of each event.

    Parameters
    ----------
    kind : int8, shape (events,)
        Positions in `EVENT_KINDS`, as in `Interactions.kind`.

    Returns
    -------
    float32, shape (events,)
        1 for an ordinary event; below 0 for one that counts against the item.
    """
    return _BY_CODE[kind]
