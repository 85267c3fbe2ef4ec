"""Fingerprints equal those of Chromaprint's own program, and stay the same under what codecs do."""

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nearfield.sound.decode import read_blocks
from nearfield.sound.fingerprint import (
    FINGERPRINT_RATE,
    Fingerprint,
    FingerprintStream,
    fingerprint,
    to_text,
)
from nearfield.sound.waveform import RATE, Waveform
from sound.made_sounds import noise, song, tone, write_sound


@pytest.fixture(scope="module")
def fpcalc() -> str:
    """Chromaprint's program, from Debian's package libchromaprint-tools."""
    found = shutil.which("fpcalc")
    if found is None:
        assert not os.environ.get("CI"), "no fpcalc: install Debian's libchromaprint-tools"
        pytest.skip("no fpcalc: install Debian's libchromaprint-tools")
    return found


def told(fpcalc: str, path: Path, *options: str) -> str:
    # 1.5.1 with FFmpeg 5 takes the end of some files for an error
    command = [fpcalc, "-length", "0", "-plain", "-ignore-errors", *options, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def told_values(fpcalc: str, path: Path) -> Fingerprint:
    return np.array(told(fpcalc, path, "-raw").split(","), dtype=np.uint32)


def streamed(path: Path, seconds: float = 20.0) -> Fingerprint:
    stream = FingerprintStream()
    for block in read_blocks(path, RATE, seconds):
        stream.feed(block)
    return stream.finish()


def differing(some: Fingerprint, other: Fingerprint) -> float:
    """Return the share of bits that differ in two fingerprints of nearly one length."""
    assert abs(len(some) - len(other)) <= 1
    count = min(len(some), len(other))
    return float(np.unpackbits((some[:count] ^ other[:count]).view(np.uint8)).mean())


SOUNDS = {
    "song": song(20, 44_100, seed=1),
    "another song": song(20, 44_100, seed=2, level=0.05),
    "noise": noise(12, 44_100),
    "a drone": tone(196, 12, 44_100),
    "music with pauses": np.concatenate(
        [song(6, 44_100), np.zeros(6 * 44_100, np.float32), song(6, 44_100, seed=3)]
    ),
}


@pytest.mark.parametrize("name", SOUNDS)
def test_it_is_what_fpcalc_says_of_the_same_samples(tmp_path: Path, fpcalc: str, name: str) -> None:
    quarter = SOUNDS[name][: len(SOUNDS[name]) // 4 * 4].reshape(-1, 4).mean(axis=1)
    path = write_sound(tmp_path / "a.wav", quarter, FINGERPRINT_RATE)
    found = fingerprint(np.concatenate(list(read_blocks(path, FINGERPRINT_RATE))))
    expected = told_values(fpcalc, path)
    assert len(found) == len(expected)
    assert differing(found, expected) < 2e-4
    assert to_text(expected) == told(fpcalc, path)


@pytest.mark.parametrize("ending", ["wav", "flac", "mp3", "ogg", "m4a"])
def test_it_is_what_fpcalc_says_of_a_file(tmp_path: Path, fpcalc: str, ending: str) -> None:
    for name in ("song", "music with pauses"):
        sound = SOUNDS[name]
        stereo = np.stack([sound, 0.5 * sound], axis=1)
        path = write_sound(tmp_path / f"a.{ending}", stereo, 44_100)
        assert differing(streamed(path), told_values(fpcalc, path)) < 0.015


def test_the_length_of_blocks_does_not_matter(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.flac", song(12, 44_100), 44_100)
    whole = streamed(path, 100)
    for seconds in (0.01, 0.3, 5.0):
        np.testing.assert_array_equal(streamed(path, seconds), whole)


def test_codecs_and_level_change_few_bits(tmp_path: Path) -> None:
    sound = song(15, 44_100, seed=5)
    original = streamed(write_sound(tmp_path / "a.flac", sound, 44_100))
    for ending in ("mp3", "ogg", "m4a", "wma"):
        copy = streamed(write_sound(tmp_path / f"a.{ending}", 0.4 * sound, 44_100, 96_000))
        count = min(len(copy), len(original))
        assert differing(copy[:count], original[:count]) < 0.15
    other = streamed(write_sound(tmp_path / "b.flac", song(15, 44_100, seed=6), 44_100))
    assert differing(other, original) > 0.3


@pytest.mark.parametrize(("seconds", "count"), [(0, 0), (2.7, 0), (2.73, 1), (10, 59)])
def test_there_are_eight_values_a_second_after_the_first_frames(seconds: float, count: int) -> None:
    found = fingerprint(noise(seconds, FINGERPRINT_RATE))
    assert found.dtype == np.uint32
    assert len(found) == count


def test_silence_has_one_value(fpcalc: str, tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.wav", np.zeros(88_200, np.float32), FINGERPRINT_RATE)
    found = fingerprint(np.zeros(88_200, np.float32))
    np.testing.assert_array_equal(found, told_values(fpcalc, path))
    assert len(set(found.tolist())) == 1


@given(st.lists(st.integers(0, 30_000), min_size=1, max_size=8), st.integers(0, 1 << 31))
def test_any_cut_into_blocks_gives_the_same(lengths: list[int], seed: int) -> None:
    sound: Waveform = noise(sum(lengths) / FINGERPRINT_RATE, FINGERPRINT_RATE, seed=seed)
    stream = FingerprintStream()
    for block in np.split(sound, np.cumsum(lengths)[:-1]):
        stream._feed(block)
    np.testing.assert_array_equal(stream._all(), fingerprint(sound))
