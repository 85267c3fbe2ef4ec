"""Comparing with a library: what the bands lose in noise, Chromaprint finds, and nothing else."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from nearfield.pipelines.compare_songs import Comparer
from nearfield.pipelines.song_prints import Fingerprints, Indexes, Shelf
from nearfield.sound.band_fingerprint import FRAMES_A_SECOND, BandFingerprint
from nearfield.sound.fingerprint_code import Fingerprint
from nearfield.sound.matching.chroma_words import chroma_words
from nearfield.sound.matching.decide import Relation, relation
from nearfield.sound.matching.index import FingerprintIndex
from sound.low_tunes import RATE, drowned, heard, low


class InMemory(Shelf):
    """A shelf of songs that lie in no catalogue; key 1 is the first."""

    def __init__(self, songs: Sequence[Fingerprints]) -> None:
        self._songs = songs

    def of(self, keys: NDArray[np.int64]) -> list[BandFingerprint]:
        return [self._songs[key - 1].bands for key in keys.tolist()]

    def chromaprints(self, keys: NDArray[np.int64]) -> list[Fingerprint]:
        return [self._songs[key - 1].chromaprint for key in keys.tolist()]


@pytest.fixture(scope="module")
def comparer(tmp_path_factory: pytest.TempPathFactory) -> Comparer:
    songs = [heard(low(seed)) for seed in range(1, 13)]
    folder: Path = tmp_path_factory.mktemp("indexes")
    indexes = Indexes(
        FingerprintIndex.open(folder / "bands"), FingerprintIndex.open(folder / "chroma")
    )
    indexes.bands.update((key, one.bands) for key, one in enumerate(songs, 1))
    indexes.chroma.update(
        (key, chroma_words(one.chromaprint, one.bands)) for key, one in enumerate(songs, 1)
    )
    return Comparer(indexes, InMemory(songs))


def together(comparer: Comparer, asked: Fingerprints, without: int | None = None) -> dict[int, str]:
    """Return the songs that are the same as what is asked for, or that hold it."""
    seconds = len(asked.bands) / FRAMES_A_SECOND
    told = {
        one.key: relation(one.match, one.words / FRAMES_A_SECOND, seconds)
        for one in comparer.compare(asked, without=without)
    }
    sure = (Relation.SAME, Relation.EXCERPT)
    return {key: str(how) for key, how in told.items() if how in sure}


def test_a_copy_under_noise_is_found_as_a_whole_and_as_a_clip(comparer: Comparer) -> None:
    assert together(comparer, heard(drowned(low(3)))) == {3: "same"}
    assert together(comparer, heard(drowned(low(5)[10 * RATE : 30 * RATE]))) == {5: "excerpt"}


def test_neither_strangers_nor_the_song_itself_are_found(comparer: Comparer) -> None:
    assert together(comparer, heard(drowned(low(77)))) == {}
    assert together(comparer, heard(low(3)), without=3) == {}


def test_a_sound_too_short_for_chromaprint_finds_nothing(comparer: Comparer) -> None:
    assert comparer.compare(heard(low(3, seconds=2))) == []
