"""Tempo, key, energy and loudness of made sounds are what they were made with."""

import numpy as np
import pytest

from nearfield.sound.traits import (
    QUIETEST,
    Traits,
    TraitsStream,
    energy_of,
    key_of,
    loudness_of,
    note_strengths,
)
from nearfield.sound.waveform import RATE, Waveform
from sound.made_sounds import chord, clicks, noise, song, tone

A_MINOR = [[57, 60, 64], [62, 65, 69], [64, 68, 71], [57, 60, 64]]
C_MAJOR = [[60, 64, 67], [65, 69, 72], [67, 71, 74], [60, 64, 67]]


def traits(sound: Waveform, seconds: float = 20.0) -> Traits:
    stream = TraitsStream()
    size = round(seconds * RATE)
    for start in range(0, len(sound), size):
        stream.feed(sound[start : start + size])
    return stream.finish()


def played(chords: list[list[int]], length: float = 0.5, level: float = 0.3) -> Waveform:
    return np.concatenate([chord(notes, length, level=level) for notes in chords * 8])


@pytest.mark.parametrize("beats", [75, 90, 97.3, 120, 128, 150])
def test_a_metronome_has_its_tempo(beats: float) -> None:
    assert traits(clicks(beats, 30)).tempo == pytest.approx(beats, rel=0.005)


def test_chords_have_a_tempo_whatever_their_level() -> None:
    loud, quiet = traits(played(C_MAJOR)), traits(played(C_MAJOR, level=0.02))
    assert loud.tempo == pytest.approx(120, rel=0.01)
    assert quiet.tempo == pytest.approx(120, rel=0.01)


@pytest.mark.parametrize("sound", [noise(20), tone(330, 20), 0 * noise(20), noise(0.01)])
def test_what_has_no_beat_has_no_tempo(sound: Waveform) -> None:
    assert traits(sound).tempo == 0


@pytest.mark.parametrize(
    ("chords", "steps", "key"),
    [
        (A_MINOR, 0, "A minor"),
        (C_MAJOR, 0, "C major"),
        (A_MINOR, 4, "C# minor"),
        (C_MAJOR, 6, "F# major"),
        (C_MAJOR, -1, "B major"),
    ],
)
def test_a_cadence_has_its_key(chords: list[list[int]], steps: int, key: str) -> None:
    moved = [[note + steps for note in notes] for notes in chords]
    assert traits(played(moved)).key == key


def test_the_tuning_does_not_matter() -> None:
    sound = played(A_MINOR)
    places = np.arange(0, len(sound) - 1, 2 ** (0.4 / 12))  # 40 cents higher
    higher = np.interp(places, np.arange(len(sound)), sound).astype(np.float32)
    assert traits(higher).key == "A minor"


@pytest.mark.parametrize("sound", [noise(20), clicks(120, 20), 0 * noise(20), noise(0.01)])
def test_what_has_no_notes_has_no_key(sound: Waveform) -> None:
    assert traits(sound).key == ""


def test_a_key_is_told_from_its_profile_alone() -> None:
    major = np.array([6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88])
    assert key_of(major) == "C major"
    assert key_of(np.roll(major, 10)) == "A# major"
    assert key_of(np.ones(12)) == ""
    assert key_of(np.zeros(12)) == ""


def test_a_note_is_the_strongest_of_its_chroma() -> None:
    strengths = note_strengths(tone(440, 2))
    assert int(np.argmax(strengths)) == 9  # A
    assert strengths[9] > 5 * np.delete(strengths, 9).max()


def test_loudness_is_in_decibels_of_full_scale() -> None:
    assert traits(tone(440, 10, level=1.0)).loudness == pytest.approx(-3.01, abs=0.02)
    assert traits(tone(440, 10, level=0.1)).loudness == pytest.approx(-23.01, abs=0.02)
    assert traits(noise(10, level=0.1)).loudness == pytest.approx(-20, abs=0.1)


def test_pauses_do_not_lower_the_loudness() -> None:
    pause = np.zeros(20 * RATE, dtype=np.float32)
    sound = np.concatenate([tone(440, 20), pause, tone(440, 20) / 30])
    assert traits(sound).loudness == pytest.approx(traits(tone(440, 20)).loudness, abs=0.1)


def test_silence_is_quietest() -> None:
    assert traits(0 * noise(3)) == Traits(tempo=0, key="", energy=0, loudness=QUIETEST)
    assert TraitsStream().finish() == Traits(tempo=0, key="", energy=0, loudness=QUIETEST)
    assert loudness_of(np.full(5, 9e-8, dtype=np.float32)) == QUIETEST
    assert loudness_of(np.full(5, 4.0, dtype=np.float32)) == 0


def test_a_very_short_sound_has_a_loudness() -> None:
    assert traits(tone(440, 0.1, level=0.1)).loudness == pytest.approx(-23, abs=0.2)


def test_loud_and_busy_music_has_more_energy() -> None:
    slow = traits(played(A_MINOR, 2.0)).energy
    fast = traits(played(A_MINOR, 0.25)).energy
    quiet = traits(played(A_MINOR, 2.0, level=0.02)).energy
    assert 0 < quiet < slow < fast < 1
    assert energy_of(3.0, 50.0) == 1
    assert energy_of(QUIETEST, 0.0) == 0


@pytest.mark.parametrize("seconds", [0.01, 0.7, 3.0])
def test_the_length_of_blocks_hardly_matters(seconds: float) -> None:
    sound = song(12, seed=4)
    whole, cut = traits(sound, 100), traits(sound, seconds)
    assert cut.tempo == pytest.approx(whole.tempo, rel=1e-3)
    assert cut.loudness == pytest.approx(whole.loudness, abs=1e-3)
    assert cut.energy == pytest.approx(whole.energy, abs=1e-3)
    assert cut.key == whole.key
