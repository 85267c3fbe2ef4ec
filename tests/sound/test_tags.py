"""Tags of every family are read; broken or odd ones never fail a file."""

# mypy: disable-error-code="no-untyped-call"
# (mutagen's classes do not say their types)

import base64
import os
from pathlib import Path
from typing import Any

import mutagen
import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from mutagen import id3
from mutagen.apev2 import APEBinaryValue
from mutagen.asf._attrs import ASFByteArrayAttribute
from mutagen.flac import FLAC, Picture
from mutagen.mp3 import MP3
from mutagen.mp4 import MP4Cover

from nearfield.sound.tags import Cover, Tags, one_line, read_cover, read_tags, title_of
from sound.made_sounds import tone, write_sound

JPEG = b"\xff\xd8\xff\xe0" + b"jpeg" * 50
PNG = b"\x89PNG\r\n\x1a\n" + b"png " * 50

WANTED = Tags(
    title="Größe",
    artist="Jürgen, 坂本",
    album="Night Flight",
    album_artist="Various",
    track=3,
    year=1999,
    genres=("Jazz", "Soul"),
)


def _id3(file: Any) -> None:
    if file.tags is None:
        file.add_tags()
    file.tags.add(id3.TIT2(encoding=3, text=WANTED.title))
    file.tags.add(id3.TPE1(encoding=3, text=["Jürgen", "坂本"]))
    file.tags.add(id3.TALB(encoding=3, text=WANTED.album))
    file.tags.add(id3.TPE2(encoding=3, text=WANTED.album_artist))
    file.tags.add(id3.TRCK(encoding=3, text="3/12"))
    file.tags.add(id3.TDRC(encoding=3, text="1999-05-01"))
    file.tags.add(id3.TCON(encoding=3, text=["(8)", "Soul"]))
    file.tags.add(id3.APIC(encoding=3, mime="image/png", type=4, desc="back", data=PNG))
    file.tags.add(id3.APIC(encoding=3, mime="image/png", type=3, desc="front", data=JPEG))


def _vorbis(file: Any) -> None:
    file["TITLE"], file["ARTIST"] = WANTED.title, ["Jürgen", "坂本"]
    file["album"], file["ALBUMARTIST"] = WANTED.album, WANTED.album_artist
    file["tracknumber"], file["date"], file["genre"] = "03", "1999", ["Jazz", "Soul"]
    picture = Picture()
    picture.type, picture.mime, picture.data = 3, "image/jpeg", JPEG
    if isinstance(file, FLAC):
        file.add_picture(picture)
    else:
        file["metadata_block_picture"] = base64.b64encode(picture.write()).decode()


def _mp4(file: Any) -> None:
    file["\xa9nam"], file["\xa9ART"] = WANTED.title, ["Jürgen", "坂本"]
    file["\xa9alb"], file["aART"] = WANTED.album, WANTED.album_artist
    file["trkn"], file["\xa9day"], file["\xa9gen"] = [(3, 12)], "1999-05-01T07:00:00Z", "Jazz/Soul"
    file["covr"] = [MP4Cover(JPEG, MP4Cover.FORMAT_JPEG)]


def _ape(file: Any) -> None:
    file["Title"], file["Artist"] = WANTED.title, ["Jürgen", "坂本"]
    file["Album"], file["Album Artist"] = WANTED.album, WANTED.album_artist
    file["Track"], file["Year"], file["Genre"] = "3/12", "1999", "Jazz; Soul"
    file["Cover Art (Front)"] = APEBinaryValue(b"front.jpg\0" + JPEG)


def _asf(file: Any) -> None:
    file["Title"], file["Author"] = WANTED.title, ["Jürgen", "坂本"]
    file["WM/AlbumTitle"], file["WM/AlbumArtist"] = WANTED.album, WANTED.album_artist
    file["WM/TrackNumber"], file["WM/Year"], file["WM/Genre"] = 3, "1999", ["Jazz", "Soul"]
    texts = "image/jpeg\0front\0".encode("utf-16-le")
    attribute = b"\x03" + len(JPEG).to_bytes(4, "little") + texts + JPEG
    file["WM/Picture"] = ASFByteArrayAttribute(attribute)


WRITERS = {
    "mp3": _id3,
    "wav": _id3,
    "aiff": _id3,
    "flac": _vorbis,
    "ogg": _vorbis,
    "opus": _vorbis,
    "m4a": _mp4,
    "alac.m4a": _mp4,
    "wma": _asf,
    "wv": _ape,
}


@pytest.mark.parametrize("ending", WRITERS)
def test_all_fields_are_read(tmp_path: Path, ending: str) -> None:
    path = write_sound(tmp_path / f"a.{ending}", tone(440, 1, 48_000), 48_000)
    file = mutagen.File(path)
    WRITERS[ending](file)
    file.save()
    assert read_tags(path) == WANTED
    assert read_cover(path) == Cover(JPEG, "image/jpeg")
    renamed = path.rename(tmp_path / "a.unknown")
    assert read_tags(renamed) == WANTED


@pytest.mark.parametrize("ending", [*WRITERS, "aac", "mka", "caf"])
def test_a_file_without_tags_is_titled_by_its_name(tmp_path: Path, ending: str) -> None:
    path = write_sound(tmp_path / f"a.{ending}", tone(440, 1, 48_000), 48_000)
    assert read_tags(path) == Tags()
    assert read_cover(path) is None
    assert title_of(tmp_path / "07. Le_Temps.ogg", Tags()) == "Le Temps"
    assert title_of(path, Tags(title="Own")) == "Own"


