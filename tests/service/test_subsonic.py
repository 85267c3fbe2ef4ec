"""Music players browse, search, play and find what is similar; asked by a real client, py-sonic."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import libsonic.errors  # type: ignore[import-untyped]
import pytest

from music.library import PNG, make_song
from nearfield.home_music import Music
from nearfield.service.subsonic.document import NAMESPACE
from players import ask, ask_xml, failure, player, song_ids, titles
from running_service import Running
from sound.made_sounds import write_sound

CHORDS = ["Chords 1", "Chords 2", "Chords 3"]


@pytest.fixture(scope="module")
def client(music: Running) -> Any:
    return player(music)


def albums(client: Any, kind: str, **query: Any) -> list[str]:
    return [one["name"] for one in client.getAlbumList2(kind, **query)["albumList2"]["album"]]


def test_the_service_says_what_it_is(client: Any) -> None:
    assert client.ping()
    found = client.getLicense()
    assert found["license"]["valid"]
    assert (found["type"], found["openSubsonic"], found["version"]) == ("nearfield", True, "1.16.1")
    assert client.getUser("ann")["user"]["playlistRole"]
    folders = client.getMusicFolders()["musicFolders"]["musicFolder"]
    assert [one["name"] for one in folders] == ["songs"]
    assert client.getScanStatus()["scanStatus"] == {"scanning": False, "count": 9}


def test_from_artists_to_albums_to_songs(client: Any) -> None:
    index = client.getArtists()["artists"]["index"]
    assert [one["name"] for one in index] == ["A", "B", "C"]
    (ann,) = index[0]["artist"]
    assert (ann["name"], ann["albumCount"]) == ("Ann", 1)
    (album,) = client.getArtist(ann["id"])["artist"]["album"]
    assert (album["name"], album["year"], album["songCount"]) == ("Chords", 1990, 3)
    found = client.getAlbum(album["id"])["album"]
    assert titles(found["song"]) == CHORDS
    first = found["song"][0]
    assert first == client.getSong(first["id"])["song"]
    assert (first["track"], first["year"], first["genre"]) == (1, 1990, "Ann")
    assert (first["suffix"], first["contentType"]) == ("flac", "audio/flac")
    assert first["path"] == "Ann/Chords/01 Chords 1.flac"  # not where it lies on the server
    assert first["albumId"] == album["id"]
    assert first["artistId"] == ann["id"]


def test_players_that_go_by_folders_find_the_same(client: Any) -> None:
    found = client.getIndexes()["indexes"]
    (ann,) = found["index"][0]["artist"]
    assert not client.getIndexes(ifModifiedSince=found["lastModified"])["indexes"].get("index")
    (album,) = client.getMusicDirectory(ann["id"])["directory"]["child"]
    assert (album["isDir"], album["title"]) == (True, "Chords")
    assert titles(client.getMusicDirectory(album["id"])["directory"]["child"]) == CHORDS
    assert titles(client.search2("chords")["searchResult2"]["song"]) == CHORDS
    listed = client.getAlbumList("alphabeticalByName")["albumList"]["album"]
    assert titles(listed) == ["Chords", "Clicks", "Whistles"]


def test_albums_are_listed_in_every_order(client: Any) -> None:
    assert albums(client, "newest")[-1] == "Chords"
    assert albums(client, "alphabeticalByName") == ["Chords", "Clicks", "Whistles"]
    assert albums(client, "alphabeticalByArtist") == ["Chords", "Clicks", "Whistles"]
    assert albums(client, "alphabeticalByName", size=1, offset=1) == ["Clicks"]
    assert albums(client, "byYear", fromYear=2010, toYear=1995) == ["Whistles", "Clicks"]
    assert albums(client, "byGenre", genre="Bob") == ["Clicks"]
    assert sorted(albums(client, "random")) == ["Chords", "Clicks", "Whistles"]
    assert albums(client, "random", size=0) == []


def test_search_finds_words_wherever_they_stand(client: Any) -> None:
    found = client.search3("cho 2")["searchResult3"]
    assert titles(found["song"]) == ["Chords 2"]
    found = client.search3("BOB")["searchResult3"]
    assert [one["name"] for one in found["artist"]] == ["Bob"]
    assert [one["name"] for one in found["album"]] == ["Clicks"]
    assert titles(found["song"]) == ["Clicks 1", "Clicks 2", "Clicks 3"]
    assert not any(client.search3("nowhere")["searchResult3"].values())


@pytest.mark.parametrize("query", ["", '""'])
def test_an_empty_search_pages_through_everything(client: Any, query: str) -> None:
    seen: list[str] = []
    for start in range(0, 12, 4):
        page = client.search3(query, songCount=4, songOffset=start, artistCount=0, albumCount=1)
        found = page["searchResult3"]
        assert len(found["artist"]) == 0
        assert len(found["album"]) == 1
        seen += titles(found["song"])
    assert sorted(seen) == [
        f"{album} {n}" for album in ("Chords", "Clicks", "Whistles") for n in (1, 2, 3)
    ]


def test_songs_by_chance_and_by_genre(client: Any) -> None:
    assert len(client.getRandomSongs(size=5)["randomSongs"]["song"]) == 5
    some = client.getRandomSongs(size=50, fromYear=1995, toYear=2005)["randomSongs"]["song"]
    assert {one["album"] for one in some} == {"Clicks"}
    assert titles(client.getSongsByGenre("Ann")["songsByGenre"]["song"]) == CHORDS
    genres = client.getGenres()["genres"]["genre"]
    assert genres[0] == {"value": "Ann", "songCount": 3, "albumCount": 1}


def test_similar_songs_are_those_of_the_service(music: Running, client: Any) -> None:
    seed = song_ids(music)["Chords 1"]
    found = client.getSimilarSongs(seed, count=4)["similarSongs"]["song"]
    own = seed.rpartition(".")[2]
    expected = music.get(f"/api/catalogues/songs/items/{own}/similar", k=4)["items"]
    assert titles(found)[:2] == [one["title"] for one in expected[:2]]
    matches = ask(music, "getSonicSimilarTracks", id=seed, count=3)["sonicMatch"]
    assert [one["entry"]["title"] for one in matches] == [one["title"] for one in expected[:3]]
    scores = [one["similarity"] for one in matches]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == pytest.approx((1 + expected[0]["score"]) / 2, abs=1e-4)


def test_an_artist_is_a_radio_of_own_and_similar_songs(client: Any) -> None:
    ann = client.getArtists()["artists"]["index"][0]["artist"][0]["id"]
    found = client.getSimilarSongs2(ann, count=5)["similarSongs2"]["song"]
    assert len({one["id"] for one in found}) == len(found) == 5
    assert 0 < sum(one["artist"] == "Ann" for one in found) < 5
    top = client.getTopSongs("Ann", count=2)["topSongs"]["song"]
    assert titles(top) == CHORDS[:2]
    alike = client.getArtistInfo2(ann)["artistInfo2"]["similarArtist"]
    assert {one["name"] for one in alike} == {"Bob", "Cleo"}


def test_a_path_leads_from_one_song_to_another(music: Running) -> None:
    known = song_ids(music)
    ends = {"startSongId": known["Chords 1"], "endSongId": known["Whistles 2"]}
    found = ask(music, "findSonicPath", **ends, count=4)["sonicMatch"]
    names = [one["entry"]["title"] for one in found]
    assert (names[0], names[-1], len(names)) == ("Chords 1", "Whistles 2", 4)
    assert found[0]["similarity"] == 1


def test_songs_are_streamed_whole_and_in_parts(music: Running, client: Any) -> None:
    song = client.getSong(song_ids(music)["Clicks 3"])["song"]
    whole = client.stream(song["id"]).read()
    assert len(whole) == song["size"]
    assert client.download(song["id"]).read() == whole
    query = {"u": "ann", "p": "x", "v": "1.13.0", "c": "x", "id": song["id"]}
    part = music.http.get("/rest/stream", params=query, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, whole[10:20])
    kept = music.http.get("/rest/download", params=query)
    assert "Bob%20-%20Clicks%203.mp3" in kept.headers["content-disposition"]
    assert client.getSong(song["id"])["song"]["playCount"] == 0  # that is for scrobble to say


def test_pictures_are_those_in_the_files(music: Running, client: Any) -> None:
    first = client.getSong(song_ids(music)["Chords 1"])["song"]
    for one in (first["coverArt"], first["albumId"], first["artistId"]):
        answer = client.getCoverArt(one)
        assert answer.headers["content-type"] == "image/png"
        assert answer.read() == PNG
    with pytest.raises(libsonic.errors.DataNotFoundError, match="no picture"):
        client.getCoverArt(song_ids(music)["Clicks 1"], size=200)


def test_what_is_not_there_is_said_as_players_know_it(music: Running, client: Any) -> None:
    with pytest.raises(libsonic.errors.DataNotFoundError, match="nothing of the id"):
        client.getSong("songs.so.nope")
    for wrong in ("nope", "movies.so.x", "songs.al.x", "songs.so.", "..", "songs.pl.1"):
        assert failure(music, "getSong", id=wrong)[0] == 70
    assert failure(music, "getSong") == (10, "the parameter 'id' is missing. Send it.")
    assert failure(music, "getAlbumList2", type="loudest")[0] == 0
    assert failure(music, "getArtists", musicFolderId=77)[0] == 70
    assert failure(music, "getArtists", musicFolderId="x")[0] == 0
    code, message = failure(music, "jukeboxControl")
    assert code == 0
    assert "no method 'jukeboxControl'" in message


def test_xml_says_what_json_says(music: Running) -> None:
    """Structure as documented: fields are attributes, what is nested are elements."""
    album = ask(music, "getAlbumList2", type="newest")["albumList2"]["album"][0]
    told = ask(music, "getAlbum", id=album["id"])
    root = ask_xml(music, "getAlbum", id=album["id"])
    assert root.tag == f"{{{NAMESPACE}}}subsonic-response"
    assert root.attrib == {
        "status": "ok",
        "version": "1.16.1",
        "type": "nearfield",
        "serverVersion": told["serverVersion"],
        "openSubsonic": "true",
    }
    assert tree(root[0]) == plain(told["album"])
    genre = ask_xml(music, "getGenres")[0][0]
    assert (genre.text, genre.attrib) == ("Ann", {"songCount": "3", "albumCount": "1"})
    extensions = ask_xml(music, "getOpenSubsonicExtensions")
    assert {one.get("name"): [version.text for version in one] for one in extensions} == {
        "apiKeyAuthentication": ["1"],
        "formPost": ["1"],
        "sonicSimilarity": ["1"],
        "topSongsByArtistId": ["1"],
    }
    error = ask_xml(music, "getSong", id="songs.so.<&>")[0]
    assert error.tag == f"{{{NAMESPACE}}}error"
    assert error.get("code") == "70"


def tree(element: ElementTree.Element) -> dict[str, Any]:
    """Return an element as `plain` returns JSON."""
    found: dict[str, Any] = dict(element.attrib)
    for child in element:
        found.setdefault(child.tag.removeprefix(f"{{{NAMESPACE}}}"), []).append(tree(child))
    return found


def plain(value: Any) -> Any:
    """Return JSON with everything as text, and without empty lists, which XML does not show."""
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items() if one != []}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return value if isinstance(value, str) else json.dumps(value)


def test_a_form_is_as_good_as_an_address(music: Running) -> None:
    form = {"u": "ann", "t": "00", "s": "salt", "v": "1.16.1", "c": "x", "f": "json"}
    posted = music.http.post("/rest/search3.view", data={**form, "query": "Käse & cho"})
    assert posted.json()["subsonic-response"]["searchResult3"]["song"] == []
    mixed = music.http.post("/rest/search3", params=form, data={"query": "chords"})
    assert len(mixed.json()["subsonic-response"]["searchResult3"]["song"]) == 3


def test_several_catalogues_are_several_folders(
    serve_music: Callable[..., Running], tmp_path: Path
) -> None:
    served = serve_music()
    assert len(song_ids(served)) == 9
    write_sound(tmp_path / "new.flac", make_song("Chords", 7))
    stores, recommenders = served.service.stores, served.service.recommenders
    for catalogue in ("songs", "more"):
        Music(stores, recommenders, catalogue).add(tmp_path / "new.flac", workers=1)
    until = time.monotonic() + 20
    while "new" not in song_ids(served):  # a shelf may be a moment old
        assert time.monotonic() < until
    folders = ask(served, "getMusicFolders")["musicFolders"]["musicFolder"]
    assert [one["name"] for one in folders] == ["more", "songs"]
    both = ask(served, "search3", query="new")["searchResult3"]["song"]
    assert sorted(one["id"].partition(".")[0] for one in both) == ["more", "songs"]
    folder = {"musicFolderId": folders[0]["id"]}
    (only,) = ask(served, "search3", query="new", **folder)["searchResult3"]["song"]
    assert only["artist"] == "[unknown artist]"
    assert ask(served, "getAlbum", id=only["albumId"])["album"]["name"] == "[unknown album]"
    assert len(ask(served, "getAlbumList2", type="newest")["albumList2"]["album"]) == 5
    ends = {"startSongId": both[0]["id"], "endSongId": both[1]["id"]}
    assert failure(served, "findSonicPath", **ends)[0] == 70
    mixed = failure(served, "createPlaylist", name="x", songId=[one["id"] for one in both])
    assert "of one music folder" in mixed[1]
