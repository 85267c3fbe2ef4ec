"""The harmony of a sound, and how it is stored."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nearfield.errors import InvalidInput
from nearfield.sound.versions.harmony import (
    HARMONY_RATE,
    Harmony,
    HarmonyStream,
    pack_harmony,
    unpack_harmony,
)
from sound.made_sounds import Sound, chord, noise, song, tone

LEVELS = arrays(np.uint8, st.tuples(st.integers(0, 40), st.just(12)), elements=st.integers(0, 15))


def harmony(sound: Sound, block: int = 100_000) -> Harmony:
    stream = HarmonyStream()
    for start in range(0, len(sound), block):
        stream.feed(sound[start : start + block])
    return stream.finish()


@settings(max_examples=10, deadline=None)
@given(block=st.integers(1_000, 60_000))
def test_blocks_of_any_length_give_the_same_harmony(block: int) -> None:
    sound = song(4.0, seed=1)
    assert np.array_equal(harmony(sound, block), harmony(sound))


def test_there_are_two_frames_a_second() -> None:
    assert pytest.approx(2.0, abs=0.01) == HARMONY_RATE
    assert abs(len(harmony(song(30.0))) - 60) <= 1


@pytest.mark.parametrize("cents", [-45, -30, 0, 20, 45])
def test_a_note_is_the_strongest_however_the_song_is_tuned(cents: int) -> None:
    # A, C sharp, E; A comes first
    notes = [220.0, 277.18, 329.63]
    parts = [tone(one * 2 ** (cents / 1200), 4.0) for one in notes]
    found = harmony(np.concatenate(parts))
    assert [int(found[place].argmax()) for place in (4, 12, 20)] == [0, 4, 7]


def test_another_key_is_another_place_of_the_same_notes() -> None:
    low, high = harmony(chord([57, 61, 64], 5.0)), harmony(chord([60, 64, 67], 5.0))
    assert np.abs(np.roll(low, 3, axis=1).astype(int) - high)[2:-2].max() <= 2


def test_level_makes_no_difference() -> None:
    sound = song(8.0, seed=2)
    assert np.abs(harmony(sound).astype(int) - harmony(sound * 0.1)).max() <= 1


def test_silence_has_no_notes_and_noise_has_all() -> None:
    assert not harmony(np.zeros(22_050 * 3, dtype=np.float32)).any()
    assert not harmony(noise(3.0, level=1e-6)).any()
    heard = harmony(noise(20.0))
    assert heard.mean(axis=0).min() > 0.7 * heard.mean(axis=0).max()


def test_nothing_has_an_empty_harmony() -> None:
    assert HarmonyStream().finish().shape == (0, 12)


@given(levels=LEVELS)
def test_what_is_packed_comes_back(levels: Harmony) -> None:
    packed = pack_harmony(levels)
    assert len(packed) == 12 + 6 * len(levels)
    assert np.array_equal(unpack_harmony(packed), levels)


@given(levels=LEVELS, data=st.data())
def test_a_changed_or_missing_byte_is_told(levels: Harmony, data: st.DataObject) -> None:
    packed = bytearray(pack_harmony(levels))
    place = data.draw(st.integers(0, len(packed) - 1))
    packed[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(InvalidInput, match="Read the song again"):
        unpack_harmony(bytes(packed))
    with pytest.raises(InvalidInput, match="Read the song again"):
        unpack_harmony(bytes(packed[:place]))
