"""How similar two recordings must be to be called the same: more where little of them overlaps.

By chance, stretches of different recordings reach a similarity that falls with the root of what
changes in them. `tools/fit_duplicate_thresholds.py` measures that limit on real tracks of which
every second is held back, and draws it with these curves: docs/duplicate-thresholds.svg.

Not only chance is to be told apart. The same notes, played at the same moments by other
instruments (one MIDI file, two synthesisers), reach 0.636 with the bands, and 0.552 with
Chromaprint, whose correlation counts more for that (`combine.CHROMA_COUNTS`).
"""

from math import sqrt
from typing import Final

from nearfield.sound.matching.combine import Match

SAME: Final = 0.64
"""Similarity from which on two recordings are the same."""

CHANCE: Final = 0.55
"""Share of `SAME` that the level must have besides, so that it is no chance: 0.35."""

REVIEW: Final = 0.8
"""Share of that level from which on a person should look at a pair."""

_SHORT: Final = 3.14
"""How many times the half of what a long overlap needs is added for a second of evidence."""


def shape(evidence: float) -> float:
    """Return how many times the similarity of a long overlap one of this evidence needs, from 1 on.

    Parameters
    ----------
    evidence : float
        Of the match, in seconds.
    """
    return max(1.0, 0.5 + _SHORT / sqrt(max(evidence, 1e-6)))


def level(match: Match) -> float:
    """Return the similarity of a match as if much overlapped: one scale for what is no chance."""
    return match.similarity / shape(match.evidence)


def says_same(match: Match, same: float = SAME) -> bool:
    """Say whether what matched is beyond doubt the same sound."""
    return match.similarity >= same and level(match) >= CHANCE * same


def says_review(match: Match, same: float = SAME) -> bool:
    """Say whether a match is no chance, so that a person should look at it."""
    return level(match) >= REVIEW * CHANCE * same
