"""Songs by id and by file: what is similar, what a listener may like, playlists."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from failing_sql import check_errors
from music.library import make_song, tag
from nearfield.cli.main import app
from nearfield.errors import InvalidInput, NotFound
from nearfield.home import Nearfield
from nearfield.sound.unreadable import Unreadable
from sound.made_sounds import write_sound


@pytest.fixture
def songs(added: Path) -> Iterator[Nearfield]:
    with Nearfield(added) as home:
        yield home


@pytest.fixture
def copy(added: Path, tmp_path: Path) -> Path:
    """A copy of the library's home, which may be changed."""
    return Path(shutil.copytree(added, tmp_path / "copy"))


def run(home: Path, *words: str) -> Any:
    """Run a command; return what it prints as JSON, or its text."""
    done = CliRunner().invoke(app, ["--home", str(home), *words])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout) if "--json" in words else done.stdout


def test_songs_of_an_album_are_alike(songs: Nearfield, library: Path) -> None:
    for album in ("Chords", "Clicks", "Whistles"):
        found = songs.music.similar(library / album / "01 song.flac", 2)
        assert {one.attributes["album"] for one in found} == {album}
        assert f"{album} 1" not in {one.title for one in found}
        assert all(-1 <= one.score <= 1 for one in found)


def test_id_and_path_name_the_same_song(songs: Nearfield, library: Path) -> None:
    path = library / "Chords" / "01 song.flac"
    by_path = songs.music.similar(path)
    ids = {one.title: one.item for one in by_path}
    assert songs.music.similar(ids["Clicks 1"]) == songs.music.similar(
        library / "Clicks" / "01 song.flac"
    )
    assert songs.similar_items(ids["Clicks 1"]) == songs.music.similar(ids["Clicks 1"])


def test_a_file_from_elsewhere_finds_songs_like_it(songs: Nearfield, tmp_path: Path) -> None:
    path = write_sound(tmp_path / "new.flac", make_song("Clicks", 7))
    found = songs.music.similar(path, 3)
    assert {one.attributes["album"] for one in found} == {"Clicks"}
    before = songs.music.status()
    assert before.counts.songs == 9  # it was not added
    with pytest.raises(NotFound, match=r"'nowhere\.mp3' is neither the id of a song"):
        songs.music.similar("nowhere.mp3")
    (tmp_path / "text.mp3").write_text("no music at all " * 100)
    with pytest.raises(Unreadable, match="wanted a sound file"):
        songs.music.similar(tmp_path / "text.mp3")


def test_a_copy_elsewhere_is_the_song_itself(
    songs: Nearfield, library: Path, tmp_path: Path
) -> None:
    path = library / "Chords" / "01 song.flac"
    copy = Path(shutil.copy(path, tmp_path / "copy.flac"))
    assert songs.music.similar(copy) == songs.music.similar(path)


def test_a_part_finds_parts(songs: Nearfield, library: Path) -> None:
    found = songs.music.similar(library / "Whistles" / "01 song.flac", 2, at=2.0)
    assert {one.attributes["album"] for one in found} == {"Whistles"}
    assert all("its part from 0:0" in one.reasons[0].text for one in found)
    assert all(float(one.attributes["start"]) < 8 for one in found)
    with pytest.raises(InvalidInput, match="part at -1 s"):
        songs.music.similar(library / "Whistles" / "01 song.flac", at=-1)


def test_a_listener_is_told_why(songs: Nearfield, library: Path, tmp_path: Path) -> None:
    liked = library / "Chords" / "01 song.flac"
    disliked = library / "Clicks" / "01 song.flac"
    found = songs.music.recommend(listened=[liked], disliked=[disliked], n=2)
    assert {one.attributes["album"] for one in found} == {"Chords"}
    assert found[0].reasons[0].text == "because you listened to Chords 1"
    outside = write_sound(tmp_path / "mine.flac", make_song("Whistles", 8))
    guest = songs.music.recommend(listened=[outside], n=2)
    assert {one.attributes["album"] for one in guest} == {"Whistles"}
    assert guest[0].reasons[0].text == "because you listened to mine.flac"


def test_at_most_two_of_an_artist(songs: Nearfield, library: Path) -> None:
    listened = [library / "Chords" / "01 song.flac"]
    free = songs.music.recommend(listened=listened, n=8, at_most={})
    few = songs.music.recommend(listened=listened, n=8)
    assert len(free) == 8
    artists = [one.attributes["artist"] for one in few]
    assert max(map(artists.count, artists)) == 2


