"""Finds the sound files below folders, tells equal content apart, and writes names as text."""

import hashlib
import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nearfield.sound.formats import EXTENSIONS
from nearfield.sound.unreadable import Unreadable

_CHUNK: Final = 1024 * 1024
_LEFT_OUT: Final = frozenset(
    {"@eadir", "#recycle", "$recycle.bin", "lost+found", "system volume information"}
)
"""Folders of file servers and systems; hidden ones are left out too."""

_ESCAPED: Final = re.compile(r"\\x([0-9a-f]{2})")


@dataclass(frozen=True, slots=True)
class Found:
    """A sound file, or a folder or file that could not be looked at.

    Parameters
    ----------
    path : Path
        Absolute; links are kept as they are.
    size : int
        Bytes.
    modified : int
        When it was changed last: nanoseconds since 1970.
    error : Unreadable, optional
        Why nothing is known of it; size and time are 0 then.
    """

    path: Path
    size: int
    modified: int
    error: Unreadable | None = None


def find_sounds(paths: Iterable[Path]) -> Iterator[Found]:
    """Yield the sound files among and below some paths, each once, folder by folder by name.

    Below a folder, files that are not named like sound (`formats.EXTENSIONS`) and all that is
    hidden are left out; a file that is named itself is always given. A folder to which several
    links lead is looked at once, so that links in a circle come to an end.
    """
    given: set[str] = set()
    folders: set[tuple[int, int]] = set()
    for path in paths:
        top = Path(os.path.abspath(path))
        for found in _walk(top, folders) if top.is_dir() else [_look_at(top)]:
            if os.fspath(found.path) not in given:
                given.add(os.fspath(found.path))
                yield found


def _walk(folder: Path, seen: set[tuple[int, int]]) -> Iterator[Found]:
    """Yield what is in a folder and, after its files, what is in the folders below it."""
    waiting = [folder]  # a stack, not recursion: folders may be nested a thousand deep
    while waiting:
        current = waiting.pop()
        try:
            status = current.stat()
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            with os.scandir(current) as listing:
                entries = sorted(listing, key=lambda entry: os.fsencode(entry.name))
        except OSError as error:
            yield _failed(current, error)
            continue
        yield from (_look_at(current / entry.name) for entry in entries if _is_wanted(entry))
        waiting += [current / entry.name for entry in reversed(entries) if _is_folder(entry)]


def _is_wanted(entry: os.DirEntry[str]) -> bool:
    """Tell whether something in a folder is named like a sound file, and is one as files go."""
    if entry.name.startswith(".") or Path(entry.name).suffix.lower() not in EXTENSIONS:
        return False
    try:
        return entry.is_file() or (entry.is_symlink() and not entry.is_dir())  # it may lead nowhere
    except OSError:
        return True


def _is_folder(entry: os.DirEntry[str]) -> bool:
    if entry.name.startswith(".") or entry.name.lower() in _LEFT_OUT:
        return False
    try:
        return entry.is_dir()
    except OSError:
        return False


def _look_at(path: Path) -> Found:
    try:
        status = path.stat()
    except OSError as error:
        return _failed(path, error)
    if not stat.S_ISREG(status.st_mode):
        wrong = Unreadable("missing", path, "it is no file, but a pipe or a device. Leave it out.")
        return Found(path, 0, 0, wrong)
    return Found(path, status.st_size, status.st_mtime_ns)


def _failed(path: Path, error: OSError) -> Found:
    return Found(path, 0, 0, _unreadable(path, error))


def _unreadable(path: Path, error: OSError) -> Unreadable:
    if isinstance(error, PermissionError):
        return Unreadable(
            "permission", path, "this user may not read it. Change its owner or mode."
        )
    return Unreadable(
        "missing", path, f"the system cannot read it ({error.strerror}). Scan the folder again."
    )


def content_hash(path: Path) -> str:
    """Return the BLAKE2b hash of a file's bytes, 32 hexadecimal digits.

    Raises
    ------
    Unreadable
        If it is not there or may not be read.
    """
    digest = hashlib.blake2b(digest_size=16)
    try:
        with path.open("rb", buffering=0) as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    except OSError as error:
        raise _unreadable(path, error) from error
    return digest.hexdigest()


def path_text(path: Path) -> str:
    r"""Write a path as text that any database keeps; `path_of` turns it back exactly.

    Names are bytes to Linux. Those that are not UTF-8 are written as ``\xe9``, and a backslash
    that could be mistaken for the beginning of one as ``\x5c``.

    Examples
    --------
    >>> path_text(Path(os.fsdecode(b"/music/caf\xe9.mp3")))
    '/music/caf\\xe9.mp3'
    """
    text = os.fspath(path).replace("\\x", "\\x5cx")
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def path_of(text: str) -> Path:
    """Return the path that `path_text` wrote."""
    return Path(_ESCAPED.sub(_byte, text))


def _byte(escape: re.Match[str]) -> str:
    byte = int(escape[1], 16)
    return chr(byte) if byte < 0x80 else chr(0xDC00 + byte)  # as os.fsdecode does
