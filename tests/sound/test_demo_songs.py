import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from nearfield.errors import Unavailable
from nearfield.sound.demo import songs
from nearfield.sound.demo.accompany import BACKINGS
from nearfield.sound.demo.albums import ALBUMS, DRUMS, INSTRUMENTS
from nearfield.sound.demo.play import SECONDS, Strand, arrange, perform
from nearfield.sound.demo.score import Note, Score
from nearfield.sound.demo.songs import get_parts, list_songs, make_songs
from nearfield.sound.tags import read_tags
from nearfield.sound.waveform import RATE
from sound import demo_wheels
from sound.demo_wheels import WHEELS, Index, use_wheels


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Index:
    return use_wheels(monkeypatch)


def test_all_that_is_planned_can_be_played() -> None:
    assert len(ALBUMS) == 12
    assert sum(len(album.pieces) for album in ALBUMS) == 95
    sources = [piece.source for album in ALBUMS for piece in album.pieces]
    assert len(set(sources)) == len(sources)
    for album in ALBUMS:
        played = {*album.instruments, *(name for _, name in album.backing)}
        assert played <= {DRUMS, *INSTRUMENTS}
        assert {kind for kind, _ in album.backing} <= set(BACKINGS)
        assert all(album.artist or piece.artist for piece in album.pieces)


def test_parts_are_fetched_once_and_nothing_else_is_kept(tmp_path: Path, index: Index) -> None:
    folder = tmp_path / "parts"
    assert list(get_parts(folder)) == list(WHEELS)
    assert list(get_parts(folder)) == []
    assert index.asked == list(WHEELS)
    wanted = {folder / path for paths in WHEELS.values() for path in paths}
    kept = {path for path in tmp_path.rglob("*") if path.is_file()}
    assert kept == wanted


def test_without_a_network_the_message_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(songs, "pip_download", Index(broken="pretty_midi"))
    with pytest.raises(Unavailable, match=r"(?s)said: no network.*pip download --no-deps pretty"):
        list(get_parts(tmp_path))


def test_a_package_that_lacks_a_file_is_refused(
    tmp_path: Path, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(songs, "WHEELS", {"music21==1.0": ("music21/corpus/new.xml",)})
    with pytest.raises(Unavailable, match=r"music21/corpus/new\.xml is missing in music21-1\.0"):
        list(get_parts(tmp_path))


def test_a_damaged_package_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged(requirement: str, folder: Path) -> Path:
        wheel = Index()(requirement, folder)
        wheel.write_bytes(wheel.read_bytes()[:-30])
        with pytest.raises(zipfile.BadZipFile):
            zipfile.ZipFile(wheel)
        return wheel

    monkeypatch.setattr(songs, "pip_download", damaged)
    with pytest.raises(Unavailable, match=r"pretty_midi-1\.0.*cannot be unpacked"):
        list(get_parts(tmp_path))


def test_songs_are_made_once_tagged_and_the_same_every_time(tmp_path: Path, index: Index) -> None:
    albums = demo_wheels.ALBUMS
    list(get_parts(tmp_path / "parts"))
    assert list(make_songs(tmp_path / "one", tmp_path / "parts", albums)) == [0, 1, 2, 3, 4, 5]
    assert list(make_songs(tmp_path / "one", tmp_path / "parts", albums)) == [5]
    list(make_songs(tmp_path / "two", tmp_path / "parts", albums))

    one = [path for _, _, path in list_songs(tmp_path / "one", albums)]
    two = [path for _, _, path in list_songs(tmp_path / "two", albums)]
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in two]
    assert len({path.read_bytes() for path in one}) == 5
    assert not list(tmp_path.rglob("*.partial"))
    sound, rate = soundfile.read(one[4])
    assert (len(sound), rate, sound.ndim) == (SECONDS * RATE, RATE, 1)
    assert 0.7 < np.abs(sound).max() <= 0.8
    assert np.abs(sound[:: RATE // 50]).reshape(40, 50).max(axis=1).min() > 0.01  # sounds all along

    tags = read_tags(one[4])
    assert (tags.title, tags.artist, tags.album) == ("Second", "Cy", "Airs of Ireland")
    assert (tags.album_artist, tags.track, tags.year) == ("Various artists", 2, 1900)
    assert tags.genres == ("Folk",)
    assert read_tags(one[0]).artist == "Ann"


def test_further_parts_go_to_the_last_instrument_and_short_pieces_begin_again() -> None:
    album = demo_wheels.ALBUMS[1]
    part = (Note(0, 1, 60), Note(2, 3, 62))
    flute, second, piano, drums = arrange(Score((part, part), bar=4.0), album)
    assert [one.instrument for one in (flute, second, piano, drums)] == [
        "flute", "flute", "piano", "drums",
    ]  # fmt: skip
    assert len(flute.notes) == 2 * 15  # 40 s are 60 quarter notes, 15 bars
    assert flute.notes[2] == (4, 5, 60)
    assert flute.velocity > piano.velocity


def test_a_performance_is_uneven_by_its_seed_and_ends_on_time() -> None:
    notes = tuple(Note(float(beat), beat + 1.0, 60 + beat) for beat in range(200))
    struck = perform([Strand("flute", notes, 92), Strand(DRUMS, notes, 70)], 120.0, "seed")
    assert len(struck) == pytest.approx(2 * 80, abs=2)  # 40 s are 80 quarter notes
    assert all(0 <= one.time < SECONDS for one in struck)
    assert max(one.key for one in struck) == 127
    times = [one.time for one in struck if one.instrument == "flute"]
    assert 0 < np.abs(np.array(times) - 0.5 * np.arange(len(times))).mean() < 0.02
    assert struck == perform([Strand("flute", notes, 92), Strand(DRUMS, notes, 70)], 120.0, "seed")
    assert struck[0] != perform([Strand("flute", notes, 92)], 120.0, "another")[0]
