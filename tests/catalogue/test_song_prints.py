"""The prints of songs: kept with the song, forgotten with what they stood for."""

from dataclasses import replace

import numpy as np
import pytest

from nearfield.catalogue.catalogue import Catalogue
from nearfield.catalogue.pair_facts import DUPLICATE, VERSION, SongPair, SongPrint
from nearfield.catalogue.sound_facts import GONE, Song, SongVectors, SoundFile
from nearfield.catalogue.store import Catalogues
from nearfield.errors import InvalidInput, NotFound


def made_print(seed: int, name: str = "rhythm-1", **changes: object) -> SongPrint:
    vector = np.random.default_rng(seed).normal(size=5).astype(np.float32)
    made = SongPrint(b"bands %d" % seed, seed - 2**62, b"harmony %d" % seed, vector, name)
    return replace(made, **changes)  # type: ignore[arg-type]


def song(given: SongPrint | None) -> Song:
    unit = np.eye(4, dtype=np.float32)
    vectors = SongVectors("v1", unit[0], unit[1:], np.arange(3, dtype=np.float32))
    return Song("A", None, (), 60.0, "flac", 44_100, 2, 900_000, True, b"c", vectors, print=given)


def file(name: str, **changes: object) -> SoundFile:
    return replace(SoundFile(f"/music/{name}", 1, 5, name[0] * 64), **changes)  # type: ignore[arg-type]


@pytest.fixture
def songs(store: Catalogues) -> Catalogue:
    return store.create("songs")


def add(songs: Catalogue, seeds: range) -> list[int]:
    return [songs.sounds.put(file(chr(97 + n)), song(made_print(n))) for n in seeds]


def pair_all(songs: Catalogue, keys: list[int]) -> None:
    """Write a pair of each kind of the first two songs; all were compared."""
    pair = SongPair(keys[0], keys[1], "same", 0.9)
    for kind in (DUPLICATE, VERSION):
        songs.pairs.replace_for(kind, "m1", {keys[0]: [pair]} | {key: [] for key in keys[2:]})
        songs.prints.set_checked(kind, "m1", np.array(keys))


def test_a_print_comes_back_as_it_was_put(songs: Catalogue) -> None:
    keys = add(songs, range(3))
    wanted = np.array(keys[::-1])
    assert list(songs.prints.bands(wanted)) == [(k, b"bands %d" % n) for n, k in enumerate(keys)]
    assert list(songs.prints.harmonies(wanted[:1])) == [(keys[2], b"harmony 2")]
    found, digests = songs.prints.digests()
    assert found.tolist() == keys
    assert digests.tolist() == [seed - 2**62 for seed in range(3)]
    found, vectors = songs.prints.version_vectors("rhythm-1", wanted)
    assert found.tolist() == keys
    assert np.array_equal(vectors, np.stack([made_print(seed).vector for seed in range(3)]))


def test_vectors_of_another_name_or_of_none_stay_out(songs: Catalogue) -> None:
    (key,) = add(songs, range(1))
    songs.prints.put(key, made_print(0, vector=np.empty(0, dtype=np.float32)))
    other = songs.sounds.put(file("b"), song(made_print(1, "rhythm-2")))
    keys, vectors = songs.prints.version_vectors("rhythm-1", np.array([key, other]))
    assert (keys.shape, vectors.shape) == ((0,), (0, 0))


def test_songs_without_a_print_are_missing_it(songs: Catalogue) -> None:
    bare = songs.sounds.put(file("x"), song(None))
    (key,) = add(songs, range(1))
    assert songs.prints.missing().tolist() == [bare]
    songs.prints.put(bare, made_print(7))
    assert songs.prints.missing().tolist() == []
    assert songs.prints.digests()[0].tolist() == [bare, key]


def test_a_song_analysed_anew_without_a_print_loses_the_old_one(songs: Catalogue) -> None:
    keys = add(songs, range(2))
    pair_all(songs, keys)
    songs.sounds.put(file("a", item=keys[0]), song(None))
    assert songs.prints.missing().tolist() == keys[:1]
    assert songs.pairs.all(DUPLICATE) == songs.pairs.all(VERSION) == []


