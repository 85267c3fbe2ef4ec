"""Made-up songs that sound like one another by album, as files with tags."""

import base64
from pathlib import Path
from typing import Any

import mutagen
import numpy as np
from mutagen.flac import FLAC, Picture

from sound.made_sounds import Sound, chord, clicks, noise, tone, write_sound

ALBUMS = {
    "Chords": "Ann",
    "Clicks": "Bob",
    "Whistles": "Cleo",
}


def make_song(album: str, number: int, seconds: float = 8.0) -> Sound:
    """Return a sound that is typical of an album."""
    if album == "Chords":
        root = 48 + 2 * number
        parts = [
            chord([root + up, root + up + 4, root + up + 7], seconds / 4) for up in (0, 5, 7, 0)
        ]
        return np.concatenate(parts)
    if album == "Clicks":
        return clicks(100 + 10 * number, seconds) + noise(seconds, level=0.02, seed=number)
    pitches = np.random.default_rng(number).uniform(900, 2500, 20)  # each goes its own way
    time = np.linspace(0, len(pitches) - 1, round(seconds * 22_050))
    course = np.interp(time, np.arange(len(pitches)), pitches)
    whistle = 0.3 * np.sin(2 * np.pi * np.cumsum(course) / 22_050)
    return (whistle + tone(440 + number, seconds, level=0.02)[: len(course)]).astype(np.float32)


def make_library(folder: Path, songs: int = 3) -> Path:
    """Write some songs of each album in several formats; return `folder`."""
    for album, artist in ALBUMS.items():
        (folder / album).mkdir(parents=True)
        for number in range(songs):
            ending = ("flac", "ogg", "mp3")[number % 3]
            path = folder / album / f"{number + 1:02} song.{ending}"
            write_sound(path, make_song(album, number))
            tag(path, title=f"{album} {number + 1}", artist=artist, album=album, genre=artist)
    return folder


PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg"
    "gg=="
)
"""A picture of one dot."""


def add_picture(path: Path) -> None:
    """Put a front cover into a FLAC file."""
    make: Any = Picture  # mutagen does not say its types
    read: Any = FLAC
    picture, file = make(), read(path)
    picture.type, picture.mime, picture.data = 3, "image/png", PNG
    file.add_picture(picture)
    file.save()


def tag(path: Path, **tags: str) -> None:
    """Write tags into a file."""
    file = mutagen.File(path, easy=True)
    assert file is not None
    for name, value in tags.items():
        file[name] = value
    file.save()
