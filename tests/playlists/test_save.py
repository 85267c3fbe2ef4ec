"""Playlist files are read back by programs that are not ours, and name the very files."""

import json
import math
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes, urljoin, urlsplit
from xml.etree import ElementTree

import pytest
import xspf_lib  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from nearfield.errors import InvalidInput
from nearfield.playlists.library import Playlist
from nearfield.playlists.m3u8 import m3u8_text
from nearfield.playlists.save import FORMATS, json_text, save_playlist
from nearfield.playlists.tracks import Track, one_line, uri_of
from nearfield.playlists.xspf import NAMESPACE, xspf_text
from nearfield.types import Recommendation

NAMES = (
    "plain.ogg",
    "with space.mp3",
    " space outside .mp3",
    "Käse & Brötchen.flac",
    "#1 hit.mp3",
    "100%25 sure.ogg",
    "what? <yes> \"quoted\" 'too'.mp3",
    "ab:cd.mp3",
    "日本 🎵.opus",
    "back\\slash.mp3",
    "semi;colon,comma.mp3",
    "line\nbreak.mp3",
    os.fsdecode(b"caf\xe9.mp3"),
)
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows forbids such names")


def path_of(text: str) -> Path:
    """Read a path as the catalogue keeps it: here, percent-encoded bytes."""
    return Path(os.fsdecode(unquote_to_bytes(text)))


def kept(path: Path) -> str:
    return uri_of(path).removeprefix("file://")


def line(path: Path, **attributes: str) -> Recommendation:
    known = {"artist": "Ann", "album": "One", "duration": "200.5", "path": kept(path), **attributes}
    return Recommendation("1", f"About {path.stem}", 0.5, "sound", attributes=known)


@pytest.fixture
def music(tmp_path: Path) -> list[Path]:
    """Files with all kinds of names, in a folder that has one too."""
    folder = tmp_path / "müsic #1"
    folder.mkdir()
    paths = [folder / name for name in NAMES]
    for place, path in enumerate(paths):
        path.write_text(str(place))
    return paths


def opened(entry: str, playlist: Path) -> Path:
    """Return the file that an entry leads to, as players find it: a path, or a URI."""
    if entry.startswith("file:"):
        return Path(os.fsdecode(unquote_to_bytes(urlsplit(entry).path)))
    return playlist.parent / entry


@POSIX
@pytest.mark.parametrize("absolute", [False, True])
@pytest.mark.parametrize("where", [".", "lists/of mine", "müsic #1"])
def test_an_m3u8_names_every_file_from_wherever_it_is(
    music: list[Path], tmp_path: Path, where: str, absolute: bool
) -> None:
    file = tmp_path / where / "mix.m3u8"
    file.parent.mkdir(parents=True, exist_ok=True)
    save_playlist(Playlist("Mix", tuple(map(line, music))), file, path_of, absolute)
    text = file.read_text(encoding="utf-8")
    assert text.startswith("#EXTM3U\n#PLAYLIST:Mix\n#EXTINF:200,Ann - About plain\n")
    entries = [one for one in text.splitlines() if one and not one.startswith("#")]
    assert [opened(one, file).read_text() for one in entries] == [str(n) for n in range(len(NAMES))]
    plain = entries[:2] + entries[3:4]
    assert all(Path(one).is_absolute() == absolute for one in plain)
    assert not any(one.startswith("file:") for one in plain)


@POSIX
@pytest.mark.parametrize("absolute", [False, True])
@pytest.mark.parametrize("where", [".", "lists/of mine"])
def test_an_xspf_names_every_file_by_its_uri(
    music: list[Path], tmp_path: Path, where: str, absolute: bool
) -> None:
    file = tmp_path / where / "mix.xspf"
    file.parent.mkdir(parents=True, exist_ok=True)
    save_playlist(Playlist("Mix", tuple(map(line, music))), file, path_of, absolute)
    locations = ElementTree.parse(file).iter(f"{{{NAMESPACE}}}location")
    for place, location in enumerate(locations):
        target = urljoin(file.as_uri(), location.text)
        assert opened(target, file).read_text() == str(place)
        assert str(location.text).startswith("file:///") == absolute
    assert place == len(NAMES) - 1


@POSIX
def test_a_library_reads_the_xspf_back(music: list[Path], tmp_path: Path) -> None:
    file = tmp_path / "mix.xspf"
    save_playlist(Playlist("Mix & more", tuple(map(line, music))), file, path_of, absolute=True)
    found = xspf_lib.Playlist.parse(str(file))
    assert found.title == "Mix & more"
    assert len(found) == len(NAMES)
    for place, track in enumerate(found):
        (location,) = track.location  # as text: the library cannot hold other names
        if place < len(NAMES) - 1:
            assert Path(location.removeprefix("file://")).read_text() == str(place)
        assert (track.creator, track.album, track.duration) == ("Ann", "One", 200_500)
    assert found[3].title == "About Käse & Brötchen"