def test_songs_are_unchecked_until_that_method_checked_them(songs: Catalogue) -> None:
    keys = add(songs, range(3))
    assert songs.prints.unchecked(DUPLICATE, "m1").tolist() == keys
    songs.prints.set_checked(DUPLICATE, "m1", np.array(keys[:2]))
    assert songs.prints.unchecked(DUPLICATE, "m1").tolist() == keys[2:]
    assert songs.prints.unchecked(DUPLICATE, "m2").tolist() == keys
    assert songs.prints.unchecked(VERSION, "m1").tolist() == keys


@pytest.mark.parametrize(
    ("changes", "forgotten"),
    [
        ({}, []),
        ({"bands": b"other"}, [DUPLICATE]),
        ({"harmony": b"other"}, [VERSION]),
        ({"vector_name": "rhythm-2"}, [VERSION]),
        ({"vector": np.ones(5, dtype=np.float32)}, [VERSION]),
    ],
)
def test_a_changed_print_forgets_what_was_decided_by_it(
    songs: Catalogue, changes: dict[str, object], forgotten: list[int]
) -> None:
    keys = add(songs, range(3))
    pair_all(songs, keys)
    songs.sounds.put(file("b", item=keys[1]), song(made_print(1, **changes)))  # type: ignore[arg-type]
    for kind in (DUPLICATE, VERSION):
        gone = kind in forgotten
        assert songs.pairs.all(kind) == ([] if gone else [SongPair(keys[0], keys[1], "same", 0.9)])
        assert songs.prints.unchecked(kind, "m1").tolist() == ([keys[1]] if gone else [])


def test_a_song_whose_last_file_is_gone_leaves_pairs_and_groups(songs: Catalogue) -> None:
    keys = add(songs, range(3))
    pair_all(songs, keys)
    songs.pairs.set_groups(DUPLICATE, {keys[0]: keys[0], keys[1]: keys[0]})
    songs.pairs.decide(keys[0], keys[1], "recording")
    songs.sounds.keep([file("copy", item=keys[0])])
    before = songs.pairs.revision()
    songs.sounds.keep([file("a", item=keys[0], state=GONE)])
    assert len(songs.pairs.all(DUPLICATE)) == 1  # the copy is there
    assert songs.pairs.revision() == before
    songs.sounds.keep([file("copy", item=keys[0], state=GONE)])
    assert songs.pairs.all(DUPLICATE) == songs.pairs.all(VERSION) == []
    assert songs.pairs.groups(DUPLICATE)[0].tolist() == keys[1:2]
    assert songs.pairs.revision() > before
    assert songs.prints.digests()[0].tolist() == keys[1:]
    assert songs.prints.unchecked(DUPLICATE, "m1").tolist() == []
    songs.sounds.keep([file("a", item=keys[0])])  # and back: others may have come meanwhile
    assert songs.prints.unchecked(DUPLICATE, "m1").tolist() == keys[:1]
    assert songs.prints.unchecked(VERSION, "m1").tolist() == keys[:1]
    assert len(songs.pairs.verdicts()) == 1  # a person's word stays


def test_a_path_that_becomes_another_song_leaves_the_first_one_gone(songs: Catalogue) -> None:
    keys = add(songs, range(2))
    pair_all(songs, keys)
    songs.sounds.keep([file("a", item=keys[1], content="b" * 64)])
    assert songs.pairs.all(DUPLICATE) == []
    assert songs.prints.digests()[0].tolist() == keys[1:]


def test_catalogues_keep_their_prints_apart(store: Catalogues, songs: Catalogue) -> None:
    add(songs, range(1))
    other = store.create("others")
    (key,) = add(other, range(1))
    store.remove("songs")
    assert other.prints.digests()[0].tolist() == [key]
    assert store.create("songs").prints.digests()[0].tolist() == []


def test_what_cannot_be_kept_is_refused(songs: Catalogue) -> None:
    with pytest.raises(InvalidInput, match=r"of 'A' take 16,777,216 bytes.*16,777,215.*Cut"):
        songs.sounds.put(file("a"), song(made_print(1, bands=b"1" * 2**24)))
    with pytest.raises(InvalidInput, match=r"digest of 'A' is 9223372036854775808.*Subtract"):
        songs.sounds.put(file("a"), song(made_print(1, digest=2**63)))
    with pytest.raises(NotFound, match=r"no song has the key 77\. Put the song first"):
        songs.prints.put(77, made_print(1))
    assert songs.counts().items == 0
