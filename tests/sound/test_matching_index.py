import json
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nearfield.sound.matching.index import FingerprintIndex, Words, digest
from nearfield.sound.matching.index_layout import (
    EDGE,
    STRIDE,
    TABLES,
    key_bits,
    key_places,
)
from nearfield.sound.matching.index_manifest import MANIFEST
from nearfield.sound.matching.index_search import scattered
from nearfield.sound.matching.index_segment import Kept, write
from nearfield.sound.matching.index_sort import key_of

FRAMES = 600

DIGEST = 2821693476514209883
"""Of five small words; kept in indexes, so it must not change."""


def made_words(seed: int, frames: int = FRAMES) -> Words:
    """Make words of which an eighth of the bits change from frame to frame."""
    rng = np.random.default_rng(seed)
    turned = rng.random((frames, 64)) < 0.125
    turned[0] = rng.random(64) < 0.5
    return packed(np.cumsum(turned, axis=0) % 2)


def packed(bits: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> Words:
    rows = np.packbits(bits.astype(np.uint8), axis=1, bitorder="little")
    return rows.view("<u8")[:, 0].astype(np.uint64)


def noisy(words: Words, share: float, seed: int = 99) -> Words:
    rng = np.random.default_rng(seed)
    return words ^ packed((rng.random((len(words), 64)) < share).astype(np.int64))


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> FingerprintIndex:
    """Songs 1 to 60; nobody changes it."""
    folder = tmp_path_factory.mktemp("index")
    FingerprintIndex.open(folder).update((key, made_words(key)) for key in range(1, 61))
    return FingerprintIndex.open(folder)


def test_a_noisy_copy_is_found_where_it_lies(filled: FingerprintIndex) -> None:
    found = filled.search(noisy(made_words(7), 0.25))
    assert found.keys[0] == 7
    assert found.offsets[0] == pytest.approx(0, abs=1)
    assert found.paces[0] == pytest.approx(1, abs=0.003)
    assert found.shifts[0] == 0


def test_a_clip_is_found_with_its_offset(filled: FingerprintIndex) -> None:
    found = filled.search(noisy(made_words(33)[301:421], 0.1))
    assert found.keys[0] == 33
    assert found.offsets[0] == pytest.approx(301, abs=1.5)


@pytest.mark.parametrize("shift", [-3, -2, -1, 1, 2, 3])
def test_a_copy_in_another_pitch_is_found_and_the_shift_told(
    filled: FingerprintIndex, shift: int
) -> None:
    words = made_words(12)
    lower = words >> np.uint64(shift) if shift > 0 else words << np.uint64(-shift)
    found = filled.search(noisy(lower, 0.1))
    assert found.keys[0] == 12
    assert found.shifts[0] == shift


@pytest.mark.parametrize("pace", [0.96, 0.97, 1.03, 1.04])
def test_a_faster_or_slower_copy_is_found_and_its_pace_told(
    filled: FingerprintIndex, pace: float
) -> None:
    heard = np.arange(20, FRAMES - 1, pace).round().astype(int)
    found = filled.search(noisy(made_words(50)[heard], 0.1))
    assert found.keys[0] == 50
    assert found.paces[0] == pytest.approx(pace, abs=0.004)
    assert found.offsets[0] == pytest.approx(20, abs=2)


def test_a_song_inside_a_long_mix_is_found(filled: FingerprintIndex) -> None:
    mix = np.concatenate([made_words(1000, 20_000), made_words(5), made_words(1001, 20_000)])
    found = filled.search(mix)
    assert found.keys[0] == 5
    assert found.offsets[0] + 20_300 * found.paces[0] == pytest.approx(300, abs=1.5)


def test_what_is_not_there_is_not_found_though_very_noisy_copies_are(
    filled: FingerprintIndex,
) -> None:
    for seed in range(2000, 2010):
        assert len(filled.search(made_words(seed))) == 0
    assert filled.search(noisy(made_words(3), 0.3)).keys.tolist() == [3]


def test_the_song_that_asks_can_be_left_out(filled: FingerprintIndex) -> None:
    assert 9 in filled.search(made_words(9)).keys
    assert 9 not in filled.search(made_words(9), without=9).keys


def test_no_more_songs_come_than_wanted_each_with_its_ways_together(
    filled: FingerprintIndex,
) -> None:
    mix = np.concatenate([noisy(made_words(key), 0.1) for key in (4, 8, 15, 16)])
    found = filled.search(mix, most=3)
    runs = found.keys[np.flatnonzero(np.diff(found.keys, prepend=-1))]
    assert len(runs) == len(set(runs.tolist())) == 3
    assert (np.diff(found.scores[np.flatnonzero(np.diff(found.keys, prepend=-1))]) <= 0).all()


@pytest.mark.parametrize("words", [np.zeros(0, np.uint64), np.zeros(500, np.uint64)])
def test_silence_is_like_nothing(filled: FingerprintIndex, words: Words) -> None:
    assert len(filled.search(words)) == 0


def test_silent_songs_can_be_held_but_never_answer(tmp_path: Path) -> None:
    index = FingerprintIndex.open(tmp_path)
    index.update([(1, np.zeros(500, np.uint64)), (2, np.zeros(0, np.uint64)), (3, made_words(3))])
    assert index.held()[0].tolist() == [1, 2, 3]
    assert set(index.search(made_words(3)).keys.tolist()) == {3}


def test_an_empty_index_finds_nothing_and_makes_no_folder(tmp_path: Path) -> None:
    index = FingerprintIndex.open(tmp_path / "none")
    assert len(index.search(made_words(1))) == 0
    assert index.held()[0].tolist() == []
    assert not index.damage
    assert not (tmp_path / "none").exists()


def test_songs_added_one_by_one_are_found_as_if_added_at_once(tmp_path: Path) -> None:
    index = FingerprintIndex.open(tmp_path)
    for key in range(1, 31):
        index.update([(key, made_words(key, 200))])
    assert len(list(tmp_path.glob("*.segment"))) == 1
    again = FingerprintIndex.open(tmp_path)
    for key in range(1, 31):
        assert again.search(made_words(key, 200)).keys[0] == key


def test_what_is_held_is_told_with_its_digests(tmp_path: Path) -> None:
    index = FingerprintIndex.open(tmp_path)
    index.update([(20, made_words(20)), (10, made_words(10))])
    keys, digests = FingerprintIndex.open(tmp_path).held()
    assert keys.tolist() == [10, 20]
    assert digests.tolist() == [digest(made_words(10)), digest(made_words(20))]


def test_a_digest_stays_the_same_for_ever_and_tells_words_apart() -> None:
    words = np.arange(5, dtype=np.uint64)
    assert digest(words) == DIGEST
    assert digest(words[:4]) != digest(words)
    assert digest(words[::-1]) != digest(words)


def test_a_replaced_song_answers_by_its_new_words_only(tmp_path: Path) -> None:
    index = FingerprintIndex.open(tmp_path)
    index.update((key, made_words(key)) for key in range(1, 11))
    index.update([(4, made_words(104))])
    for opened in (index, FingerprintIndex.open(tmp_path)):
        assert len(opened) == 10
        assert opened.search(made_words(104)).keys[0] == 4
        assert len(opened.search(made_words(4))) == 0


def test_of_a_key_that_comes_twice_the_last_words_stay(tmp_path: Path) -> None:
    index = FingerprintIndex.open(tmp_path)
    index.update([(1, made_words(1)), (2, made_words(2)), (1, made_words(3))])
    keys, digests = index.held()
    assert keys.tolist() == [1, 2]
    assert digests[0] == digest(made_words(3))
    assert len(index.search(made_words(1))) == 0


def test_a_removed_song_does_not_answer_also_after_compacting(tmp_path: Path) -> None:
    index = FingerprintIndex.open(tmp_path)
    index.update((key, made_words(key)) for key in range(1, 11))
    index.update([], remove=np.array([4, 77]))
    assert 4 not in FingerprintIndex.open(tmp_path).search(made_words(4)).keys
    index.compact()
    again = FingerprintIndex.open(tmp_path)
    assert again.held()[0].tolist() == [1, 2, 3, 5, 6, 7, 8, 9, 10]
    assert again.search(made_words(5)).keys[0] == 5


def test_removing_everything_leaves_an_empty_index(tmp_path: Path) -> None:
    index = FingerprintIndex.open(tmp_path)
    index.update([(1, made_words(1)), (2, made_words(2))])
    index.update([], remove=np.array([1, 2]))
    assert len(index) == len(FingerprintIndex.open(tmp_path)) == 0
    assert not list(tmp_path.glob("*.segment"))


def test_an_update_that_fails_half_way_changes_nothing(tmp_path: Path) -> None:
    index = FingerprintIndex.open(tmp_path)
    index.update([(1, made_words(1))])

    def broken() -> Iterator[tuple[int, Words]]:
        yield 1, made_words(101)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        index.update(broken())
    for opened in (index, FingerprintIndex.open(tmp_path)):
        assert opened.search(made_words(1)).keys[0] == 1
    assert len(list(tmp_path.iterdir())) == 2


class Killed(BaseException):
    pass


@pytest.mark.parametrize("at", range(12))
def test_a_kill_at_any_write_leaves_the_old_index_or_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    index = FingerprintIndex.open(tmp_path)
    index.update((key, made_words(key, 200)) for key in (1, 2, 3))
    left = [at]

    def killing(function: Callable[..., object]) -> Callable[..., object]:
        def call(*given: object, **named: object) -> object:
            left[0] -= 1
            if left[0] < 0:
                raise Killed
            return function(*given, **named)

        return call

    with monkeypatch.context() as patch:
        for owner, name in ((os, "fsync"), (Path, "replace"), (Path, "unlink"), (os, "open")):
            patch.setattr(owner, name, killing(getattr(owner, name)))
        with suppress(Killed):
            index.update([(2, made_words(102, 200)), (4, made_words(4, 200))], np.array([3]))
    again = FingerprintIndex.open(tmp_path)
    keys, digests = again.held()
    old = [(key, digest(made_words(key, 200))) for key in (1, 2, 3)]
    new = [(key, digest(made_words(seed, 200))) for key, seed in ((1, 1), (2, 102), (4, 4))]
    assert list(zip(keys.tolist(), digests.tolist(), strict=True)) in (old, new)
    assert not again.damage
    again.update([(5, made_words(5, 200))])
    assert len(list(tmp_path.iterdir())) == 2  # nothing of the killed one is left


def damaged_manifest(folder: Path) -> None:
    (folder / MANIFEST).write_text('{"version": 1, "segm')


def other_version(folder: Path) -> None:
    told = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps(told | {"version": 999}))


