"""What a catalogue of songs keeps: files, songs, vectors."""

from dataclasses import replace

import numpy as np
import pytest

from nearfield.catalogue.catalogue import Catalogue
from nearfield.catalogue.condition import Condition
from nearfield.catalogue.sound_facts import FAILED, GONE, Song, SongVectors, SoundFile
from nearfield.catalogue.store import Catalogues
from nearfield.catalogue.where import parse_where
from nearfield.errors import InvalidInput


def vectors(seed: int, version: str = "v1", parts: int = 3) -> SongVectors:
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(parts + 1, 8)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return SongVectors(version, rows[0], rows[1:], np.arange(parts, dtype=np.float32) * 10)


def song(seed: int = 0, **changes: object) -> Song:
    made = Song(
        title="Cantaloupe Island",
        year=1964,
        genres=("Jazz", "Hard bop"),
        duration=330.5,
        codec="flac",
        rate=44_100,
        channels=2,
        bitrate=900_000,
        lossless=True,
        fingerprint=b"\x01\x02",
        vectors=vectors(seed),
        attributes={"artist": "Herbie Hancock", "tempo": "113"},
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def file(name: str, content: str = "a" * 64, **changes: object) -> SoundFile:
    return replace(SoundFile(f"/music/{name}", 100, 5, content), **changes)  # type: ignore[arg-type]


@pytest.fixture
def songs(store: Catalogues) -> Catalogue:
    return store.create("songs")


def test_a_song_is_an_item_with_its_tags(songs: Catalogue) -> None:
    key = songs.sounds.put(file("a.flac"), song())
    (item,) = songs.items(np.array([key]))
    assert (item.id, item.title, item.year) == ("s" + "a" * 11, "Cantaloupe Island", 1964)
    assert item.genres == ("Jazz", "Hard bop")
    assert item.attributes == {
        "path": "/music/a.flac",
        "artist": "Herbie Hancock",
        "tempo": "113",
    }
    wanted: Condition = parse_where("artist = 'Herbie Hancock' and year < 1970")
    assert songs.matching(wanted).tolist() == [key]


def test_the_same_file_again_stays_the_same_song(songs: Catalogue) -> None:
    key = songs.sounds.put(file("a.flac"), song())
    again = songs.sounds.put(file("a.flac", "b" * 64, item=key), song(1, title="New", genres=()))
    assert again == key
    (item,) = songs.items(np.array([key]))
    assert (item.id, item.title, item.genres) == ("s" + "a" * 11, "New", ())
    assert songs.counts().items == 1
    assert songs.sounds.file("/music/a.flac") == file("a.flac", "b" * 64, item=key)


def test_contents_that_begin_alike_get_longer_ids(songs: Catalogue) -> None:
    first = songs.sounds.put(file("a", "a" * 64), song())
    second = songs.sounds.put(file("b", "a" * 12 + "b" * 52), song())
    assert songs.item_ids(np.array([first, second])) == ["s" + "a" * 11, "s" + "a" * 12]


def test_a_moved_song_shows_where_it_is(songs: Catalogue) -> None:
    key = songs.sounds.put(file("a.flac"), song())
    songs.sounds.keep([file("a.flac", item=key, state=GONE), file("deep/b.flac", item=key)])
    assert songs.items(np.array([key]))[0].attributes["path"] == "/music/deep/b.flac"
    assert songs.sounds.present().tolist() == [key]
    assert songs.sounds.with_content("a" * 64) == key
    songs.sounds.keep([file("deep/b.flac", item=key, state=GONE)])
    assert songs.sounds.present().tolist() == []
    assert songs.counts().items == 1  # it may come back


def test_failed_files_keep_their_reason(songs: Catalogue) -> None:
    broken = file("x.mp3", "", state=FAILED, reason="empty", message="x.mp3 holds no bytes.")
    songs.sounds.keep([broken])
    songs.sounds.put(file("a.flac"), song())
    assert songs.sounds.files()["/music/x.mp3"] == broken
    counts = songs.sounds.counts()
    assert (counts.ready, counts.failed, counts.gone, counts.songs) == (1, 1, 0, 1)
    assert counts.hours == pytest.approx(330.5 / 3600)


def test_vectors_come_back_by_version(songs: Catalogue) -> None:
    keys = [songs.sounds.put(file(name, name * 64), song(seed)) for seed, name in enumerate("abc")]
    found, stored = songs.sounds.song_vectors("v1", np.array(keys[::-1]))
    assert found.tolist() == keys
    assert np.array_equal(stored, np.stack([vectors(seed).song for seed in range(3)]))
    songs.sounds.put_vectors([(keys[1], vectors(7, "v2"))])
    songs.sounds.put_vectors([(keys[1], vectors(8, "v2"))])  # replaces
    assert songs.sounds.embedded("v2").tolist() == [keys[1]]
    ((key, parts),) = songs.sounds.parts("v2", np.array(keys))
    assert key == keys[1]
    assert np.allclose(parts.parts, vectors(8).parts, atol=1e-3)
    assert np.allclose(np.linalg.norm(parts.parts, axis=1), 1, atol=1e-6)
    assert parts.starts.tolist() == [0, 10, 20]
    nothing = songs.sounds.song_vectors("v9", np.array(keys))
    assert nothing[0].tolist() == []


def test_what_milvus_holds_is_known(songs: Catalogue) -> None:
    key = songs.sounds.put(file("a"), song())
    keys = np.array([key])
    assert songs.sounds.held_parts("v1", keys) == {key: (False, 3)}
    songs.sounds.set_loaded("v1", {key: 3})
    assert songs.sounds.held_parts("v1", keys) == {key: (True, 3)}
    songs.sounds.put(file("a", item=key), song(vectors=vectors(2, parts=1)))
    assert songs.sounds.held_parts("v1", keys) == {key: (False, 3)}  # two of them are stale
    assert songs.sounds.held_parts("v2", keys) == {}


def test_a_removed_catalogue_takes_its_songs_along(store: Catalogues, songs: Catalogue) -> None:
    songs.sounds.put(file("a.flac"), song())
    other = store.create("others").sounds
    kept = other.put(file("a.flac"), song())
    store.remove("songs")
    assert other.files()["/music/a.flac"].item == kept
    assert store.create("songs").sounds.files() == {}


def test_too_long_a_song_is_refused(songs: Catalogue) -> None:
    with pytest.raises(InvalidInput, match=r"'Cantaloupe Island' lasts 0\.1 hours.*Cut the file"):
        songs.sounds.put(file("a"), song(fingerprint=b"1" * 2**24))
    assert songs.counts().items == 0