def test_what_mutagen_leaves_out_is_read_by_ffmpeg(tmp_path: Path) -> None:
    with soundfile.SoundFile(tmp_path / "a.wav", "w", 8_000, 1) as file:
        file.title, file.artist, file.date = "Info", "Chunk", "2001"
        file.write(tone(440, 1, 8_000))
    assert read_tags(tmp_path / "a.wav") == Tags(title="Info", artist="Chunk", year=2001)


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("01 Song.mp3", "Song"),
        ("01-song.mp3", "song"),
        ("1. Song.mp3", "Song"),
        ("12 - Song.mp3", "Song"),
        ("003_a_b.mp3", "a b"),
        ("99 Luftballons.mp3", "99 Luftballons"),
        ("1999.mp3", "1999"),
        ("7-11.mp3", "7-11"),
        ("01.mp3", "01"),
        ("Artist - Title.mp3", "Artist - Title"),
        ("a.b.c.mp3", "a.b.c"),
        ("___.mp3", "untitled"),
        (os.fsdecode(b"caf\xe9.mp3"), "caf\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_titles_made_of_names(name: str, title: str) -> None:
    assert title_of(Path("/music") / name, Tags()) == title


@pytest.mark.parametrize(
    ("year", "track", "expected"),
    [
        ("20030501", "7", (2003, 7)),
        ("May 1987", "A7", (1987, 7)),
        ("0000", "0", (None, None)),
        ("87", "", (None, None)),
        ("", "x", (None, None)),
        ("12345678901", "99999999999999999999", (1234, 999_999_999)),
    ],
)
def test_years_and_tracks_are_found_or_left_out(
    tmp_path: Path, year: str, track: str, expected: tuple[int | None, int | None]
) -> None:
    path = write_sound(tmp_path / "a.flac", tone(440, 1))
    file: Any = FLAC(path)
    file["title"], file["date"], file["tracknumber"] = "T", year, track
    file.save()
    tags = read_tags(path)
    assert (tags.year, tags.track) == expected


def test_genres_are_split_and_given_once(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.flac", tone(440, 1))
    file: Any = FLAC(path)
    file["title"] = "T"
    file["genre"] = ["Rock; pop/ROCK", "Drum & Bass|R'n'B,  ", "", "Pop"]
    file.save()
    assert read_tags(path).genres == ("Rock", "pop", "Drum & Bass", "R'n'B")
    file["genre"] = [f"g{number}" for number in range(99)]
    file.save()
    assert len(read_tags(path).genres) == 10


def test_utf8_declared_as_latin1_is_repaired(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.mp3", tone(440, 1, 44_100), 44_100)
    file: Any = MP3(path)
    wrong = "Beyoncé".encode().decode("latin-1")
    file.tags.add(id3.TPE1(encoding=0, text=wrong))
    file.tags.add(id3.TIT2(encoding=0, text="Beyoncé"))
    file.save()
    tags = read_tags(path)
    assert (tags.artist, tags.title) == ("Beyoncé", "Beyoncé")


def test_long_and_broken_lines_become_one_short_line(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.flac", tone(440, 1))
    file: Any = FLAC(path)
    file["title"] = "  a\r\nb\tc\u2028d\x00\x07e  "
    file["artist"] = "x" * 100_000
    file["album"] = "e\u0301"
    file.save()
    tags = read_tags(path)
    assert tags.title in ("a b c d e", "a b c d, e")
    assert tags.artist == "x" * 500
    assert tags.album == "é"


@given(st.text())
def test_any_text_becomes_one_line(text: str) -> None:
    line = one_line(text)
    assert len(line) <= 500
    assert line == line.strip()
    assert not set(line) & set("\r\n\t\0\v\f\x1b\u2028\u2029")
    line.encode("utf-8")
    assert one_line(line) == line


@pytest.mark.parametrize("ending", [*WRITERS, "aac", "mka"])
def test_damaged_tags_never_raise(tmp_path: Path, ending: str) -> None:
    path = write_sound(tmp_path / f"a.{ending}", tone(440, 1, 48_000), 48_000)
    if ending in WRITERS:
        file = mutagen.File(path)
        WRITERS[ending](file)
        file.save()
    whole = np.frombuffer(path.read_bytes(), dtype=np.uint8)
    for seed in range(30):
        random = np.random.default_rng(seed)
        content = whole[: random.integers(1, len(whole))].copy()
        content[random.integers(0, len(content), 100)] = random.integers(0, 256, 100)
        path.write_bytes(content.tobytes())
        tags = read_tags(path)
        assert len(tags.title) <= 500
        read_cover(path)


def test_what_cannot_be_opened_has_no_tags(tmp_path: Path) -> None:
    assert read_tags(tmp_path / "none.mp3") == Tags()
    assert read_cover(tmp_path) is None
    (tmp_path / "a.mp3").write_bytes(b"")
    assert read_tags(tmp_path / "a.mp3") == Tags()


def test_a_cover_that_is_no_picture_is_left_out(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.mp3", tone(440, 1, 44_100), 44_100)
    file: Any = MP3(path)
    file.tags.add(id3.APIC(encoding=3, mime="image/jpeg", type=3, data=b"<script>"))
    file.save()
    assert read_cover(path) is None
    file.tags.add(id3.APIC(encoding=3, mime="text/html", type=4, desc="b", data=PNG))
    file.save()
    assert read_cover(path) == Cover(PNG, "image/png")


def test_two_fields_are_enough(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.wv", tone(440, 1))
    file: Any = mutagen.File(path)
    file["Title"], file["Year"] = "T", "1980"
    file.save()
    assert read_tags(path) == Tags(title="T", year=1980)
