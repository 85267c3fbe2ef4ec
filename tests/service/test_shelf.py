"""Songs by artist and album."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from nearfield.catalogue.song_list import ListedSong
from nearfield.service.subsonic.shelf import Shelf, sorting, wanted_words

PLAIN = ListedSong(
    key=0,
    id="",
    title="",
    artist="",
    album="",
    album_artist="",
    track=None,
    year=None,
    genres=(),
    duration=60.0,
    bitrate=128_000,
    rate=44_100,
    channels=2,
    tempo=0,
    ending=".mp3",
    size=1000,
    modified=1_000_000_000,
)


def shelf(*songs: dict[str, Any]) -> Shelf:
    numbered = enumerate(songs, start=1)
    return Shelf("songs", [replace(PLAIN, key=key, id=f"s{key}", **song) for key, song in numbered])


def names(found: Sequence[Any]) -> list[str]:
    return [one.name for one in found]


def test_a_collection_stands_with_all_who_play_on_it() -> None:
    found = shelf(
        {"title": "One", "artist": "Ann", "album": "Hits", "album_artist": "Various"},
        {"title": "Two", "artist": "Bob", "album": "Hits", "album_artist": "Various"},
        {"title": "Three", "artist": "Bob", "album": "Alone"},
    )
    assert names(found.albums) == ["Alone", "Hits"]
    assert {one.name: names(one.albums) for one in found.artists} == {
        "Ann": ["Hits"],
        "Bob": ["Alone", "Hits"],
        "Various": ["Hits"],
    }
    assert [one.song.title for one in found.artists[1].songs] == ["Two", "Three"]


def test_names_differ_by_more_than_capitals_and_spaces() -> None:
    found = shelf(
        {"title": "One", "artist": "The Band", "album": "First"},
        {"title": "Two", "artist": "the  band", "album": "FIRST"},
        {"title": "Three", "artist": "Thé Band", "album": "First"},
    )
    assert sorted(names(found.artists)) == ["The Band", "Thé Band"]
    assert sorted(len(one.songs) for one in found.albums) == [1, 2]


def test_what_is_not_known_has_a_name_of_its_own() -> None:
    (one,) = shelf({"title": "One"}).songs
    assert (one.artist.name, one.album.name) == ("[unknown artist]", "[unknown album]")


def test_ids_stay_when_songs_come_and_go() -> None:
    songs = [{"title": "One", "artist": "Ann", "album": "A"}, {"title": "Two", "artist": "Bob"}]
    one, both = shelf(songs[0]), shelf(*reversed(songs))
    assert one.albums[0].id in {album.id for album in both.albums}
    assert one.artists[0].id in {artist.id for artist in both.artists}


def test_an_album_is_in_the_order_of_its_tracks() -> None:
    found = shelf(
        {"title": "Last", "album": "A", "year": 2001},
        {"title": "Second", "album": "A", "track": 2, "year": 1999, "genres": ("Jazz",)},
        {"title": "First", "album": "A", "track": 1, "genres": ("Rock", "Jazz")},
        {"title": "Encore", "album": "A"},
    )
    (album,) = found.albums
    assert [one.song.title for one in album.songs] == ["First", "Second", "Encore", "Last"]
    assert album.year == 1999
    assert album.genres == ["Rock", "Jazz"]
    assert album.newest == 4


@pytest.mark.parametrize(
    ("name", "expected"),
    [("The The", "the"), ("Le Tigre", "tigre"), ("A", "a"), ("+/-", "+/-"), ("Ærø", "aero")],
)
def test_articles_and_accents_do_not_count_in_order(name: str, expected: str) -> None:
    assert sorting(name) == expected


def test_what_is_searched_is_found_where_it_stands() -> None:
    assert wanted_words("The Köln") == ["koln"]
    assert wanted_words("+/-") == [sorting("+/-")]
    assert wanted_words('""') == wanted_words(" ") == []
