"""When two songs are versions of one another: thresholds, chosen on songs kept out of tests."""

from typing import Final, Literal

from nearfield.sound.versions.qmax import VersionMatch

__all__ = ["REVIEW_SONG", "SAME_SONG", "Verdict", "decide"]

SAME_SONG: Final = 0.40
"""Similarity from which on two songs are taken for one: 0.05 above the likest two different songs
of 110,000 pairs of training and validation songs, leaving out two pairs that share whole parts."""

REVIEW_SONG: Final = 0.30
"""Similarity from which on somebody should listen."""

Verdict = Literal["same", "review", "different"]


def decide(match: VersionMatch) -> Verdict:
    """Tell whether a song is the other, may be, or is not."""
    if match.similarity >= SAME_SONG:
        return "same"
    return "review" if match.similarity >= REVIEW_SONG else "different"
