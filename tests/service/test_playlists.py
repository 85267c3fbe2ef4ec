"""Playlists over HTTP: made, kept, written for players."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from nearfield.playlists.xspf import NAMESPACE
from running_service import Running

SONGS = "/api/catalogues/songs"
LISTS = f"{SONGS}/playlists"


def ids(running: Running) -> dict[str, str]:
    """Return the id of each song by its title."""
    listed = running.get(f"{SONGS}/items", limit=50)["items"]
    return {one["title"]: one["id"] for one in listed}


def titles(found: dict[str, Any]) -> list[str]:
    return [one["title"] for one in found["songs"]]


@pytest.fixture
def kept(music: Running) -> dict[str, Any]:
    """A list of two songs, one of them twice."""
    known = ids(music)
    songs = [known["Clicks 2"], known["Chords 1"], known["Clicks 2"]]
    found: dict[str, Any] = music.post(LISTS, {"name": "Käse/1", "songs": songs})
    return found


def test_a_list_is_kept_read_changed_and_deleted(music: Running, kept: dict[str, Any]) -> None:
    address = f"{LISTS}/{kept['id']}"
    assert titles(kept) == ["Clicks 2", "Chords 1", "Clicks 2"]
    assert kept["seconds"] == pytest.approx(24, abs=0.5)
    assert music.get(address) == kept
    summary = next(one for one in music.get(LISTS)["playlists"] if one["id"] == kept["id"])
    assert (summary["name"], summary["songs"]) == ("Käse/1", 3)
    renamed = music.http.put(address, json={"name": "Two"}).json()
    assert (renamed["name"], titles(renamed)) == ("Two", titles(kept))
    songs = [ids(music)["Whistles 1"]]
    assert titles(music.http.put(address, json={"songs": songs}).json()) == ["Whistles 1"]
    assert music.http.delete(address).status_code == 204
    assert music.http.get(address).status_code == 404
    assert music.http.delete(address).status_code == 404


def test_a_new_list_says_where_it_is(music: Running) -> None:
    answer = music.http.post(LISTS, json={"name": "Empty", "songs": []})
    assert answer.status_code == 201
    assert answer.headers["location"] == f"{LISTS}/{answer.json()['id']}"


def test_a_wish_makes_a_list_that_is_kept_only_if_asked(music: Running) -> None:
    known = ids(music)
    before = len(music.get(LISTS)["playlists"])
    wish = {"seeds": [known["Chords 1"]], "length": 4, "exclude": [known["Clicks 1"]]}
    made = music.http.post(LISTS, json=wish)
    assert made.status_code == 200
    found = made.json()
    assert titles(found)[0] == "Chords 1"
    assert len(titles(found)) == 4
    assert "Clicks 1" not in titles(found)
    assert found["id"] is None
    assert found["name"] == "Like Chords 1"
    assert found["songs"][1]["score"] <= 1
    assert found["songs"][1]["reasons"]
    assert len(music.get(LISTS)["playlists"]) == before
    saved = music.http.post(LISTS, json={**wish, "save": True, "name": "Mine"})
    assert saved.status_code == 201
    again = music.get(f"{LISTS}/{saved.json()['id']}")
    assert (again["name"], titles(again)) == ("Mine", titles(found))


def test_a_journey_and_a_radio(music: Running) -> None:
    known = ids(music)
    wish = {"seeds": [known["Chords 1"]], "to": known["Whistles 3"], "length": 3}
    way = titles(music.post(LISTS, wish))
    assert (way[0], way[-1], len(way)) == ("Chords 1", "Whistles 3", 3)
    radio = music.post(LISTS, {"seeds": [known["Chords 1"]], "radio": True, "length": 5})
    assert len(radio["songs"]) == 5
    assert radio["name"].startswith("Radio from")


def test_a_path_is_not_looked_at_for_who_asks(
    music: Running, filled_with_music: Path, tmp_path: Path
) -> None:
    inside = next((filled_with_music.parent / "library").rglob("*.flac"))
    outside = tmp_path / "outside.flac"
    outside.write_bytes(b"no sound at all")
    for path in (inside, outside, tmp_path / "missing.flac"):
        for wish in ({"seeds": [str(path)]}, {"seeds": [ids(music)["Chords 1"]], "to": str(path)}):
            answer = music.http.post(LISTS, json=wish)
            assert answer.status_code == 404
            assert "does not have 1 of the items" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "either `songs` to keep, or `seeds`"),
        ({"songs": [], "seeds": ["a"], "name": "x"}, "either `songs` to keep, or `seeds`"),
        ({"songs": []}, "`name` the list"),
        ({"name": " x ", "songs": []}, "cannot be the name of a list"),
        ({"seeds": ["a"], "lenght": 3}, "lenght"),
        ({"seeds": ["a"], "length": 1001}, "length"),
        ({"seeds": ["a"], "minutes": 0}, "minutes"),
    ],
)
def test_what_cannot_be_used_is_told(music: Running, body: Any, message: str) -> None:
    answer = music.http.post(LISTS, json=body)
    assert answer.status_code == 422
    assert message in answer.json()["detail"]


def test_unknown_songs_and_lists_are_not_found(music: Running, kept: dict[str, Any]) -> None:
    assert music.http.post(LISTS, json={"name": "x", "songs": ["nope"]}).status_code == 404
    address = f"{LISTS}/{kept['id']}"
    assert music.http.put(address, json={"name": "y", "songs": ["nope"]}).status_code == 404
    assert music.get(address)["name"] == "Käse/1"  # nothing is done by half
    for path in (f"{LISTS}/999999", f"{LISTS}/999999.m3u8"):
        assert music.http.get(path).status_code == 404
    assert music.http.get(f"{address}.pls").status_code == 422
    refused = music.http.delete(f"{address}.m3u8")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET")


def test_files_for_players_name_what_is_streamed(music: Running, kept: dict[str, Any]) -> None:
    def file(ending: str) -> Any:
        answer = music.http.get(f"{LISTS}/{kept['id']}.{ending}")
        assert answer.status_code == 200
        name = f"K%C3%A4se_1.{ending}"
        assert answer.headers["content-disposition"] == f"attachment; filename*=UTF-8''{name}"
        return answer

    lines = file("m3u8").text.splitlines()
    assert lines[:3] == ["#EXTM3U", "#PLAYLIST:Käse/1", "#EXTINF:8,Bob - Clicks 2"]
    addresses = lines[3::2]
    assert addresses[1] == f"{music.address}{SONGS}/stream/{ids(music)['Chords 1']}"
    first = music.http.get(addresses[0])
    assert first.status_code == 200
    assert first.headers["content-type"] == "audio/ogg"
    tree = ElementTree.fromstring(file("xspf").text)
    found = [one.text for one in tree.iter(f"{{{NAMESPACE}}}location")]
    assert found == addresses
    tracks = json.loads(file("json").text)["tracks"]
    assert [one["uri"] for one in tracks] == addresses
    assert {one["path"] for one in tracks} == {None}


def test_paths_are_told_to_admins_only(serve_music: Callable[..., Running]) -> None:
    guarded = serve_music(keys=True)
    keys = guarded.service.stores.catalogues.keys
    reader, writer, admin = (keys.add(one, [one]) for one in ("read", "write", "admin"))

    def headers(key: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {key}"}

    known = guarded.http.get(f"{SONGS}/items", headers=headers(reader)).json()["items"]
    body = {"name": "one", "songs": [known[0]["id"]]}
    assert guarded.http.post(LISTS, json=body, headers=headers(reader)).status_code == 403
    made = guarded.http.post(LISTS, json=body, headers=headers(writer))
    assert made.status_code == 201
    file = f"{LISTS}/{made.json()['id']}.m3u8?paths=true"
    refused = guarded.http.get(file, headers=headers(reader))
    assert refused.status_code == 403
    assert "admin" in refused.json()["detail"]
    told = guarded.http.get(file, headers=headers(admin)).text.splitlines()
    assert Path(told[-1]).is_file()
    assert Path(told[-1]).is_absolute()
