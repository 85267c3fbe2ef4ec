"""The list of an index's files: which segments make it up, and which of their songs are gone."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final
from zlib import crc32

from nearfield.errors import CheckFailed
from nearfield.sound.matching.index_layout import VERSION
from nearfield.sound.matching.index_segment import Sizes

MANIFEST: Final = "manifest.json"


@dataclass(frozen=True, slots=True)
class Entry:
    """One segment: its file's name, what it holds, and the rows of songs that are gone."""

    name: str
    sizes: Sizes
    gone: tuple[int, ...] = ()


def read(folder: Path) -> tuple[Entry, ...]:
    """Return the segments of an index; none where there is no index.

    Raises
    ------
    CheckFailed
        If the list is damaged, or of another version.
    """
    path = folder / MANIFEST
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as error:
        raise CheckFailed(f"{path} cannot be read: {error}") from error
    try:
        told = json.loads(text)
        version, check, segments = told["version"], told["check"], told["segments"]
        if version != VERSION:
            raise CheckFailed(f"{path} is of version {version}, but this is version {VERSION}.")
        if check != _check(segments):
            raise CheckFailed(f"{path} is damaged: its content has another checksum.")
        return tuple(
            Entry(entry["name"], Sizes(**entry["sizes"]), tuple(entry["gone"]))
            for entry in segments
        )
    except (ValueError, KeyError, TypeError) as error:
        raise CheckFailed(f"{path} is no list of segments: {error}") from error


def write(folder: Path, entries: tuple[Entry, ...]) -> None:
    """Replace the list; a reader sees the old one or the new one, and so does one after a crash."""
    segments = [asdict(entry) for entry in entries]
    told = {"version": VERSION, "check": _check(segments), "segments": segments}
    partial = folder / f"{MANIFEST}.partial"
    with partial.open("w", encoding="utf-8") as file:
        json.dump(told, file)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(folder / MANIFEST)
    _settle(folder)


def _settle(folder: Path) -> None:
    """Have the folder's names written to the disk, where the system can do that."""
    if hasattr(os, "O_DIRECTORY"):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _check(segments: object) -> int:
    return crc32(json.dumps(segments, sort_keys=True).encode())
