"""How similar two recordings must be to be called the same: more where little of them overlaps.

By chance, stretches of different recordings reach a similarity that falls with the root of what
changes in them. `tools/fit_duplicate_thresholds.py` measures that limit on real tracks of which
every second is held back, and draws it with these curves: docs/duplicate-thresholds.svg.
"""

from math import sqrt
from typing import Final

SAME: Final = 0.25
"""Similarity of a long overlap from which on two recordings are the same."""

REVIEW: Final = 0.8
"""Share of the similarity for "the same" from which on a person should look at a pair."""

SHORT: Final = 1.1
"""What an overlap with a second of evidence must have beyond the half of `SAME`."""


def same_from(evidence: float, same: float = SAME) -> float:
    """Return the similarity from which on a match says that two recordings are the same.

    Parameters
    ----------
    evidence : float
        Of the match, in seconds.
    same : float
        For a long overlap.
    """
    return max(same, same / 2 + SHORT / sqrt(max(evidence, 1e-6)))


def review_from(evidence: float, same: float = SAME) -> float:
    """Return the similarity from which on a person should look at a match."""
    return REVIEW * same_from(evidence, same)
