"""The vector by which versions are looked for, and the verdict on what was found."""

import numpy as np
import pytest

from nearfield.sound.versions.decide import REVIEW_SONG, SAME_SONG, decide
from nearfield.sound.versions.frames import unit_frames
from nearfield.sound.versions.harmony import Harmony
from nearfield.sound.versions.qmax import VersionMatch
from nearfield.sound.versions.vector import PACES, VERSION_DIM, at_pace, version_vectors
from nearfield.types import Vectors
from sound.test_versions_qmax import drone, made, slower


@pytest.fixture(scope="module")
def stored() -> Vectors:
    return np.stack([version_vectors(made(100, seed))[0] for seed in range(30)])


def test_vectors_have_unit_length_and_one_row_for_each_pace() -> None:
    vectors = version_vectors(made(60))
    assert vectors.shape == (len(PACES), VERSION_DIM)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("semitones", range(1, 12))
def test_another_key_has_the_same_vectors(semitones: int) -> None:
    song = made(45)
    moved = version_vectors(np.roll(song, semitones, axis=1))
    assert np.abs(moved - version_vectors(song)).max() < 1e-4


@pytest.mark.parametrize("speed", [0.87, 0.95, 1.06, 1.15])
def test_another_pace_is_found_among_other_songs(speed: float, stored: Vectors) -> None:
    asked = version_vectors(slower(made(100, 7), speed))
    assert (asked @ stored.T).max(axis=0).argmax() == 7


def test_a_part_is_found_among_other_songs(stored: Vectors) -> None:
    asked = version_vectors(made(100, 3)[60:160])
    assert (asked @ stored.T).max(axis=0).argmax() == 3


@pytest.mark.parametrize(
    "still",
    [
        np.zeros((0, 12), dtype=np.uint8),
        np.zeros((400, 12), dtype=np.uint8),
        drone(60),
        made(4),
        made(7_200),
    ],
    ids=["nothing", "silence", "a drone", "four seconds", "two hours"],
)
def test_what_cannot_be_told_has_no_vector(still: Harmony) -> None:
    assert version_vectors(still).shape == (0, VERSION_DIM)


@pytest.mark.parametrize("frames", [20, 21, 22, 23])
def test_the_shortest_songs_have_vectors(frames: int) -> None:
    assert np.isfinite(version_vectors(made(30)[:frames])).all()


def test_frames_at_another_pace_are_fewer_or_more() -> None:
    frames = unit_frames(made(50))
    assert len(at_pace(frames, 1.25)) == 80
    assert np.allclose(at_pace(frames, 1.0), frames)
    assert np.allclose(at_pace(frames, 0.5)[::2], frames)


def test_a_verdict_goes_by_similarity() -> None:
    marks = [0.0, REVIEW_SONG - 1e-6, REVIEW_SONG, SAME_SONG - 1e-6, SAME_SONG, 0.9]
    verdicts = [decide(VersionMatch(mark)) for mark in marks]
    assert verdicts == ["different", "different", "review", "review", "same", "same"]
