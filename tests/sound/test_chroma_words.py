"""Chromaprints as words: what noise leaves of them finds a copy that the bands have lost."""

from pathlib import Path

import numpy as np

from nearfield.sound.band_fingerprint import FRAMES_A_SECOND, BandFingerprint
from nearfield.sound.matching.chroma_words import APART, chroma_match, chroma_words
from nearfield.sound.matching.combine import Match
from nearfield.sound.matching.compare import Ways, compare, compare_many
from nearfield.sound.matching.index import AS_IT_IS, FingerprintIndex
from nearfield.sound.matching.thresholds import says_same
from sound.low_tunes import RATE, drowned, heard, low
from sound.made_sounds import Sound


def bands_and_chroma(sound: Sound) -> tuple[BandFingerprint, BandFingerprint]:
    prints = heard(sound)
    return prints.bands, chroma_words(prints.chromaprint, prints.bands)


def found(index: FingerprintIndex, words: BandFingerprint, song: BandFingerprint) -> Match | None:
    """Return the match with song 1, as an index says that it may lie."""
    named = index.search(words, shifts=AS_IT_IS)
    row = named.keys == 1
    nothing = np.zeros(int(row.sum()), dtype=np.int64)
    ways = Ways(nothing, named.offsets[row], named.shifts[row], named.paces[row])
    return chroma_match(song, words, compare_many(words, song, np.array([0, len(song)]), ways))


def test_a_copy_that_the_bands_lose_in_noise_is_found_where_it_lies(tmp_path: Path) -> None:
    songs = [bands_and_chroma(low(seed)) for seed in range(1, 13)]
    index = FingerprintIndex.open(tmp_path)
    index.update((key, chroma) for key, (_, chroma) in enumerate(songs, 1))
    bands, chroma = bands_and_chroma(drowned(low(1)[5 * RATE :]))
    by_bands = compare(songs[0][0], bands)
    assert by_bands is None or not says_same(by_bands)
    match = found(index, chroma, songs[0][1])
    assert match is not None
    assert says_same(match)
    assert abs(match.offset - 5) < 0.1
    assert (match.speed, match.semitones) == (1.0, 0.0)
    assert match.share_b > 0.95


def test_other_songs_are_not_called_the_same(tmp_path: Path) -> None:
    index = FingerprintIndex.open(tmp_path)
    song = bands_and_chroma(low(1))[1]
    index.update([(1, song)])
    for seed in range(2, 10):
        match = found(index, bands_and_chroma(drowned(low(seed)))[1], song)
        assert match is None or not says_same(match)


def test_silence_is_no_word_and_short_sounds_have_none() -> None:
    quiet = np.concatenate([low(1, 8), np.zeros(8 * RATE, dtype=np.float32)])
    words = bands_and_chroma(quiet)[1]
    assert np.all(words[: round(4 * FRAMES_A_SECOND)] != 0)
    assert np.all(words[round(9 * FRAMES_A_SECOND) :] == 0)
    one = np.ones(APART, dtype=np.uint64)
    assert len(chroma_words(one.astype(np.uint32), one)) == 0