def test_what_listeners_did_comes_in_by_file(copy: Path, library: Path, tmp_path: Path) -> None:
    plays = tmp_path / "plays.csv"
    rows = [
        ("ann", library / "Chords" / "01 song.flac", "listened", 1),
        ("ann", library / "Chords" / "02 song.ogg", "liked", 2),
        ("ann", library / "Clicks" / "01 song.flac", "skipped", 3),
        ("ann", tmp_path / "unknown.mp3", "listened", 4),
    ]
    lines = ["user,item,kind,time", *(",".join(map(str, row)) for row in rows)]
    plays.write_text("\n".join(lines))
    done = run(copy, "music", "listened", str(plays), "--json")
    assert (done["events"], done["refused"]) == (3, 1)
    assert "unknown.mp3" in done["refusals"][0]
    found = run(copy, "recommend", "--catalogue", "songs", "--user", "ann", "-k", "3", "--json")
    titles = [one["title"] for one in found]
    assert titles[0] == "Chords 3"
    assert not {"Chords 1", "Chords 2", "Clicks 1"} & set(titles)
    with Nearfield(copy) as home:
        plain = home.recommend("ann", catalogue="songs", n=3)
        assert plain[0].title == "Chords 3"


def test_without_sql_a_playlist_is_an_error_and_no_lesser_one(
    songs: Nearfield, library: Path
) -> None:
    seed = library / "Chords" / "01 song.flac"
    check_errors(songs.stores.catalogues._database, lambda: songs.music.playlist(seed, length=4))


def test_playlists_can_be_played(added: Path, library: Path, tmp_path: Path) -> None:
    seed = str(library / "Chords" / "01 song.flac")
    out = tmp_path / "lists" / "mix.m3u8"
    out.parent.mkdir()
    made = run(
        added, "music", "playlist", "--seed", seed, "--length", "5", "--out", str(out), "--json"
    )
    assert len(made["songs"]) == 5
    assert made["songs"][0]["title"] == "Chords 1"
    lines = [line for line in out.read_text().splitlines() if not line.startswith("#")]
    assert [Path(os.path.normpath(out.parent / line)) for line in lines] == [
        Path(one["attributes"]["path"]) for one in made["songs"]
    ]
    to = str(library / "Clicks" / "01 song.flac")
    way = run(added, "music", "playlist", "--seed", seed, "--to", to, "--length", "4", "--json")
    assert [way["songs"][0]["title"], way["songs"][-1]["title"]] == ["Chords 1", "Clicks 1"]
    with Nearfield(added) as home:
        radio = home.music.playlist(seed, radio=True, length=12)
        assert len(radio.songs) == 12
        with pytest.raises(InvalidInput, match=r"no playlist can be written to .*\.txt"):
            home.music.save_playlist(radio, tmp_path / "mix.txt")


def test_tables_and_state_are_printed(added: Path, library: Path) -> None:
    seed = str(library / "Chords" / "01 song.flac")
    text = run(added, "similar", "--catalogue", "songs", "--item", seed, "-k", "2")
    assert "Chords 2 - Ann - Chords" in text
    assert "02 song.ogg" in text
    status = run(added, "music", "status", "--json")
    assert (status["songs"], status["searchable"], status["failed"]) == (9, 9, 0)
    assert run(added, "music", "failed", "--json") == []
    assert {one["recommender"] for one in run(added, "spaces", "--json")} == {
        "sound",
        "sound-parts",
    }
    assert run(added, "models", "--json")[0]["encoder"] == "own"
    assert "ok       space songs/sound:" in run(added, "doctor")


def test_few_songs_cannot_be_measured_nor_trained_on(added: Path, library: Path) -> None:
    with Nearfield(added) as home, pytest.raises(InvalidInput, match="training needs 50"):
        home.music.train(epochs=1)
    done = CliRunner().invoke(app, ["--home", str(added), "evaluate", "--catalogue", "songs"])
    assert done.exit_code == 1
    assert "has 9 songs, but 10 are needed" in done.output


def test_one_more_song_is_found_at_once(copy: Path, library: Path, tmp_path: Path) -> None:
    new = write_sound(tmp_path / "new.flac", make_song("Whistles", 4))
    tag(new, title="Brand new", artist="Dan", album="Late")
    with Nearfield(copy) as home:
        home.music.similar(library / "Whistles" / "01 song.flac")  # the mirror is open
        done = home.music.add(new)
        assert (done.tally.added, done.counts.songs) == (1, 10)
        found = home.music.similar(library / "Whistles" / "01 song.flac", 3)
        assert "Brand new" in {one.title for one in found}
    with Nearfield(copy) as again:
        assert len(again.music.similar(new, 20)) == 9
