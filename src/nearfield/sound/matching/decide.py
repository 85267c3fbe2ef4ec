"""What two recordings are to one another, from what they have in common and how long they are."""

from enum import StrEnum
from typing import Final

from nearfield.errors import InvalidInput
from nearfield.sound.matching.combine import Match
from nearfield.sound.matching.thresholds import SAME, says_review, says_same

MIX_SECONDS: Final = 20 * 60.0
"""What is longer counts as a mix: it may hold other recordings, but is none of them."""

_MOST: Final = 0.75
"""Share of the longer recording that must match for the two to be the same."""

_EXCERPT: Final = 0.80
"""Share of the shorter recording that must match for it to be a part of the other."""


_HALF: Final = 0.5
"""Share of one recording that must match for a person to be asked whether they are the same."""


class Relation(StrEnum):
    """What one recording is to another."""

    SAME = "same"
    """The same recording, or nearly all of it."""
    EXCERPT = "excerpt"
    """The shorter is a part of the longer."""
    MIX = "mix"
    """They share something, but one is a mix, so long that it may hold many recordings."""
    PARTIAL = "partial"
    """They share a part, and each has much that the other has not. For a person to look at."""
    REVIEW = "review"
    """Perhaps they share something. For a person to look at."""
    DIFFERENT = "different"
    """Nothing says that they share anything."""


def relation(
    match: Match | None, seconds_a: float, seconds_b: float, threshold: float | None = None
) -> Relation:
    """Return what recordings a and b are to one another.

    Parameters
    ----------
    match : Match or None
        What `compare` found.
    seconds_a, seconds_b : float
        How long they are.
    threshold : float, optional
        Similarity from which on they are the same, in ]0, 1[; what must be reached so that it is no
        chance, and for a person to look, goes with it. `thresholds.SAME` where not given.

    Raises
    ------
    InvalidInput
        If the threshold is not between 0 and 1.
    """
    same = SAME if threshold is None else threshold
    if not 0 < same < 1:
        raise InvalidInput(
            f"The threshold is {same}, but a similarity is wanted: more than 0 and less than 1. "
            f"Leave it out for {SAME}."
        )
    if match is None or not says_review(match, same):
        return Relation.DIFFERENT
    if not says_same(match, same):
        half = max(match.share_a, match.share_b) >= _HALF
        return Relation.REVIEW if half else Relation.DIFFERENT
    return _by_share(match, seconds_a, seconds_b)


def _by_share(match: Match, seconds_a: float, seconds_b: float) -> Relation:
    longer, shorter = match.share_a, match.share_b
    if seconds_b > seconds_a:
        longer, shorter = shorter, longer
    if longer >= _MOST:
        return Relation.SAME
    if max(seconds_a, seconds_b) > MIX_SECONDS:
        return Relation.MIX
    return Relation.EXCERPT if shorter >= _EXCERPT else Relation.PARTIAL
