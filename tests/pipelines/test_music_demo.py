"""The demo of music, with made-up packages in the place of those on PyPI."""

from pathlib import Path

import pytest

from nearfield.errors import InvalidInput
from nearfield.pipelines.demo import Note, Shown
from nearfield.pipelines.music import Adding, add_music
from nearfield.pipelines.music_demo import LISTENER, PLAYLIST, MusicDemo, demo_music, history
from nearfield.pipelines.progress import finish
from nearfield.pipelines.stores import Stores
from nearfield.sound.demo.albums import ALBUMS, LOVED, SHOWN, SKIPPED
from sound import demo_wheels
from sound.demo_wheels import use_wheels
from sound.made_sounds import tone, write_sound

WANTED = MusicDemo(k=3, workers=1, separation="none", albums=demo_wheels.ALBUMS)


def test_songs_are_made_added_and_asked_for_and_nothing_is_done_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = use_wheels(monkeypatch)
    with Stores(tmp_path / "home") as stores:
        told = list(demo_music(stores, WANTED))
        notes = [one.text for one in told if isinstance(one, Note)]
        assert notes[0].startswith("Played 5 songs in 2 albums")
        assert notes[1] == "Listened to 5 new songs: 'songs' holds 5 songs, 3 minutes."
        assert notes[2] == f"{LISTENER} listened, liked and skipped 7 times."
        assert notes[3] == "Of 5 songs, 5 have the nearest one on their own album."

        alike, listener, playlist = [one for one in told if isinstance(one, Shown)]
        assert alike.command.startswith("similar --catalogue songs --item ")
        assert alike.answers[0].title == "Second"  # the other song of its album
        assert len(alike.answers) == 3
        assert listener.command == f"recommend --catalogue songs --user {LISTENER}"
        assert listener.answers[0].title == "C"  # the one that she has not heard of her album
        assert playlist.answers[0].title == "A"
        assert f"--seed {playlist.answers[0].item} " in playlist.command
        written = (tmp_path / "home" / PLAYLIST).read_text(encoding="utf-8").splitlines()
        assert written[0] == "#EXTM3U"
        assert "cache/demo-music/Kitchen Reels/01.flac" in written

        asked = len(index.asked)
        again = list(demo_music(stores, WANTED))
        assert len(index.asked) == asked
        assert [one for one in again if isinstance(one, Shown)] == [alike, listener, playlist]
        notes = [one.text for one in again if isinstance(one, Note)]
        assert "holds all 5 songs already" in notes[0]
        assert notes[1].startswith("Nothing is new")


def test_a_library_of_ones_own_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = use_wheels(monkeypatch)
    mine = tmp_path / "mine.flac"
    write_sound(mine, tone(440, 5))
    with Stores(tmp_path / "home") as stores:
        finish(add_music(stores, Adding((mine,), separation="none", workers=1)))
        with pytest.raises(InvalidInput, match=r"music of yours.*mine\.flac.*demo-songs"):
            list(demo_music(stores, WANTED))
        assert index.asked == []
        assert stores.catalogue("songs").sounds.counts().songs == 1


def test_the_listener_knows_most_of_what_she_loves_and_skips_the_rest() -> None:
    events = history(Path("/songs"))
    kinds: dict[str, set[str]] = {kind: set() for kind in ("listened", "liked", "skipped")}
    for path, kind in events.select("item", "kind").iter_rows():
        kinds[kind].add(Path(path).parent.name)
    assert kinds == {"listened": set(LOVED), "liked": set(LOVED), "skipped": {SKIPPED}}
    titles = {album.title: len(album.pieces) for album in ALBUMS}
    assert {*LOVED, SKIPPED, *SHOWN} <= set(titles)
    heard = events.filter(kind="listened")["item"].n_unique()
    assert 0.5 < heard / sum(titles[title] for title in LOVED) < 0.8
    assert events["time"].is_sorted()
    assert events["time"].n_unique() == len(events)
