"""What listeners say through players becomes events, and lists that are kept."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from nearfield.catalogue.sound_facts import GONE
from nearfield.datasets.tables import EVENT_KINDS
from nearfield.errors import NotFound
from players import ask, failure, player, song_ids, titles
from running_service import Running


@pytest.fixture
def served(serve_music: Callable[..., Running]) -> Running:
    return serve_music()


def events(served: Running, user: str = "ann") -> list[tuple[str, str, float | None, int]]:
    """Return kind, title, value and time of each event of a listener, oldest first."""
    catalogue = served.service.catalogue("songs")
    try:
        history = catalogue.history(catalogue.user_key(user))
    except NotFound:
        return []
    items = catalogue.items(history.items)
    values = [None if value != value else value for value in history.values.tolist()]
    kinds = [EVENT_KINDS[kind] for kind in history.kinds.tolist()]
    told = zip(kinds, items, values, history.times.tolist(), strict=True)
    return [(kind, item.title, value, time) for kind, item, value, time in told]


def said(served: Running) -> list[tuple[str, str]]:
    return [(kind, title) for kind, title, _, _ in events(served)]


def test_a_scrobble_is_a_listen(served: Running) -> None:
    client, known = player(served), song_ids(served)
    client.scrobble(known["Clicks 1"], submission=False)  # it only begins
    assert events(served) == []
    client.scrobble(known["Clicks 1"], listenTime=1_700_000_000)
    client.scrobble(known["Clicks 1"], listenTime=1_700_000_000)  # sent again
    client.scrobble(known["Clicks 2"], listenTime=1_700_000_100)
    assert events(served) == [
        ("listened", "Clicks 1", None, 1_700_000_000),
        ("listened", "Clicks 2", None, 1_700_000_100),
    ]
    song = client.getSong(known["Clicks 1"])["song"]
    assert (song["playCount"], song["played"]) == (1, "2023-11-14T22:13:20Z")
    albums = client.getAlbumList2("recent")["albumList2"]["album"]
    assert [(one["name"], one["playCount"]) for one in albums] == [("Clicks", 2)]
    other = player(served, "bob").getSong(known["Clicks 1"])["song"]
    assert (other["playCount"], "played" in other) == (0, False)
    top = client.getTopSongs("Bob", count=1)["topSongs"]["song"]
    assert titles(top) == ["Clicks 1"]


def test_several_scrobbles_come_at_once(served: Running) -> None:
    known = song_ids(served)
    ids = [known["Clicks 1"], known["Chords 1"]]
    assert ask(served, "scrobble", id=ids, time=[5000, 7000])["status"] == "ok"
    assert [(title, time) for _, title, _, time in events(served)] == [
        ("Clicks 1", 5),
        ("Chords 1", 7),
    ]
    assert failure(served, "scrobble", id=[ids[0], "songs.so.x"])[0] == 70
    assert len(events(served)) == 2


def test_a_star_is_a_like_and_can_be_taken_back(served: Running) -> None:
    client, known = player(served), song_ids(served)
    client.star([known["Chords 1"]])
    client.star([known["Chords 1"], known["Clicks 2"]])
    assert sorted(said(served)) == [("liked", "Chords 1"), ("liked", "Clicks 2")]
    found = client.getStarred2()["starred2"]
    assert sorted(titles(found["song"])) == ["Chords 1", "Clicks 2"]
    assert found["album"] == found["artist"] == []
    assert "starred" in client.getSong(known["Chords 1"])["song"]
    assert player(served, "bob").getStarred2()["starred2"]["song"] == []
    client.unstar([known["Chords 1"]])
    assert said(served) == [("liked", "Clicks 2")]
    assert "starred" not in client.getSong(known["Chords 1"])["song"]


def test_a_star_on_an_album_is_one_on_each_of_its_songs(served: Running) -> None:
    client = player(served)
    album = client.getAlbumList2("alphabeticalByName")["albumList2"]["album"][0]
    client.star(albumIds=[album["id"]])
    assert len(said(served)) == 3
    found = client.getStarred2()["starred2"]
    assert [one["name"] for one in found["album"]] == ["Chords"]
    assert [one["name"] for one in found["artist"]] == ["Ann"]
    assert len(client.getStarred()["starred"]["song"]) == 3
    listed = client.getAlbumList2("starred")["albumList2"]["album"]
    assert [one["name"] for one in listed] == ["Chords"]
    client.unstar(artistIds=[album["artistId"]])
    assert said(served) == []
    assert failure(served, "star")[0] == 10
    assert failure(served, "star", id="songs.so.x")[0] == 70


def test_a_rating_is_an_event_and_a_bad_one_counts_against(served: Running) -> None:
    client, known = player(served), song_ids(served)
    client.setRating(known["Chords 2"], 5)
    client.setRating(known["Chords 3"], 1)
    assert {one[:3] for one in events(served)} == {
        ("rated", "Chords 2", 5.0),
        ("disliked", "Chords 3", 1.0),
    }
    assert client.getSong(known["Chords 3"])["song"]["userRating"] == 1
    similar = client.getSimilarSongs(known["Chords 1"])["similarSongs"]["song"]
    assert "Chords 2" in titles(similar)
    assert "Chords 3" not in titles(similar)
    client.setRating(known["Chords 3"], 4)
    client.setRating(known["Chords 2"], 0)
    assert [one[:3] for one in events(served)] == [("rated", "Chords 3", 4.0)]
    assert client.getAlbumList2("highest")["albumList2"]["album"][0]["name"] == "Chords"
    for wrong in ("6", "-1", "x"):
        assert failure(served, "setRating", id=known["Chords 1"], rating=wrong)[0] == 0
    assert failure(served, "setRating", id=known["Chords 1"])[0] == 10


def test_lists_are_kept_and_changed(served: Running) -> None:
    client, known = player(served), song_ids(served)
    assert client.getPlaylists()["playlists"]["playlist"] == []
    songs = [known["Clicks 1"], known["Chords 1"], known["Clicks 1"]]
    made = client.createPlaylist(name="Täglich", songIds=songs)["playlist"]
    assert titles(made["entry"]) == ["Clicks 1", "Chords 1", "Clicks 1"]
    (listed,) = client.getPlaylists()["playlists"]["playlist"]
    assert (listed["name"], listed["songCount"], listed["duration"]) == ("Täglich", 3, 24)
    assert listed["owner"] == "ann"
    client.updatePlaylist(
        listed["id"],
        name="Wöchentlich",
        songIdsToAdd=[known["Whistles 1"]],
        songIndexesToRemove=[0],
    )
    found = client.getPlaylist(listed["id"])["playlist"]
    assert found["name"] == "Wöchentlich"
    assert titles(found["entry"]) == ["Chords 1", "Clicks 1", "Whistles 1"]
    client.createPlaylist(playlistId=listed["id"], songIds=[known["Chords 3"]])
    assert titles(client.getPlaylist(listed["id"])["playlist"]["entry"]) == ["Chords 3"]
    number = listed["id"].rpartition(".")[2]
    over_http = served.get(f"/api/catalogues/songs/playlists/{number}")
    assert (over_http["name"], titles(over_http["songs"])) == ("Wöchentlich", ["Chords 3"])
    client.deletePlaylist(listed["id"])
    for method in ("getPlaylist", "deletePlaylist"):
        assert failure(served, method, id=listed["id"])[0] == 70
    assert failure(served, "createPlaylist")[0] == 10
    assert failure(served, "createPlaylist", name="x", songId="songs.so.x")[0] == 70
    assert failure(served, "updatePlaylist", playlistId=listed["id"], name="x")[0] == 70


def test_a_long_list_comes_in_one_form(served: Running) -> None:
    known = song_ids(served)
    songs = list(known.values()) * 300
    made = player(served).createPlaylist(name="Long", songIds=songs)["playlist"]
    assert [one["id"] for one in made["entry"]] == songs


def test_a_song_whose_file_went_away_is_hidden_but_not_lost(served: Running) -> None:
    client, known = player(served), song_ids(served)
    songs = [known[title] for title in ("Chords 1", "Clicks 1", "Clicks 2")]
    made = client.createPlaylist(name="x", songIds=songs)["playlist"]
    catalogue = served.service.catalogue("songs")
    keys = catalogue.item_keys([songs[0].rpartition(".")[2]])
    (file,) = catalogue.sounds.contents(keys)[int(keys[0])]
    catalogue.sounds.keep([replace(file, state=GONE)])
    until = time.monotonic() + 20
    while "Chords 1" in song_ids(served):  # a shelf may be a moment old
        assert time.monotonic() < until
    assert titles(client.getPlaylist(made["id"])["playlist"]["entry"]) == ["Clicks 1", "Clicks 2"]
    assert failure(served, "stream", id=songs[0])[0] == 70
    client.updatePlaylist(made["id"], songIndexesToRemove=[0])
    assert titles(client.getPlaylist(made["id"])["playlist"]["entry"]) == ["Clicks 2"]
    catalogue.sounds.keep([file])
    until = time.monotonic() + 20
    while "Chords 1" not in song_ids(served):
        assert time.monotonic() < until
    again = client.getPlaylist(made["id"])["playlist"]["entry"]
    assert titles(again) == ["Chords 1", "Clicks 2"]


def test_what_is_said_is_read_by_the_next_recommendation(served: Running) -> None:
    client, known = player(served), song_ids(served)
    client.star([known["Clicks 1"]])
    wish: dict[str, Any] = {"user": "ann", "k": 2}
    answer = served.post("/api/catalogues/songs/recommend", wish)
    assert titles(answer["items"])[0].startswith("Clicks")
