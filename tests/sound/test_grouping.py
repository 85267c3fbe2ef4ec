"""Groups of songs that are the same."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nearfield.sound.matching.alignment import Alignment
from nearfield.sound.matching.group_facts import DUPLICATES, REASONS, VERSIONS, Grouping, Rules
from nearfield.sound.matching.grouping import group


@dataclass(frozen=True)
class Compared:
    low: int
    high: int
    relation: str = "same"
    similarity: float = 0.8
    offset: float = 0.0
    overlap: float = 200.0
    speed: float = 1.0
    semitones: float = 0.0
    share_low: float = 0.9
    share_high: float = 0.9


@dataclass(frozen=True)
class Said:
    low: int
    high: int
    verdict: str
    time: int = 0


@dataclass(frozen=True)
class File:
    lossless: bool = False
    bitrate: int = 128_000
    duration: float = 200.0
    codec: str = "mp3"


def excerpt(part: int, whole: int, similarity: float = 0.8, at: float = 0.0) -> Compared:
    """Return the pair of a song and a part of it that begins `at` seconds."""
    if part < whole:
        return Compared(part, whole, "excerpt", similarity, -at, 30, share_low=1, share_high=0.15)
    return Compared(whole, part, "excerpt", similarity, at, 30, share_low=0.15, share_high=1)


def grouped(
    pairs: Sequence[Compared],
    said: Sequence[Said] = (),
    files: dict[int, File] | None = None,
    rules: Rules = DUPLICATES,
    copies: dict[int, int] | None = None,
) -> Grouping:
    names = [(one.low, one.high) for one in pairs] + [(one.low, one.high) for one in said]
    keys = {key for two in names for key in two} | (copies or {}).keys()
    quality = {key: File() for key in keys} | (files or {})
    return group(pairs, said, quality, rules, copies or {})


def sets(found: Grouping) -> list[list[int]]:
    return [[one.canonical, *(member.key for member in one.members)] for one in found.groups]


def why(found: Grouping) -> list[tuple[int, int, str]]:
    return [(one.low, one.high, one.reason) for one in found.reviews]


def test_copies_of_copies_are_one_group() -> None:
    found = grouped([Compared(1, 2), Compared(2, 3), Compared(4, 5)])
    assert sets(found) == [[1, 2, 3], [4, 5]]
    assert found.canonicals() == {1: 1, 2: 1, 3: 1, 4: 4, 5: 4}
    assert found.reviews == ()


def test_a_chain_does_not_drift() -> None:
    chain = [Compared(1, 2, similarity=0.9), Compared(2, 3), Compared(3, 4, similarity=0.7)]
    found = grouped(chain)
    assert sets(found) == [[1, 2, 3]]
    assert why(found) == [(3, 4, "chain")]
    assert sets(grouped([*chain, Compared(2, 4, similarity=0.6)])) == [[1, 2, 3, 4]]


def test_a_song_between_two_groups_goes_to_the_more_similar() -> None:
    left = [Compared(1, 2, similarity=0.9), Compared(2, 5, similarity=0.7)]
    right = [Compared(3, 4, similarity=0.9), Compared(4, 5, similarity=0.8)]
    found = grouped([*left, *right])
    assert sets(found) == [[1, 2], [3, 4, 5]]
    assert why(found) == [(2, 5, "chain")]


def test_a_group_that_grew_is_tried_again() -> None:
    """5 is too far from 1; then 0 comes, which is better than 1 and alike to 3."""
    chain = [Compared(1, 2, similarity=0.9), Compared(2, 3), Compared(3, 5, similarity=0.7)]
    better = [Compared(0, other, similarity=0.6) for other in (1, 2, 3)]
    assert sets(grouped([*chain, *better])) == [[0, 1, 2, 3, 5]]


@pytest.mark.parametrize("relation", ["partial", "mix", "review"])
def test_what_is_not_sure_is_shown_and_not_joined(relation: str) -> None:
    found = grouped([Compared(1, 2, relation)])
    assert sets(found) == []
    assert why(found) == [(1, 2, relation)]
    assert found.reviews[0].pair == Compared(1, 2, relation)
    assert grouped([Compared(1, 2, relation), Compared(1, 3), Compared(2, 3)]).reviews == ()
    assert grouped([Compared(1, 2, relation)], [Said(1, 2, "different")]).reviews == ()


def test_a_clip_is_with_the_song_it_fits_best_and_brings_none_together() -> None:
    """Song 1 with its copy 2, remaster 3, and a clip of all."""
    pairs = [Compared(1, 2), excerpt(9, 1, 0.7), excerpt(9, 2, 0.8), excerpt(9, 3, 0.75)]
    found = grouped(pairs, files={9: File(duration=30), 4: File()})
    assert sets(found) == [[1, 2, 9]]
    assert why(found) == [(3, 9, "bridge")]


def test_copies_of_a_clip_go_with_the_song() -> None:
    pairs = [Compared(8, 9), excerpt(8, 1), excerpt(7, 8, 0.9), excerpt(7, 1, 0.5)]
    clips = {7: File(duration=10), 8: File(duration=30), 9: File(duration=30)}
    assert sets(grouped(pairs, files=clips)) == [[1, 7, 8, 9]]
    clips[9] = File(lossless=True, duration=30)  # it was not compared with the song
    assert sets(grouped(pairs, files=clips)) == [[1, 7, 8, 9]]


def test_the_longest_clip_comes_first() -> None:
    """Each is a clip of the next, and was compared with that alone."""
    pairs = [excerpt(6, 7), excerpt(7, 8), excerpt(8, 1)]
    clips = {6: File(duration=5), 7: File(duration=10), 8: File(duration=30)}
    found = grouped(pairs, files=clips)
    assert sets(found) == [[1, 7, 8]]
    assert why(found) == [(6, 7, "chain")]


def test_a_clip_is_never_the_best_when_the_song_is_there() -> None:
    clip = File(lossless=True, duration=30)
    assert sets(grouped([excerpt(1, 2)], files={1: clip})) == [[2, 1]]
    said = [Said(1, 2, "recording")]
    assert sets(grouped([], said, files={1: clip})) == [[2, 1]]
    assert sets(grouped([excerpt(1, 2)], said, files={1: clip})) == [[2, 1]]


def test_the_best_is_lossless_then_rich_then_long_then_first() -> None:
    files = [
        File(lossless=True, bitrate=900_000, codec="flac"),
        File(bitrate=320_000),
        File(bitrate=128_000, codec="opus"),  # better than MP3 of a little more
        File(bitrate=192_000, duration=201),
        File(bitrate=192_000),
        File(bitrate=192_000),
    ]
    for count in range(2, len(files) + 1):
        kept = dict(enumerate(files[-count:], start=len(files) - count))
        pairs = [Compared(low, high) for low, high in itertools.combinations(kept, 2)]
        assert grouped(pairs, files=kept).groups[0].canonical == min(kept)


def medley(second_at: float = 100) -> tuple[list[Compared], dict[int, File]]:
    """Return a file of 200 seconds, 9, that holds songs 1 and 2 of 100 seconds."""
    pairs = [
        replace(excerpt(1, 9, at=0), overlap=100, share_high=0.5),
        replace(excerpt(2, 9, at=second_at), overlap=100, share_high=0.5),
    ]
    return pairs, {1: File(duration=100), 2: File(duration=100), 9: File(duration=200)}


def test_a_medley_is_in_no_group_of_its_songs() -> None:
    pairs, files = medley()
    found = grouped(pairs, files=files)
    assert sets(found) == []
    assert why(found) == [(1, 9, "mix"), (2, 9, "mix")]
    copies = grouped([*pairs, Compared(9, 10), excerpt(1, 10)], files=files | {10: files[9]})
    assert sets(copies) == [[9, 10]]
    assert (1, 10, "apart") in why(copies)
    short = {1: File(duration=50), 2: File(duration=50), 9: File(duration=200)}
    assert sets(grouped(pairs, files=short)) == [[9, 1, 2]]  # two clips


def test_a_clip_is_with_its_song_and_not_with_the_medley() -> None:
    pairs, files = medley()
    clip = [excerpt(5, 1, 0.7, at=10), excerpt(5, 9, 0.9, at=10)]
    found = grouped([*pairs, *clip], files=files | {5: File(duration=30)})
    assert sets(found) == [[1, 5]]
    assert (5, 9, "mix") in why(found)


def test_a_medley_that_is_mostly_one_song_is_a_medley() -> None:
    pairs = [
        Compared(1, 9, share_low=1, share_high=0.76),
        excerpt(2, 9, at=310),
    ]
    files = {1: File(duration=310), 2: File(duration=90), 9: File(duration=400)}
    assert sets(grouped(pairs, files=files)) == []


def test_songs_over_each_other_or_alike_make_no_medley() -> None:
    pairs, files = medley(second_at=30)
    assert sets(grouped(pairs, files=files)) == [[9, 1, 2]]
    pairs, files = medley()
    assert sets(grouped([*pairs, Compared(1, 2)], files=files)) == [[9, 1, 2]]
    assert sets(grouped(pairs, [Said(1, 2, "recording")], files)) == [[9, 1, 2]]


def test_a_person_joins_what_was_never_found() -> None:
    found = grouped([Compared(2, 3)], [Said(1, 2, "recording")])
    assert sets(found) == [[1, 2, 3]]
    (by_word, over) = found.groups[0].members
    assert (by_word.relation, by_word.via, by_word.alignment) == ("person", 1, None)
    assert (over.relation, over.via, over.alignment) == ("same", 2, None)
    assert grouped([Compared(1, 2, "review")], [Said(1, 2, "recording")]).reviews == ()


def test_a_person_puts_a_song_into_a_medley() -> None:
    pairs, files = medley()
    found = grouped(pairs, [Said(1, 9, "recording")], files)
    assert sets(found) == [[9, 1]]
    assert why(found) == [(2, 9, "mix")]


@pytest.mark.parametrize("verdict", ["different", "song"])
def test_a_person_wins_over_what_was_found(verdict: str) -> None:
    assert sets(grouped([Compared(1, 2)], [Said(1, 2, verdict)])) == []
    pairs = [Compared(1, 2, similarity=0.9), Compared(2, 3)]
    found = grouped(pairs, [Said(1, 3, verdict)])
    assert sets(found) == [[1, 2]]
    assert why(found) == [(2, 3, "apart")]
    assert found.reviews[0].against == (1, 3)


def test_the_newer_of_two_decisions_stands_and_the_other_is_told() -> None:
    words = [Said(1, 2, "recording", 1), Said(2, 3, "recording", 2)]
    newest = grouped([], [*words, Said(1, 3, "different", 3)])
    assert sets(newest) == [[2, 3]]
    assert why(newest) == [(1, 2, "contradiction")]
    assert newest.reviews[0].against == (1, 3)
    oldest = grouped([], [*words, Said(1, 3, "different", 0)])
    assert sets(oldest) == [[1, 2, 3]]
    assert why(oldest) == [(1, 3, "contradiction")]
    assert oldest.reviews[0].against == (1, 2)
    again = grouped([], [Said(1, 2, "recording", 1), Said(1, 2, "different", 2)])
    assert (sets(again), again.reviews) == ([], ())


def test_songs_that_are_gone_take_no_part() -> None:
    pairs, said = [Compared(1, 2), Compared(2, 3)], [Said(1, 4, "recording")]
    found = group(pairs, said, {key: File() for key in (1, 2)})
    assert sets(found) == [[1, 2]]


def test_members_say_where_they_lie_in_the_best() -> None:
    """The best is 2: 1 was compared with it, 3 with 1."""
    pairs = [
        Compared(1, 2, similarity=0.9, offset=5, overlap=100, speed=1.25, semitones=2),
        Compared(1, 3, similarity=0.8, offset=10, overlap=60, speed=1, semitones=-1),
    ]
    found = grouped(pairs, files={2: File(lossless=True)})
    direct, over = found.groups[0].members
    assert (direct.key, direct.via, direct.alignment) == (1, 2, Alignment(0.9, -4, 80, 0.8, -2))
    assert (over.key, over.via, over.alignment) == (3, 1, Alignment(0.8, 4, 48, 0.8, -3))


def test_a_clip_does_not_say_where_one_song_lies_in_another() -> None:
    pairs = [Compared(1, 2, similarity=0.6), Compared(2, 3, similarity=0.6)]
    pairs += [excerpt(9, 1, 0.9), excerpt(9, 3, 0.85)]
    found = grouped(pairs, files={9: File(duration=30)})
    assert [(member.key, member.via) for member in found.groups[0].members] == [
        (2, 1),
        (3, 2),
        (9, 1),
    ]


def test_versions_need_the_best_or_two_thirds_of_the_others() -> None:
    three = [Compared(1, 2), Compared(1, 3), Compared(2, 4)]
    found = grouped(three, rules=VERSIONS)
    assert sets(found) == [[1, 2, 3]]
    assert why(found) == [(2, 4, "chain")]
    assert sets(grouped([*three, Compared(3, 4)], rules=VERSIONS)) == [[1, 2, 3, 4]]
    assert sets(grouped(three, [Said(3, 4, "song")], rules=VERSIONS)) == [[1, 2, 3, 4]]
    assert sets(grouped(three, [Said(1, 2, "different")], rules=VERSIONS)) == [[1, 3], [2, 4]]
    assert sets(grouped([excerpt(1, 2)], rules=VERSIONS)) == []


def test_copies_of_a_recording_are_versions_together() -> None:
    """Recording 1 with its lossless clip 2, and a performance 3 that was compared with 2 only."""
    files = {2: File(lossless=True, duration=30)}
    found = grouped([Compared(2, 3)], files=files, rules=VERSIONS, copies={1: 1, 2: 1})
    assert sets(found) == [[1, 2, 3]]
    copy, other = found.groups[0].members
    assert (copy.relation, copy.via, copy.alignment) == ("recording", 1, None)
    assert (other.relation, other.via, other.alignment) == ("same", 2, None)
    apart = grouped([], [Said(1, 2, "different")], rules=VERSIONS, copies={1: 1, 2: 1})
    assert sets(apart) == []


numbers = st.floats(-200, 200)
alignments = st.builds(
    Alignment, st.floats(0, 1), numbers, st.floats(0, 300), st.floats(0.9, 1.1), numbers
)


@given(alignments)
def test_turning_around_twice_changes_nothing(lies: Alignment) -> None:
    back = lies.inverted().inverted()
    for name in Alignment.__slots__:
        assert getattr(back, name) == pytest.approx(getattr(lies, name), abs=1e-9)


@given(alignments, alignments, numbers)
def test_moments_are_the_same_over_a_third_song(
    first: Alignment, second: Alignment, moment: float
) -> None:
    in_b = second.offset + second.speed * moment
    in_a = first.offset + first.speed * in_b
    both = first.then(second)
    assert both.offset + both.speed * moment == pytest.approx(in_a, abs=1e-9)
    back = first.inverted()
    assert back.offset + back.speed * in_a == pytest.approx(in_b, abs=1e-9)


@st.composite
def libraries(draw: st.DrawFn) -> tuple[list[Compared], list[Said], dict[int, File]]:
    """Draw up to nine songs with any pairs, decisions and files."""
    songs = draw(st.integers(2, 9))
    names = list(itertools.combinations(range(1, songs + 1), 2))
    share, similarity = st.sampled_from([0.2, 0.8, 0.9, 1.0]), st.sampled_from([0.6, 0.7, 0.8, 0.9])
    relation = st.sampled_from(["same", "same", "excerpt", "excerpt", "partial", "mix", "review"])
    at = st.sampled_from([-100.0, 0.0, 100.0])
    pairs = [
        Compared(
            *two, draw(relation), draw(similarity), draw(at), 50, 1, 0, draw(share), draw(share)
        )
        for two in draw(st.lists(st.sampled_from(names), unique=True))
    ]
    verdict = st.sampled_from(["recording", "song", "different"])
    said = [
        Said(*two, draw(verdict), draw(st.integers(0, 3)))
        for two in draw(st.lists(st.sampled_from(names), unique=True, max_size=4))
    ]
    files = {
        key: File(draw(st.booleans()), duration=draw(st.sampled_from([30.0, 90.0, 200.0])))
        for key in range(1, songs + 1)
    }
    return pairs, said, files


rules = st.sampled_from([DUPLICATES, VERSIONS])
Library = tuple[list[Compared], list[Said], dict[int, File]]


@given(libraries(), rules, st.randoms())
def test_groups_do_not_depend_on_the_order(library: Library, rule: Rules, random: Random) -> None:
    pairs, said, files = library
    found = group(pairs, said, files, rule)
    mixed = random.sample(pairs, len(pairs))
    assert group(mixed, random.sample(said, len(said)), files, rule) == found


@given(libraries(), rules)
def test_groups_are_apart_and_each_pair_left_out_is_told(library: Library, rule: Rules) -> None:
    pairs, said, files = library
    found = group(pairs, said, files, rule)
    members = [key for one in sets(found) for key in one]
    assert len(members) == len(set(members))
    assert all(len(one) > 1 for one in sets(found))
    of = {key: key for key in files} | found.canonicals()
    told = {(one.low, one.high) for one in found.reviews}
    decided = {(one.low, one.high) for one in said if one.verdict in rule.joins | rule.parts}
    left = {(one.low, one.high) for one in pairs if of[one.low] != of[one.high]}
    assert left - decided <= told
    assert all(one.reason in REASONS for one in found.reviews)
    assert all(of[one.low] != of[one.high] or one.pair is None for one in found.reviews)


@given(libraries(), rules)
def test_decisions_hold_unless_newer_ones_contradict(library: Library, rule: Rules) -> None:
    pairs, said, files = library
    found = group(pairs, said, files, rule)
    of = {key: key for key in files} | found.canonicals()
    refused = {(one.low, one.high) for one in found.reviews if one.reason == "contradiction"}
    for one in said:
        if (one.low, one.high) not in refused:
            assert not (one.verdict in rule.parts and of[one.low] == of[one.high])
            assert not (one.verdict in rule.joins and of[one.low] != of[one.high])
    newest = max(said, key=lambda one: one.time, default=None)
    if newest is not None and sum(one.time == newest.time for one in said) == 1:
        assert (newest.low, newest.high) not in refused


@given(libraries(), libraries(), rules)
def test_other_songs_change_nothing(first: Library, second: Library, rule: Rules) -> None:
    alone = group(*first, rule)
    pairs = [replace(one, low=one.low + 100, high=one.high + 100) for one in second[0]]
    said = [replace(one, low=one.low + 100, high=one.high + 100) for one in second[1]]
    files = {key + 100: file for key, file in second[2].items()}
    both = group([*pairs, *first[0]], [*first[1], *said], first[2] | files, rule)
    assert tuple(one for one in both.groups if one.canonical < 100) == alone.groups
    assert tuple(one for one in both.reviews if one.low < 100) == alone.reviews


@given(libraries())
def test_every_member_is_near_the_best_one(library: Library) -> None:
    """Without decisions: it was compared with it, or with a song that was."""
    pairs, _, files = library
    found = group(pairs, [], files)
    tied = {(one.low, one.high) for one in pairs if one.relation in ("same", "excerpt")}
    for one in found.groups:
        for member in one.members:
            assert member.alignment is not None
            steps = {(member.key, member.via)}
            if member.via != one.canonical:
                steps.add((member.via, one.canonical))
            assert {(min(step), max(step)) for step in steps} <= tied
