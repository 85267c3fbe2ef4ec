"""Every figure of song vectors equals its definition written as plain loops."""

import itertools
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from nearfield.errors import InvalidInput
from nearfield.evaluate.sound import (
    baseline_statistics,
    half_song_hit,
    halves,
    label_knn,
    same_label_at_k,
    segment_hit,
    standardize,
)


def vectors(seed: int, rows: int, dim: int = 4) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(size=(rows, dim)).astype(np.float32)


def cosine(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


@given(seed=st.integers(0, 99), songs=st.integers(1, 12), k=st.integers(1, 4))
def test_halves_find_each_other_as_loops_say(seed: int, songs: int, k: int) -> None:
    first, second = vectors(seed, songs), vectors(seed + 100, songs)
    found = []
    for here, there in ((first, second), (second, first)):
        for song in range(songs):
            right = cosine(here[song], there[song])
            nearer = sum(cosine(here[song], other) > right for other in there)
            found.append(nearer < k)
    assert half_song_hit(first, second, k) == pytest.approx(np.mean(found))


def test_the_same_halves_are_found_and_a_constant_is_not() -> None:
    some = vectors(1, 20)
    assert half_song_hit(some, 3 * some) == 1
    constant = np.ones((20, 4), dtype=np.float32)
    assert half_song_hit(constant, constant) == 0
    with pytest.raises(InvalidInput, match=r"\(20, 4\) and \(19, 4\)"):
        half_song_hit(some, some[:19])


def test_halves_are_the_means_of_both_ends() -> None:
    song = np.eye(4, dtype=np.float32)[[0, 1, 2, 3, 3]]
    first, second = halves([song])
    assert first.tolist() == [[0.5, 0.5, 0, 0]]
    assert second.tolist() == [[0, 0, 0, 1]]
    with pytest.raises(InvalidInput, match="song 1 has 1 windows"):
        halves([song, song[:1]])


@given(seed=st.integers(0, 99), counts=st.lists(st.integers(1, 5), min_size=2, max_size=5))
def test_segments_find_their_song_as_loops_say(seed: int, counts: list[int]) -> None:
    songs = [vectors(seed + number, count) for number, count in enumerate(counts)]
    places = [(song, place) for song, count in enumerate(counts) for place in range(count)]
    found = []
    for song, place in places:
        others = [
            (cosine(songs[song][place], songs[other][there]), other == song)
            for other, there in places
            if other != song or abs(there - place) > 1
        ]
        found.append(max(others)[1])
    assert segment_hit(songs) == pytest.approx(np.mean(found))


@given(seed=st.integers(0, 99), k=st.integers(1, 6))
def test_neighbours_carry_the_label_as_loops_say(seed: int, k: int) -> None:
    songs = vectors(seed, 9)
    labels = [["", "a", "b", "c"][n] for n in np.random.default_rng(seed).integers(0, 4, 9)]
    shares = []
    for song, label in enumerate(labels):
        if label and labels.count(label) > 1:
            others = [other for other in range(9) if other != song]
            others.sort(key=lambda other: -cosine(songs[song], songs[other]))
            shares.append(np.mean([labels[other] == label for other in others[:k]]))
    found = same_label_at_k(songs, labels, k)
    assert found == pytest.approx(np.mean(shares)) if shares else np.isnan(found)


@given(seed=st.integers(0, 99), k=st.integers(1, 4))
def test_neighbours_vote_as_loops_say(seed: int, k: int) -> None:
    songs = np.abs(vectors(seed, 9))
    labels = [["", "a", "b", "c"][n] for n in np.random.default_rng(seed).integers(0, 4, 9)]
    known = [song for song in range(9) if labels[song]]
    right = []
    for song in known:
        others = [other for other in known if other != song]
        others.sort(key=lambda other: -cosine(songs[song], songs[other]))
        votes: dict[str, float] = defaultdict(float)
        for other in others[:k]:
            votes[labels[other]] += cosine(songs[song], songs[other])
        right.append(max(sorted(votes), key=lambda name: votes[name]) == labels[song])
    found = label_knn(songs, labels, k)
    assert found == pytest.approx(np.mean(right)) if len(known) > 1 else np.isnan(found)


def test_nobody_to_ask_gives_no_figure() -> None:
    assert np.isnan(same_label_at_k(vectors(0, 3), ["a", "b", ""]))
    assert np.isnan(label_knn(vectors(0, 3), ["a", "", ""]))
    with pytest.raises(InvalidInput, match="3 vectors but 2 labels"):
        same_label_at_k(vectors(0, 3), ["a", "b"])
    with pytest.raises(InvalidInput, match="3 vectors but 1 labels"):
        label_knn(vectors(0, 3), ["a"])


def test_the_baseline_is_mean_and_deviation() -> None:
    windows = np.random.default_rng(0).normal(size=(2, 30, 25)).astype(np.float32)
    found = baseline_statistics(windows)
    assert found.shape == (2, 40)
    for song, number in itertools.product(range(2), range(20)):
        column = windows[song, :, number]
        assert found[song, number] == pytest.approx(column.mean(), abs=1e-5)
        assert found[song, 20 + number] == pytest.approx(column.std(), abs=1e-5)


def test_standardized_numbers_vary_alike() -> None:
    found = standardize(vectors(3, 50) * 7 + 2)
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(found.std(axis=0), 1, atol=1e-4)
    sample = vectors(4, 50)
    np.testing.assert_allclose(standardize(sample[:3], sample), standardize(sample)[:3], atol=1e-6)
