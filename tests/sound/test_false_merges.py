"""Different recordings must not be put together: quiet, sparse and droning music is the test."""

from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest
import soxr

from nearfield.sound.band_fingerprint import FRAMES_A_SECOND, BandFingerprint, band_fingerprint
from nearfield.sound.fingerprint import fingerprint
from nearfield.sound.fingerprint_code import Fingerprint
from nearfield.sound.matching.compare import compare
from nearfield.sound.matching.decide import Relation, relation
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
    match = compare(one[0], other[0], chromaprints=(one[1], other[1]))
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