def edited_manifest(folder: Path) -> None:
    text = (folder / MANIFEST).read_text()
    (folder / MANIFEST).write_text(text.replace('"gone": []', '"gone": [1]'))


def missing_segment(folder: Path) -> None:
    next(folder.glob("*.segment")).unlink()


def short_segment(folder: Path) -> None:
    path = next(folder.glob("*.segment"))
    path.write_bytes(path.read_bytes()[:-1])


def turned_key(folder: Path) -> None:
    path = next(folder.glob("*.segment"))
    content = bytearray(path.read_bytes())
    content[8 * -(-FRAMES // STRIDE) * 3] ^= 1  # just after the words of three songs
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (damaged_manifest, r"manifest\.json is no list of segments"),
        (other_version, "of version 999, but this is version"),
        (edited_manifest, r"manifest\.json is damaged"),
        (missing_segment, "cannot be read"),
        (short_segment, r"is damaged: it has \d+ bytes instead of \d+"),
        (turned_key, "its table of songs has another checksum"),
    ],
)
def test_a_damaged_index_opens_empty_says_so_and_can_be_filled_again(
    tmp_path: Path, damage: Callable[[Path], None], told: str
) -> None:
    FingerprintIndex.open(tmp_path).update((key, made_words(key)) for key in (1, 2, 3))
    damage(tmp_path)
    index = FingerprintIndex.open(tmp_path)
    assert len(index) == 0
    with pytest.raises(AssertionError, match=told):
        raise AssertionError(index.damage)
    index.update([(1, made_words(1))])
    again = FingerprintIndex.open(tmp_path)
    assert again.held()[0].tolist() == [1]
    assert not again.damage
    assert len(list(tmp_path.iterdir())) == 2


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_a_search_survives_any_damage_to_words_and_entries(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    FingerprintIndex.open(folder).update((key, made_words(key, 90)) for key in (1, 2, 3))
    path = next(folder.glob("*.segment"))
    content = np.frombuffer(path.read_bytes(), dtype=np.uint8).copy()
    table = 8 * 3 * 30, 8 * 3 * 30 + 8 * 3 * 4
    rng = np.random.default_rng(seed)
    for low, high in ((0, table[0]), (table[1], len(content))):
        places = rng.integers(low, high, 200)
        content[places] = rng.integers(0, 256, 200, dtype=np.uint8)
    path.write_bytes(content.tobytes())
    found = FingerprintIndex.open(folder).search(made_words(2, 90))
    assert set(found.keys.tolist()) <= {1, 2, 3}


@given(word=st.integers(0, 2**64 - 1), table=st.integers(0, TABLES - 1))
@settings(deadline=None)
def test_a_key_is_the_bits_at_its_places_the_first_highest(word: int, table: int) -> None:
    places = key_places()[table]
    expected = int("".join(str(word >> int(place) & 1) for place in places[:9]), 2)
    assert key_of(np.uint64(word), places[:9]) == expected


def test_keys_are_made_of_different_places_that_no_shift_leaves_unknown() -> None:
    for places in key_places():
        assert len(set(places.tolist())) == len(places)
        assert places.min() >= EDGE
        assert places.max() < 64 - EDGE


@given(
    lengths=st.lists(st.integers(0, 60), min_size=1, max_size=12),
    silent=st.floats(0, 1),
    seed=st.integers(0, 1000),
)
@settings(max_examples=40, deadline=None)
def test_a_segment_holds_each_sounding_frame_once_under_its_key(
    tmp_path_factory: pytest.TempPathFactory, lengths: list[int], silent: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    songs = []
    for key, length in enumerate(lengths):
        words = made_words(seed + key, max(length, 1))[:length]
        words[rng.random(length) < silent] = 0
        songs.append(Kept(key, -key, words))
    segment = write(tmp_path_factory.mktemp("segment") / "a.segment", songs)
    assert segment is not None
    whole = np.concatenate([song.words for song in songs])
    bits = key_bits(int(np.count_nonzero(whole)))
    for table, places in enumerate(key_places()):
        offsets, entries = segment.offsets[table], segment.entries[table]
        tail = segment.sizes.tail
        numbers = entries & np.uint32((1 << (32 - tail)) - 1)
        assert sorted(numbers.tolist()) == np.flatnonzero(whole).tolist()
        for entry, number in zip(entries.tolist(), numbers.tolist(), strict=True):
            assert entry >> (32 - tail) == key_of(whole[number], places[bits : bits + tail])
        for key in range(1 << bits):
            for number in numbers[offsets[key] : offsets[key + 1]]:
                assert key_of(whole[number], places[:bits]) == key
    kept = list(segment.songs(np.arange(len(songs))))
    assert [(song.key, song.digest, song.words.tolist()) for song in kept] == [
        (song.key, song.digest, song.words.tolist()) for song in songs
    ]


@given(count=st.integers(0, 3000))
def test_scattered_frames_are_all_frames_and_each_part_of_them_is_spread(count: int) -> None:
    order = scattered(count)
    assert sorted(order.tolist()) == list(range(count))
    if count >= 100:
        gaps = np.diff(np.sort(np.concatenate([[0], order[: count // 10], [count]])))
        assert gaps.max() <= 60
