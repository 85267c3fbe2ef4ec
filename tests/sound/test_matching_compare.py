"""Two fingerprints are compared where they lie over one another, at any pitch, pace and place."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nearfield.sound.band_fingerprint import FRAMES_A_SECOND, BandFingerprint
from nearfield.sound.fingerprint_code import Fingerprint
from nearfield.sound.matching.compare import Match, Ways, combined, compare, compare_many
from sound.made_prints import made_print, monotonous, noisy

SILENCE = np.zeros(400, dtype=np.uint64)


def found(a: BandFingerprint, b: BandFingerprint) -> Match:
    match = compare(a, b)
    assert match is not None
    return match


def test_a_noisy_copy_is_as_similar_as_its_noise_allows() -> None:
    song = made_print(900, 1)
    match = found(song, noisy(song, 0.2))
    assert match.similarity == pytest.approx(0.6, abs=0.02)
    assert match.offset == pytest.approx(0, abs=0.01)
    assert (match.speed, match.share_a, match.share_b) == (1, 1, 1)
    assert match.overlap == pytest.approx(900 / FRAMES_A_SECOND + 1.6, abs=0.1)
    assert match.semitones == pytest.approx(0, abs=0.05)


def test_different_songs_have_nothing_in_common() -> None:
    assert all(compare(made_print(900, 1), made_print(900, seed)) is None for seed in range(2, 30))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 500), st.integers(70, 400), st.integers(0, 99))
def test_a_clip_is_found_where_it_was_cut(first: int, length: int, seed: int) -> None:
    song = made_print(900, seed)
    clip = noisy(song[first : first + length], 0.1, seed)
    match = found(song, clip)
    assert match.offset == pytest.approx(first / FRAMES_A_SECOND, abs=0.05)
    assert match.share_b > 0.9
    assert match.share_a == pytest.approx(length / 900, abs=0.03)
    other_way = found(clip, song)
    assert other_way.offset == pytest.approx(-match.offset, abs=0.05)
    assert other_way.share_a == pytest.approx(match.share_b, abs=0.05)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from([0.96, 0.97, 0.99, 1.01, 1.03, 1.04]), st.integers(-2, 2), st.integers(0, 9))
def test_pitch_and_speed_are_told(speed: float, places: int, seed: int) -> None:
    song, other = made_print(900, seed), made_print(900, seed, speed, places)
    match = found(song, other)
    assert match.speed == pytest.approx(speed, abs=0.001)
    assert match.semitones == pytest.approx(places / 2, abs=0.15)
    assert match.share_b > 0.95
    assert match.similarity > 0.6
    back = found(other, song)
    assert back.speed == pytest.approx(1 / speed, abs=0.001)
    assert back.semitones == pytest.approx(-places / 2, abs=0.15)


def test_the_end_of_what_is_the_same_is_found() -> None:
    song = made_print(1200, 1)
    other = np.concatenate([song[:700], made_print(500, 2)])
    match = found(song, noisy(other, 0.1))
    assert match.overlap == pytest.approx(700 / FRAMES_A_SECOND, abs=4)
    assert match.share_a == pytest.approx(7 / 12, abs=0.03)


def test_a_part_cut_out_leaves_two_stretches_in_one_match() -> None:
    song = made_print(1600, 1)
    edit = np.concatenate([song[:500], song[900:]])
    match = found(song, noisy(edit, 0.1))
    assert match.share_b > 0.95
    assert match.share_a == pytest.approx(0.75, abs=0.03)
    assert match.overlap == pytest.approx(1200 / FRAMES_A_SECOND, abs=6)


@pytest.mark.parametrize("other", [SILENCE, monotonous(900, 1), made_print(900, 3)])
def test_silence_and_drones_have_nothing_in_common_with_anything(other: BandFingerprint) -> None:
    padded = np.concatenate([made_print(300, 1), SILENCE])
    for song in (SILENCE, monotonous(900, 2), padded):
        assert compare(song, other) is None
        assert compare(other, song) is None
    assert compare(np.concatenate([made_print(300, 2), SILENCE]), padded) is None


def test_silence_around_a_song_does_not_lessen_what_is_shared() -> None:
    song = made_print(600, 1)
    padded = np.concatenate([SILENCE, song, SILENCE])
    match = found(padded, song)
    assert match.share_a > 0.97
    assert match.offset == pytest.approx(400 / FRAMES_A_SECOND, abs=0.02)


def test_a_loop_is_no_more_evidence_than_one_turn() -> None:
    loop = np.tile(made_print(40, 1), 20)
    once = found(made_print(800, 2), noisy(made_print(800, 2), 0.1))
    assert found(loop, noisy(loop, 0.1)).evidence < 0.8 * once.evidence  # the noise is new
    assert found(loop, loop).evidence < 0.1 * once.evidence
    assert found(loop, loop).overlap == pytest.approx(once.overlap)


def test_the_better_of_two_fingerprints_counts_where_the_bands_say_they_lie() -> None:
    song = made_print(800, 1)
    clip = noisy(song[200:600], 0.3)
    other, another = _halves(made_print(800, 5)), _halves(made_print(800, 6))
    alone = found(song, clip)
    assert alone.similarity == pytest.approx(0.4, abs=0.05)
    both = compare(song, clip, chromaprints=(other, other[200:600]))
    assert both is not None
    assert both.similarity == pytest.approx(1)
    assert (both.offset, both.share_a) == (alone.offset, alone.share_a)
    assert compare(song, clip, chromaprints=(other, another)) == alone
    constant = np.full(800, 7, dtype=np.uint32)
    assert compare(song, clip, chromaprints=(constant, constant)) == alone
    assert compare(song, clip, chromaprints=(other[:5], other[:0])) == alone


def _halves(words: BandFingerprint) -> Fingerprint:
    """Return half of the bits, as Chromaprint has no more."""
    return (words & np.uint64(0xFFFF_FFFF)).astype(np.uint32)


def test_words_too_few_give_no_match() -> None:
    song = made_print(900, 1)
    for length in (0, 1, 12, 23):
        assert compare(song, song[:length]) is None
        assert compare(song[:length], song[:length]) is None


def test_many_songs_are_compared_at_once_as_one_by_one() -> None:
    songs = [made_print(400 + 50 * seed, seed) for seed in range(6)]
    query = noisy(songs[3][120:380], 0.15)
    words = np.concatenate(songs)
    bounds = np.cumsum([0, *map(len, songs)])
    ways = Ways(
        songs=np.array([0, 3, 5, 3]),
        starts=np.array([10.0, 122.0, -40.0, 120.0]),
        shifts=np.array([0, 0, 1, 0]),
        paces=np.ones(4),
    )
    stretches = compare_many(query, words, bounds, ways)
    assert stretches["song"].tolist() == [3]  # the way beside it leads to the same stretch
    match = combined(songs[3], query, stretches)
    assert match is not None
    assert match.offset == pytest.approx(120 / FRAMES_A_SECOND, abs=0.02)
    alone = Ways(np.zeros(1, np.int64), ways.starts[1:2], ways.shifts[1:2], ways.paces[1:2])
    assert match == compare(songs[3], query, alone)
