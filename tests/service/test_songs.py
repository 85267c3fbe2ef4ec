"""Songs over HTTP: play, draw, upload, review."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from music.library import make_song
from nearfield.home import Nearfield
from nearfield.service.config import Limits, ServiceConfig
from running_service import Running, running
from sound.made_sounds import write_sound

SONGS = "/api/catalogues/songs"


@pytest.fixture(scope="module")
def songs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service over two songs, one of them there as a copy, too."""
    folder = tmp_path_factory.mktemp("songs")
    files = folder / "files"
    files.mkdir()
    write_sound(files / "a.flac", make_song("Chords", 0))
    write_sound(files / "a copy.ogg", make_song("Chords", 0))
    write_sound(files / "b.mp3", make_song("Whistles", 1))
    with Nearfield(folder / "home") as nearfield:
        nearfield.music.add(files, workers=1)
    with running(ServiceConfig(folder / "home", limits=Limits(upload=1 << 20))) as found:
        yield found


def song(running: Running, title: str) -> str:
    listed = running.get(f"{SONGS}/items")["items"]
    (found,) = [one["id"] for one in listed if one["title"] == title]
    return str(found)


def test_a_song_tells_its_sound(songs: Running) -> None:
    found = songs.get(f"{SONGS}/items/{song(songs, 'a')}")["song"]
    assert found["codec"] == "flac"
    assert found["lossless"]
    assert found["duration"] == pytest.approx(8, abs=0.1)
    assert found["files"][0].endswith("a.flac")
    assert songs.get(SONGS)["music"]


def test_files_are_streamed_whole_and_in_parts(songs: Running) -> None:
    address = f"{SONGS}/stream/{song(songs, 'b')}"
    whole = songs.http.get(address)
    assert whole.status_code == 200
    assert whole.headers["content-type"] == "audio/mpeg"
    assert whole.headers["accept-ranges"] == "bytes"
    part = songs.http.get(address, headers={"Range": "bytes=100-199"})
    assert part.status_code == 206
    assert part.content == whole.content[100:200]
    assert part.headers["content-range"] == f"bytes 100-199/{len(whole.content)}"
    beyond = songs.http.get(address, headers={"Range": "bytes=999999999-"})
    assert beyond.status_code == 416
    assert songs.http.get(f"{SONGS}/stream/none").status_code == 404


def test_a_path_is_not_an_id(songs: Running) -> None:
    path = songs.get(f"{SONGS}/items/{song(songs, 'a')}")["song"]["files"][0]
    assert songs.http.get(f"{SONGS}/items/{path.replace('/', '%2F')}").status_code == 404
    body = {"one": path, "other": song(songs, "b"), "verdict": "different"}
    assert songs.http.post(f"{SONGS}/verdicts", json=body).status_code == 404


def test_the_outline_follows_the_sound(songs: Running) -> None:
    found = songs.get(f"{SONGS}/waveform/{song(songs, 'a')}")
    assert found["duration"] == pytest.approx(8, abs=0.1)
    peaks = np.array(found["peaks"])
    assert peaks.shape == (800,)
    assert 0.05 < peaks.max() <= 1
    assert found == songs.get(f"{SONGS}/waveform/{song(songs, 'a')}")  # as it was kept


def test_copies_are_listed_and_decided(songs: Running) -> None:
    (group,) = songs.get(f"{SONGS}/duplicates")["groups"]
    assert group["canonical"]["title"] == "a"
    pair = [one["item"] for one in group["members"]]
    body = {"one": pair[0], "other": pair[1], "verdict": "different"}
    assert songs.post(f"{SONGS}/verdicts", body)["verdict"] == "different"
    assert songs.get(f"{SONGS}/duplicates")["groups"] == []
    assert songs.post(f"{SONGS}/verdicts", {**body, "verdict": None})["verdict"] is None
    assert len(songs.get(f"{SONGS}/duplicates")["groups"]) == 1
    assert songs.get(f"{SONGS}/versions")["groups"] == []
    assert songs.get(f"{SONGS}/failed") == {"files": []}


def test_an_upload_is_on_the_disk_when_it_is_acknowledged(songs: Running, tmp_path: Path) -> None:
    write_sound(tmp_path / "new.flac", make_song("Clicks", 2))
    content = (tmp_path / "new.flac").read_bytes()
    by_body = songs.http.post(f"{SONGS}/uploads", params={"name": "new.flac"}, content=content)
    by_form = songs.http.post(
        f"{SONGS}/uploads", files={"other": ("x.txt", b"x"), "file": ("../n ew.flac", content)}
    )
    for answer in (by_body, by_form):
        assert answer.status_code == 202, answer.text
        job = answer.json()
        assert job["state"] == "queued"
        assert answer.headers["location"] == f"/api/jobs/{job['id']}"
        (path,) = map(Path, job["options"]["paths"])
        assert path.read_bytes() == content
        assert path.is_relative_to(songs.service.stores.home / "uploads" / "songs")
        assert songs.get(f"/api/jobs/{job['id']}")["state"] == "queued"
        assert songs.http.delete(f"/api/jobs/{job['id']}").json()["state"] == "cancelled"


@pytest.mark.parametrize(
    ("query", "content", "status"),
    [
        ({"name": "song.txt"}, b"text", 415),
        ({}, b"no name", 415),
        ({"name": "song.flac"}, b"", 422),
        ({"name": "song.flac"}, b"x" * (2 << 20), 413),
    ],
)
def test_uploads_that_cannot_be_used_leave_nothing(
    songs: Running, query: dict[str, str], content: bytes, status: int
) -> None:
    folder = songs.service.stores.home / "uploads"
    before = sorted(folder.rglob("*"))
    answer = songs.http.post(f"{SONGS}/uploads", params=query, content=content)
    assert answer.status_code == status, answer.text
    assert sorted(folder.rglob("*")) in (before, [folder / "songs"])
    broken = songs.http.post(
        f"{SONGS}/uploads",
        content=b"--x\r\nno form",
        headers={"Content-Type": "multipart/form-data; boundary=x"},
    )
    assert broken.status_code == 422


def test_a_song_whose_file_is_gone_is_404(songs: Running, tmp_path: Path) -> None:
    found = song(songs, "b")
    (path,) = map(Path, songs.get(f"{SONGS}/items/{found}")["song"]["files"])
    shutil.move(path, tmp_path / "b.mp3")
    try:
        answer = songs.http.get(f"{SONGS}/stream/{found}")
        assert answer.status_code == 404
        assert "nearfield music add" in answer.json()["detail"]
    finally:
        shutil.move(tmp_path / "b.mp3", path)
