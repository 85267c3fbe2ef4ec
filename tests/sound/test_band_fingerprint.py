"""Band fingerprints stay the same under what copies suffer; pitch moves bits, tempo the pace."""

import contextlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.signal import butter, sosfilt

from nearfield.errors import InvalidInput
from nearfield.sound.band_fingerprint import (
    FRAMES_A_SECOND,
    STEPS_A_SEMITONE,
    BandFingerprint,
    BandFingerprintStream,
    band_fingerprint,
    pack,
    unpack,
)
from nearfield.sound.decode import read_blocks
from nearfield.sound.fingerprint import FingerprintStream, fingerprint
from nearfield.sound.spectrum import FINGERPRINT_RATE, HOP
from nearfield.sound.waveform import RATE, Waveform
from sound.made_sounds import noise, song, tone, write_sound

SONG = song(20, FINGERPRINT_RATE, seed=5)


def differing(some: BandFingerprint, other: BandFingerprint) -> float:
    """Return the share of bits that differ, as far as both go."""
    count = min(len(some), len(other))
    return float(np.bitwise_count(some[:count] ^ other[:count]).mean() / 64)


def played(semitones: float, tempo: float) -> Waveform:
    """Return clear notes, at another pitch or tempo."""
    random = np.random.default_rng(3)
    notes = 440 * 2 ** ((random.integers(-12, 14, (40, 3)) + semitones) / 12)
    parts = []
    for chord in notes:
        part = np.sum([tone(note, 0.4 / tempo, FINGERPRINT_RATE) for note in chord], axis=0)
        parts.append(part * np.exp(-np.linspace(0, 3, len(part))))
    return np.concatenate(parts).astype(np.float32)


def test_level_noise_equalisers_and_bands_change_few_bits() -> None:
    original = band_fingerprint(SONG)
    telephone = butter(2, (300, 3400), "bandpass", fs=FINGERPRINT_RATE, output="sos")
    bass = butter(1, 500, fs=FINGERPRINT_RATE, output="sos")
    for copy in (
        0.1 * SONG,
        SONG + noise(20, FINGERPRINT_RATE, 0.02),
        sosfilt(telephone, SONG).astype(np.float32),
        SONG + 2 * sosfilt(bass, SONG).astype(np.float32),
    ):
        assert differing(band_fingerprint(copy), original) < 0.12
    other = band_fingerprint(song(20, FINGERPRINT_RATE, seed=6))
    assert differing(other, original) > 0.4


def test_frames_that_lie_half_a_step_off_change_few_bits() -> None:
    assert differing(band_fingerprint(SONG[HOP // 2 :]), band_fingerprint(SONG)) < 0.15


def test_a_semitone_moves_the_bits_by_its_steps() -> None:
    original, higher = band_fingerprint(played(0, 1)), band_fingerprint(played(1, 1))
    there = higher >> np.uint64(STEPS_A_SEMITONE)
    shared = np.uint64((1 << (64 - STEPS_A_SEMITONE)) - 1)
    assert differing(there & shared, original & shared) < 0.08
    assert differing(higher, original) > 0.25


def test_another_tempo_is_another_pace() -> None:
    original, faster = band_fingerprint(played(0, 1)), band_fingerprint(played(0, 1.04))
    pace = np.rint(np.arange(len(faster)) * 1.04).astype(int)
    there = original[pace[pace < len(original)]]
    assert differing(faster, there) < 0.13
    assert differing(faster, original) > 0.25


@pytest.mark.parametrize(("seconds", "count"), [(0, 0), (1.7, 0), (1.74, 1), (10, 67)])
def test_there_are_eight_words_a_second_after_the_first_frames(seconds: float, count: int) -> None:
    found = band_fingerprint(noise(seconds, FINGERPRINT_RATE))
    assert found.dtype == np.uint64
    assert len(found) == count


def test_silence_has_the_word_zero_and_nothing_else_has() -> None:
    rests = np.concatenate([SONG, np.zeros(5 * FINGERPRINT_RATE, np.float32), SONG])
    words = band_fingerprint(rests)
    quiet = np.flatnonzero(words == 0) / FRAMES_A_SECOND
    assert 19 < quiet.min() < 20.5
    assert 23 < quiet.max() < 25
    assert not band_fingerprint(noise(9, FINGERPRINT_RATE, 1e-5)).any()
    assert band_fingerprint(tone(440, 9, FINGERPRINT_RATE)).all()
    assert band_fingerprint(0.002 * SONG).all()


def test_one_pass_makes_both_fingerprints(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.flac", song(12, 44_100), 44_100)
    bands, alone = BandFingerprintStream(), FingerprintStream()
    both = FingerprintStream(bands)
    for block in read_blocks(path, RATE, 3.0):
        both.feed(block)
        alone.feed(block)
    np.testing.assert_array_equal(both.finish(), alone.finish())
    words = bands.finish()
    assert len(words) == 83
    whole = band_fingerprint(np.concatenate(list(read_blocks(path, FINGERPRINT_RATE))))
    assert differing(words, whole) < 0.02


@given(st.lists(st.integers(0, 30_000), min_size=1, max_size=8), st.integers(0, 1 << 31))
def test_any_cut_into_blocks_gives_the_same(lengths: list[int], seed: int) -> None:
    sound: Waveform = noise(sum(lengths) / FINGERPRINT_RATE, FINGERPRINT_RATE, seed=seed)
    bands = BandFingerprintStream()
    stream = FingerprintStream(bands)
    for block in np.split(sound, np.cumsum(lengths)[:-1]):
        stream._feed(block)
    found, expected = bands.finish(), band_fingerprint(sound)
    assert len(found) == len(expected)
    # products of matrices round by the number of their rows: a bit in thousands may differ
    assert np.bitwise_count(found ^ expected).sum() <= 1 + len(found) // 10
    np.testing.assert_array_equal(stream._all(), fingerprint(sound))


@given(arrays(np.uint64, st.integers(0, 70)))
def test_packed_words_are_the_same_afterwards(words: BandFingerprint) -> None:
    np.testing.assert_array_equal(unpack(pack(words)), words)


def test_packing_saves_room() -> None:
    words = band_fingerprint(song(60, FINGERPRINT_RATE))
    assert len(pack(words)) < 0.7 * words.nbytes


@given(st.integers(0, 300), st.integers(0, 255), st.integers(0, 300))
def test_damage_is_told_or_does_no_harm(place: int, value: int, length: int) -> None:
    words = np.arange(1, 90, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    whole = pack(words)
    damaged = bytearray(whole)
    damaged[place % len(damaged)] = value
    # a few bits at the end of what is deflated mean nothing
    with contextlib.suppress(InvalidInput):
        np.testing.assert_array_equal(unpack(bytes(damaged)), words)
    with pytest.raises(InvalidInput, match="Listen to the song again"):
        unpack(whole[: length % len(whole)])