@POSIX
def test_a_json_file_holds_paths_and_uris(music: list[Path], tmp_path: Path) -> None:
    file = tmp_path / "mix.json"
    save_playlist(Playlist("Mix", tuple(map(line, music))), file, path_of)
    found = json.loads(file.read_text(encoding="utf-8"))
    assert found["name"] == "Mix"
    assert found["tracks"][0] == {
        "path": "müsic #1/plain.ogg",
        "uri": "m%C3%BCsic%20%231/plain.ogg",
        "title": "About plain",
        "artist": "Ann",
        "album": "One",
        "seconds": 200.5,
    }
    assert found["tracks"][-1]["path"] is None
    assert found["tracks"][-1]["uri"].endswith("caf%E9.mp3")


def test_what_is_not_known_is_left_out() -> None:
    track = Track(Path("/a/b.mp3").absolute(), "Song", "", "", math.nan)
    assert "#EXTINF:-1,Song\n" in m3u8_text([track])
    xspf = xspf_text([track])
    assert "<creator>" not in xspf
    assert "<duration>" not in xspf
    assert json.loads(FORMATS[".json"]([track], None, ""))["tracks"][0]["seconds"] is None


@given(title=st.text(), artist=st.text())
def test_any_title_leaves_the_files_readable(title: str, artist: str) -> None:
    track = Track(Path("/a/b.mp3").absolute(), title, artist, title, 3.4)
    lines = m3u8_text([track], None, artist).encode().decode().split("\n")
    assert len(lines) == (5 if artist else 4)
    assert lines[-2] == str(track.place)
    listed = ElementTree.fromstring(xspf_text([track], None, title).encode())
    found = [one.text for one in listed.iter(f"{{{NAMESPACE}}}creator")]
    assert found == ([one_line(artist)] if one_line(artist) else [])


def test_an_empty_list_is_a_file_too(tmp_path: Path) -> None:
    for ending in FORMATS:
        file = tmp_path / f"none{ending.upper()}"
        save_playlist(Playlist("", ()), file, path_of)
        assert file.stat().st_size
    assert not list(xspf_lib.Playlist.parse(str(tmp_path / "none.XSPF")))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda file: file.with_suffix(".pls"), r"ending '.pls' is none of .m3u8, .m3u, .xspf, .j"),
        (lambda file: file.parent / "nowhere" / file.name, r"nowhere' is no folder.*Make it first"),
        (lambda file: file.parent / "taken.m3u8", r"cannot be written: .*Give another place"),
    ],
)
def test_a_file_that_cannot_be_written_is_refused(
    tmp_path: Path, change: Callable[[Path], Path], message: str
) -> None:
    (tmp_path / "taken.m3u8").mkdir()
    with pytest.raises(InvalidInput, match=message):
        save_playlist(Playlist("", ()), change(tmp_path / "a.m3u8"), path_of)
    assert [one.name for one in tmp_path.iterdir()] == ["taken.m3u8"]


def test_a_song_whose_file_is_not_known_is_named(tmp_path: Path) -> None:
    song: Any = Recommendation(7, "Lost", 0.5, "sound")
    with pytest.raises(InvalidInput, match=r"file of song 7 \(Lost\) is not known.*Scan"):
        save_playlist(Playlist("", (song,)), tmp_path / "a.m3u8", path_of)


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    file = tmp_path / "a.m3u8"
    save_playlist(Playlist("One", (line(tmp_path / "x.mp3"),)), file, path_of)
    save_playlist(Playlist("Two", ()), file, path_of)
    assert file.read_text() == "#EXTM3U\n#PLAYLIST:Two\n"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("folder", [None, Path("/elsewhere").absolute()])
def test_what_is_streamed_is_named_by_its_address(folder: Path | None) -> None:
    address = "http://127.0.0.1:8000/stream/a%20b"
    track = Track(address, "Song", "Ann", "", 3.4)
    assert m3u8_text([track], folder).splitlines()[-1] == address
    root = ElementTree.fromstring(xspf_text([track], folder))
    assert [one.text for one in root.iter(f"{{{NAMESPACE}}}location")] == [address]
    (told,) = json.loads(json_text([track], folder))["tracks"]
    assert (told["uri"], told["path"]) == (address, None)
