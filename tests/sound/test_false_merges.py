"""Different recordings must not be put together: quiet, sparse and droning music is the test."""

from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest
import soxr

from nearfield.sound.band_fingerprint import FRAMES_A_SECOND, BandFingerprint, band_fingerprint
from nearfield.sound.fingerprint import fingerprint
from nearfield.sound.fingerprint_code import Fingerprint
from nearfield.sound.matching.chroma_words import chroma_words, compare_chroma
from nearfield.sound.matching.compare import compare
from nearfield.sound.matching.decide import Relation, relation
from nearfield.sound.matching.thresholds import says_same
from nearfield.sound.spectrum import FINGERPRINT_RATE
from sound.made_prints import made_print
from sound.made_sounds import Sound, noise, song, tone

TOGETHER = {Relation.SAME, Relation.EXCERPT}
RATE = 22_050

Heard = tuple[BandFingerprint, Fingerprint]
Kind = Callable[[int], Sound]


def heard(sound: Sound) -> Heard:
    slow = soxr.resample(sound, RATE, FINGERPRINT_RATE).astype(np.float32)
    return band_fingerprint(slow), fingerprint(slow)


def between(one: Heard, other: Heard) -> Relation:
    """Return what two are by the bands or, where these are not sure, by Chromaprint alone."""
    match = compare(one[0], other[0], chromaprints=(one[1], other[1]))
    if match is None or not says_same(match):
        alone = compare_chroma(chroma_words(*one[::-1]), chroma_words(*other[::-1]))
        match = alone if alone is not None and says_same(alone) else match
    return relation(match, len(one[0]) / FRAMES_A_SECOND, len(other[0]) / FRAMES_A_SECOND)


def piano(seed: int, seconds: float = 40.0) -> Sound:
    """Return single quiet notes of one scale, each dying away, with long rests between them."""
    random = np.random.default_rng(seed)
    sound = noise(seconds, level=0.0003, seed=seed)
    start = 0.0
    while start < seconds - 4:
        pitch = 261.6 * 2 ** (random.choice([0, 2, 4, 7, 9, 12]) / 12)
        note = np.sum([tone(pitch * n, 3.5, level=0.03 / n**2) for n in range(1, 5)], axis=0)
        note *= np.exp(-np.linspace(0, 6, len(note), dtype=np.float32))
        first = round(start * RATE)
        sound[first : first + len(note)] += note
        start += random.choice([0.75, 1.5, 3.0])
    return sound


def played(seed: int, overtones: tuple[float, ...], seconds: float = 40.0) -> Sound:
    """Return two voices drawn from `seed`, on an instrument that has such overtones."""
    random = np.random.default_rng(seed)
    sound = noise(seconds, level=0.0003, seed=seed + len(overtones))
    length = round(0.5 * RATE)
    fading = np.exp(-np.linspace(0, 3, length, dtype=np.float32))
    for start in range(0, len(sound) - length, length):
        for low in (130.8, 261.6):
            pitch = low * 2 ** (random.choice([0, 2, 4, 5, 7, 9, 11, 12]) / 12)
            for number, level in enumerate(overtones, 1):
                sound[start : start + length] += tone(pitch * number, 0.5, level=level) * fading
    return sound


def drone(seed: int, seconds: float = 40.0) -> Sound:
    """Return a chord that stands still, but for its beating and faint noise."""
    random = np.random.default_rng(seed)
    root = 110 * 2 ** (random.integers(0, 12) / 12)
    sound = noise(seconds, level=0.001, seed=seed)
    for ratio in (1, 1.5, 2, 3):
        for detuned in (1, 1 + random.uniform(0.0005, 0.002)):
            sound += tone(root * ratio * detuned, seconds, level=0.05 / ratio)
    return sound


@pytest.mark.parametrize("kind", [piano, drone])
def test_quiet_pieces_of_one_kind_are_never_put_together(kind: Kind) -> None:
    pieces = [heard(kind(seed)) for seed in range(8)]
    told = [between(one, other) for one, other in combinations(pieces, 2)]
    assert not TOGETHER & set(told)


@pytest.mark.parametrize("kind", [piano, lambda seed: song(40, seed=seed)], ids=["piano", "song"])
def test_the_same_piece_is(kind: Kind) -> None:
    sound = kind(3)
    copy = 0.3 * sound[round(1.37 * RATE) :] + noise(60, level=0.00005)[: len(sound) - 30_209]
    assert between(heard(sound), heard(copy)) is Relation.SAME


def test_the_same_notes_on_other_instruments_are_another_recording() -> None:
    organ, reed = (0.1, 0.02, 0.05, 0.01), (0.01, 0.0, 0.08, 0.0, 0.06, 0.0, 0.04)
    for seed in range(4):
        one, other = heard(played(seed, organ)), heard(played(seed, reed))
        assert between(one, other) not in TOGETHER
        assert between(one, heard(played(seed, organ) * 0.5)) is Relation.SAME


def test_silence_puts_nothing_together_and_nothing_apart() -> None:
    silence = np.zeros(40 * RATE, dtype=np.float32)
    one, other = song(25, seed=1), song(25, seed=2)
    padded = [np.concatenate([part, silence]) for part in (one, other)]
    assert between(heard(padded[0]), heard(padded[1])) not in TOGETHER
    assert between(heard(silence), heard(padded[0])) is Relation.DIFFERENT
    assert between(heard(padded[0]), heard(np.concatenate([silence, one]))) is Relation.SAME


def test_a_mix_of_two_hours_is_none_of_its_songs() -> None:
    songs = [made_print(1600, seed) for seed in range(40)]
    mix = np.concatenate([part[:1500] for part in songs])
    seconds = len(mix) / FRAMES_A_SECOND
    assert seconds > 7200
    for number in (0, 17, 39):
        match = compare(mix, songs[number])
        assert match is not None
        assert relation(match, seconds, 1600 / FRAMES_A_SECOND) is Relation.MIX
    stranger = compare(mix, made_print(1600, seed=77))
    assert relation(stranger, seconds, 1600 / FRAMES_A_SECOND) is Relation.DIFFERENT
