"""From folders of sound files to songs that can be searched."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from music.library import make_library, make_song, tag
from nearfield.cli.main import app
from nearfield.errors import InvalidInput, NotFound
from nearfield.home import Nearfield
from nearfield.pipelines.music import Added
from sound.made_sounds import write_sound

PROGRAM = Path(sys.executable).parent / "nearfield"


def add(home: Nearfield, *paths: Path, **how: object) -> Added:
    return home.music.add(*paths, workers=1, **how)  # type: ignore[arg-type]


def titles(home: Nearfield) -> list[str]:
    catalogue = home.stores.catalogue("songs")
    return sorted(one.title for one in catalogue.items(catalogue.sounds.present()))


def held(home: Nearfield) -> list[int]:
    space, _ = home.stores.spaces.open("songs", "sound")
    return list(home.stores.spaces.held(space))


def test_songs_go_in_with_what_is_known_of_them(added: Path, library: Path) -> None:
    with Nearfield(added) as home:
        catalogue = home.stores.catalogue("songs")
        items = catalogue.items(catalogue.sounds.present())
        assert len(items) == 9
        chords = next(one for one in items if one.title == "Chords 1")
        assert chords.attributes["artist"] == "Ann"
        assert chords.attributes["album"] == "Chords"
        assert chords.attributes["path"] == str(library / "Chords" / "01 song.flac")
        assert float(chords.attributes["duration"]) == pytest.approx(8, abs=0.1)
        assert 0 <= float(chords.attributes["energy"]) <= 1
        assert chords.genres == ("Ann",)
        status = home.music.status()
        assert (status.counts.songs, status.searchable) == (9, 9)
        assert (status.encoder, status.separation) == ("own", "own")
        assert catalogue.sounds.fingerprints(catalogue.sounds.present())


def test_adding_again_does_nothing(home: Nearfield, tmp_path: Path) -> None:
    folder = make_library(tmp_path / "music", songs=1)
    first = add(home, folder, separation="none")
    assert (first.tally.found, first.tally.added) == (3, 3)
    again = add(home, folder)
    assert (again.tally.found, again.tally.unchanged, again.tally.added) == (3, 3, 0)
    assert again.model == first.model
    assert len(held(home)) == 3


def test_files_may_move_be_copied_vanish_and_come_back(home: Nearfield, tmp_path: Path) -> None:
    folder = make_library(tmp_path / "music", songs=1)
    add(home, folder, separation="none")
    song = folder / "Chords" / "01 song.flac"
    (ids,) = [
        one.item
        for one in home.music.similar(folder / "Clicks" / "01 song.flac")
        if one.title == "Chords 1"
    ]
    song.rename(folder / "moved.flac")
    moved = add(home, folder)
    assert (moved.tally.moved, moved.tally.gone, moved.tally.added) == (1, 1, 0)
    catalogue = home.stores.catalogue("songs")
    (item,) = catalogue.items(catalogue.item_keys([ids]))
    assert item.attributes["path"] == str(folder / "moved.flac")

    shutil.copy(folder / "moved.flac", folder / "copy.flac")
    copied = add(home, folder)
    assert (copied.tally.copies, copied.counts.songs) == (1, 3)

    (folder / "moved.flac").rename(tmp_path / "away.flac")
    (folder / "copy.flac").unlink()
    gone = add(home, folder)
    assert (gone.tally.gone, gone.counts.songs) == (2, 2)
    assert len(held(home)) == 2
    assert "Chords 1" not in {
        one.title for one in home.music.similar(folder / "Clicks" / "01 song.flac")
    }

    (tmp_path / "away.flac").rename(folder / "back.flac")
    back = add(home, folder)
    assert (back.tally.moved, back.counts.songs) == (1, 3)
    assert len(held(home)) == 3


def test_a_changed_file_stays_the_same_song(home: Nearfield, tmp_path: Path) -> None:
    folder = make_library(tmp_path / "music", songs=1)
    add(home, folder, separation="none")
    song = folder / "Chords" / "01 song.flac"
    before = home.stores.catalogue("songs").sounds.file(str(song))
    tag(song, title="Renamed")
    changed = add(home, folder)
    assert (changed.tally.changed, changed.tally.unchanged) == (1, 2)
    after = home.stores.catalogue("songs").sounds.file(str(song))
    assert before is not None
    assert after is not None
    assert before.item == after.item
    assert titles(home) == ["Clicks 1", "Renamed", "Whistles 1"]


def test_broken_files_are_named_and_the_rest_goes_in(home: Nearfield, tmp_path: Path) -> None:
    folder = tmp_path / "music"
    folder.mkdir()
    write_sound(folder / "good.flac", make_song("Chords", 1))
    (folder / "zero.mp3").write_bytes(b"")
    (folder / "text.mp3").write_text("no music, but a long letter to a friend. " * 50)
    write_sound(folder / "silent.wav", np.zeros(44_100, dtype=np.float32))
    write_sound(folder / "short.wav", make_song("Chords", 1, 0.1))
    whole = write_sound(folder / "whole.flac", make_song("Clicks", 1)).read_bytes()
    (folder / "whole.flac").unlink()
    (folder / "cut.flac").write_bytes(whole[: len(whole) // 4])
    done = add(home, folder, separation="none")
    assert (done.tally.added, done.tally.failed) == (1, 5)
    reasons = {Path(one.path).name: one.reason for one in done.failures}
    assert reasons == {
        "zero.mp3": "empty",
        "text.mp3": "not audio",
        "silent.wav": "silent",
        "short.wav": "too short",
        "cut.flac": "truncated",
    }
    assert [one.path for one in home.music.failed()] == sorted(one.path for one in done.failures)
    again = add(home, folder)
    assert (again.tally.unchanged, again.tally.failed) == (6, 0)
    (folder / "zero.mp3").unlink()
    write_sound(folder / "zero.mp3", make_song("Clicks", 2))
    mended = add(home, folder)
    assert (mended.tally.added, mended.tally.failed, mended.counts.failed) == (1, 0, 4)


def test_a_folder_without_music_is_no_error(home: Nearfield, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = add(home, tmp_path / "empty")
    assert (done.tally.found, done.counts.songs) == (0, 0)
    with pytest.raises(NotFound, match=r"nowhere does not exist\. Give a folder"):
        add(home, tmp_path / "nowhere")
    with pytest.raises(InvalidInput, match="0 workers were asked for"):
        home.music.add(tmp_path, workers=0)
    with pytest.raises(InvalidInput, match="no separation 'magic': wanted one of none, own"):
        home.music.add(tmp_path, separation="magic", workers=1)


def test_another_way_to_listen_is_a_version_of_its_own(home: Nearfield, tmp_path: Path) -> None:
    folder = make_library(tmp_path / "music", songs=1)
    extra = write_sound(tmp_path / "extra.flac", make_song("Chords", 5))
    first = add(home, folder, extra, separation="none")
    second = add(home, folder, separation="own")  # what lies elsewhere is listened to as well
    assert second.model != first.model
    assert (second.tally.changed, second.counts.songs) == (4, 4)
    assert len(held(home)) == 4
    third = add(home, folder)
    assert (third.model, third.tally.unchanged) == (second.model, 3)
    home.rollback("songs", "sound")
    assert home.music.status().version == first.model


def test_vectors_of_another_separator_are_not_mixed(home: Nearfield, tmp_path: Path) -> None:
    folder = make_library(tmp_path / "music", songs=1)
    first = add(home, folder, separation="none")
    card = home.stores.models.get("songs", "sound", first.model).folder / "card.json"
    card.write_text(
        card.read_text().replace('"separation_version": "1"', '"separation_version": "0"')
    )
    write_sound(folder / "new.flac", make_song("Chords", 5))
    with pytest.raises(InvalidInput, match=r"separated by 'none' version 0.*music add --again"):
        add(home, folder)
    assert home.music.status().counts.failed == 0
    again = add(home, folder, again=True)
    assert (again.tally.added, again.tally.changed, again.counts.songs) == (1, 3, 4)


def test_songs_that_are_gone_are_not_popular(home: Nearfield, tmp_path: Path) -> None:
    folder = make_library(tmp_path / "music", songs=1)
    add(home, folder, separation="none")
    plays = tmp_path / "plays.csv"
    paths = sorted(folder.rglob("*.flac"))
    plays.write_text(
        "user,item,kind,time\n" + "".join(f"ann,{path},liked,{n}\n" for n, path in enumerate(paths))
    )
    done = CliRunner().invoke(
        app, ["--home", str(tmp_path / "home"), "music", "listened", str(plays)]
    )
    assert done.exit_code == 0, done.output
    assert len(home.music.recommend()) == 3
    paths[0].unlink()
    add(home, folder)
    popular = home.music.recommend()
    assert [one.space for one in popular] == ["popularity"] * 2
    assert "Chords 1" not in {one.title for one in popular}


def test_processes_listen_side_by_side(tmp_path: Path) -> None:
    folder = make_library(tmp_path / "music", songs=2)
    code = f"""
from nearfield.home import Nearfield

with Nearfield({str(tmp_path / "home")!r}) as home:  # no guard: it is not run again
    done = home.music.add({str(folder)!r}, separation="none", workers=2)
print(done.tally.added, done.tally.failed)
"""
    script = tmp_path / "script.py"
    script.write_text(code)
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["6", "0"]


@pytest.mark.slow
def test_a_kill_at_any_moment_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    folder = make_library(tmp_path / "music", songs=6)
    command = [
        *(str(PROGRAM), "--home", str(tmp_path / "home"), "music", "add"),
        *(str(folder), "--separation", "none", "--workers", "2", "--json"),
    ]
    rng = np.random.default_rng(0)
    for _ in range(3):
        started = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(float(rng.uniform(3, 7)))
        os.kill(started.pid, signal.SIGKILL)
        started.wait()
    subprocess.run(command, capture_output=True, check=True)
    with Nearfield(tmp_path / "home") as home:
        assert len(titles(home)) == 18
        assert len(set(titles(home))) == 18
        keys = home.stores.catalogue("songs").sounds.present()
        assert held(home) == keys.tolist()
        assert len(home.music.similar(folder / "Chords" / "01 song.flac", 20)) == 17
