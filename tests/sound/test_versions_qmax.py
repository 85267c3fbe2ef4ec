"""Careful comparison of the harmony of two songs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from nearfield.sound.versions.alignment import STACK, align
from nearfield.sound.versions.harmony import HARMONY_RATE, Harmony
from nearfield.sound.versions.qmax import (
    NO_MATCH,
    compare_versions,
    compare_versions_many,
)


def made(seconds: float, seed: int = 0) -> Harmony:
    """Return chords that change every two seconds, and a melody that does every half second."""
    random = np.random.default_rng(seed)
    frames = round(seconds * HARMONY_RATE)
    levels = random.integers(0, 5, (frames, 12))
    scale = (np.array([0, 2, 4, 5, 7, 9, 11]) + random.integers(12)) % 12
    for start in range(0, frames, 4):
        degree = random.integers(7)
        levels[start : start + 4, scale[(degree + np.array([0, 2, 4])) % 7]] = 11
    levels[np.arange(frames), scale[random.integers(7, size=frames)]] = 15
    return levels.astype(np.uint8)


def slower(harmony: Harmony, speed: float) -> Harmony:
    places = np.arange(int((len(harmony) - 1) * speed)) / speed
    played: Harmony = harmony[np.rint(places).astype(int)]
    return played


def slow_qmax(set_: NDArray[np.bool_]) -> float:
    """Return Qmax as the paper has it, in frames, for a penalty of one half."""
    height, width = set_.shape
    lengths = np.zeros((height + 2, width + 2))
    for i in range(height):
        for j in range(width):
            before = max(lengths[i + 1, j + 1], lengths[i, j + 1], lengths[i + 1, j])
            lengths[i + 2, j + 2] = before + 1 if set_[i, j] else max(0.0, before - 0.5)
    return float(lengths.max())


def plain_and_compiled(a: NDArray[np.float32], b: NDArray[np.float32]) -> tuple[float, float]:
    """Return Qmax of two songs, each of shape (frames, 12), in frames: by plain loops, by ours."""
    stacks = [np.lib.stride_tricks.sliding_window_view(one, (STACK, 12))[:, 0] for one in (a, b)]
    scales = [1 / np.sqrt((stack**2).sum(axis=(1, 2))) for stack in stacks]
    cosine = np.einsum("ikn,jkn,i,j->ij", *stacks, *scales)
    plot = np.floor(np.maximum(cosine, 0) * 255 + 1e-3)
    # like enough, and among the likest 4 % of its row and of its column
    rows = np.sort(plot, axis=1)[:, -max(1, int(0.04 * plot.shape[1]))][:, None]
    columns = np.sort(plot, axis=0)[-max(1, int(0.04 * plot.shape[0]))]
    wanted = slow_qmax((plot >= 64) & (plot >= rows) & (plot >= columns))
    return wanted, align(a, np.ascontiguousarray(b.T), *scales)[0] / 2


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 999), height=st.integers(20, 60), width=st.integers(20, 60))
def test_the_compiled_alignment_equals_plain_loops(seed: int, height: int, width: int) -> None:
    random = np.random.default_rng(seed)
    a = random.standard_normal((height, 12)).astype(np.float32)
    b = random.standard_normal((width, 12)).astype(np.float32)
    b[5:19] = a[3:17]
    wanted, found = plain_and_compiled(a, b)
    assert abs(found - wanted) <= 1  # a rounding may set a place or not
    assert found >= 8


@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 999), height=st.integers(270, 300), repeated=st.integers(5, 40))
def test_where_much_is_alike_it_equals_plain_loops(seed: int, height: int, repeated: int) -> None:
    random = np.random.default_rng(seed)
    phrase = random.standard_normal((repeated, 12))
    a, b = (
        (np.resize(phrase, (frames, 12)) + random.normal(0, 0.3, (frames, 12))).astype(np.float32)
        for frames in (height, 265)
    )
    wanted, found = plain_and_compiled(a, b)
    assert found == pytest.approx(wanted, abs=2)  # a rounding may set a place or not
    assert found > 30


@pytest.mark.parametrize("semitones", [-6, -3, 0, 2, 5])
def test_another_key_is_found_and_told(semitones: int) -> None:
    song = made(120)
    match = compare_versions(song, np.roll(song, semitones, axis=1))
    assert match.similarity > 0.85
    assert match.semitones == semitones
    assert match.speed == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("speed", [0.85, 0.93, 1.1, 1.18])
def test_another_pace_is_found_and_told(speed: float) -> None:
    song = made(150)
    match = compare_versions(slower(song, speed), song)  # b is the faster one
    assert match.similarity > 0.4
    assert match.speed == pytest.approx(speed, abs=0.04)


def test_the_common_part_is_where_it_is() -> None:
    a = np.concatenate([made(30, 1), made(60, 2), made(20, 3)])
    b = np.concatenate([made(10, 4), made(60, 2), made(50, 5)])
    match = compare_versions(a, b)
    found = (match.start_a, match.end_a, match.start_b, match.end_b)
    assert found == pytest.approx((30, 90, 10, 70), abs=9)
    assert match.seconds == pytest.approx(60, abs=12)


def test_turned_round_the_key_and_the_pace_turn() -> None:
    song = made(100)
    other = np.roll(slower(song, 1.1), 4, axis=1)
    there, back = compare_versions(song, other), compare_versions(other, song)
    assert back.similarity == pytest.approx(there.similarity, abs=0.05)
    assert (there.semitones, back.semitones) == (4, -4)
    assert there.speed * back.speed == pytest.approx(1, abs=0.03)


def test_other_songs_are_not_like_it() -> None:
    others = [made(120, seed) for seed in range(1, 20)]
    assert max(one.similarity for one in compare_versions_many(made(120), others)) < 0.25


def test_many_at_once_are_as_one_by_one() -> None:
    others = [made(60, 1), made(40, 2), np.roll(made(50), 1, axis=1)]
    expected = [compare_versions(made(50), other) for other in others]
    assert compare_versions_many(made(50), others) == expected


def drone(seconds: float) -> Harmony:
    random = np.random.default_rng(0)
    levels = np.tile(np.array([15, 2, 2, 2, 2, 2, 2, 10, 2, 2, 2, 2]), (round(seconds * 2), 1))
    return np.clip(levels + random.integers(-1, 2, levels.shape), 0, 15).astype(np.uint8)


def test_two_drones_are_no_versions() -> None:
    assert compare_versions(drone(120), np.roll(drone(90), 2, axis=1)).similarity < 0.2


@pytest.mark.parametrize(
    "still",
    [
        np.zeros((0, 12), dtype=np.uint8),
        np.zeros((400, 12), dtype=np.uint8),
        made(4),
        made(7_200),
    ],
    ids=["nothing", "silence", "four seconds", "two hours"],
)
def test_what_cannot_be_told_matches_nothing(still: Harmony) -> None:
    assert compare_versions(still, still) == NO_MATCH
    assert compare_versions(made(60), still) == NO_MATCH


def test_silence_at_both_ends_matches_nothing() -> None:
    silence = np.zeros((200, 12), dtype=np.uint8)
    a = np.concatenate([silence, made(60, 1), silence])
    b = np.concatenate([silence, made(60, 2), silence])
    assert compare_versions(a, b).similarity < 0.1
