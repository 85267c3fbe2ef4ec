"""What two recordings are to one another follows from similarity, evidence, shares and lengths."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nearfield.errors import InvalidInput
from nearfield.sound.matching.combine import Match
from nearfield.sound.matching.decide import Relation, relation
from nearfield.sound.matching.thresholds import SAME, level


def match(
    similarity: float = 0.9,
    share_a: float = 1,
    share_b: float = 1,
    evidence: float = 100,
) -> Match:
    return Match(similarity, 0, evidence, 1, 0, share_a, share_b, evidence)


@pytest.mark.parametrize(
    ("share_a", "share_b", "seconds_a", "seconds_b", "expected"),
    [
        (0.9, 0.95, 200, 190, Relation.SAME),
        (0.75, 0.99, 200, 150, Relation.SAME),
        (0.1, 0.95, 200, 20, Relation.EXCERPT),
        (0.95, 0.1, 20, 200, Relation.EXCERPT),
        (0.5, 0.5, 200, 200, Relation.PARTIAL),
        (0.6, 0.79, 200, 160, Relation.PARTIAL),
        (0.05, 0.95, 7200, 200, Relation.MIX),
        (0.01, 0.3, 7200, 200, Relation.MIX),
        (0.95, 0.95, 7200, 7100, Relation.SAME),
    ],
)
def test_the_relation_follows_from_shares_and_lengths(
    share_a: float, share_b: float, seconds_a: float, seconds_b: float, expected: Relation
) -> None:
    found = match(share_a=share_a, share_b=share_b)
    assert relation(found, seconds_a, seconds_b) == expected


def test_nothing_in_common_is_different() -> None:
    assert relation(None, 200, 200) == Relation.DIFFERENT


def test_what_is_just_below_the_same_is_for_a_person() -> None:
    assert relation(match(SAME + 0.01), 200, 200) == Relation.SAME
    assert relation(match(SAME - 0.01), 200, 200) == Relation.REVIEW
    assert relation(match(0.1), 200, 200) == Relation.DIFFERENT


def test_little_evidence_needs_more() -> None:
    assert relation(match(0.7, evidence=12), 200, 200) == Relation.SAME
    assert relation(match(0.7, evidence=3.5), 200, 200) == Relation.REVIEW
    assert relation(match(0.9, evidence=3.5), 200, 200) == Relation.SAME
    assert relation(match(0.5, evidence=3), 200, 200) == Relation.DIFFERENT


def test_a_person_is_not_asked_for_a_small_part_that_is_hardly_alike() -> None:
    assert relation(match(0.45, share_a=0.3, share_b=0.4), 200, 200) == Relation.DIFFERENT
    assert relation(match(0.45, share_a=0.3, share_b=0.6), 200, 200) == Relation.REVIEW


def test_another_threshold_moves_all_limits() -> None:
    assert relation(match(0.7), 200, 200, threshold=0.8) == Relation.REVIEW
    assert relation(match(0.4), 200, 200, threshold=0.3) == Relation.SAME
    assert relation(match(0.2), 200, 200) == Relation.DIFFERENT
    assert relation(match(0.2), 200, 200, threshold=0.3) == Relation.REVIEW


@pytest.mark.parametrize("threshold", [0, -1, 1, 5])
def test_a_threshold_that_is_no_similarity_is_refused(threshold: float) -> None:
    with pytest.raises(InvalidInput, match=rf"{threshold}.*less than 1.*Leave it out"):
        relation(match(), 200, 200, threshold)


@given(st.floats(0.01, 1e4), st.floats(0.01, 1e4))
def test_a_level_never_falls_with_evidence(some: float, other: float) -> None:
    less, more = sorted((some, other))
    assert level(match(evidence=less)) <= level(match(evidence=more)) <= 0.9
