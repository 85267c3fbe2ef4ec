"""Choose real tracks from any folder of music, exact copies left out.

Every folder just below the one given (an album, a game, a package) gives a track in its turn, so
that the first tracks are as different from each other as the collection allows.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, zip_longest
from pathlib import Path

import av

from nearfield.sound.scan import find_sounds

__all__ = ["Track", "choose"]


@dataclass(frozen=True, slots=True)
class Track:
    """A file of music."""

    path: Path
    folder: str  # just below the folder that was searched; "" where the file lies in that itself
    digest: str  # SHA-256 of the file
    seconds: float


def choose(
    music: Path, least_seconds: float = 40.0, known: frozenset[str] = frozenset()
) -> Iterator[Track]:
    """Find tracks of at least so many seconds, one folder after another, each content once.

    The order depends on the files' contents alone, as long as the folders hold the same.

    Parameters
    ----------
    music : Path
        A folder, searched with all below it.
    least_seconds : float
        Shorter files are left out, and what cannot be opened is too.
    known : frozenset of str
        Digests of files to leave out.
    """
    by_folder: dict[str, list[tuple[str, Path]]] = {}
    seen = set(known)
    for path in sorted(one.path for one in find_sounds([music]) if one.error is None):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if digest not in seen:
            seen.add(digest)
            parts = path.relative_to(music.resolve()).parts
            folder = parts[0] if len(parts) > 1 else ""
            by_folder.setdefault(folder, []).append((digest, path))
    rows = zip_longest(*(sorted(found) for _, found in sorted(by_folder.items())))
    for entry in chain.from_iterable(rows):
        if entry is not None:
            digest, path = entry
            seconds = _duration(path)
            if seconds >= least_seconds:
                folder = path.relative_to(music.resolve()).parts[0]
                yield Track(path, folder if folder != path.name else "", digest, seconds)


def _duration(path: Path) -> float:
    """Return the seconds that a file states; 0 where it cannot be opened or states none."""
    try:
        with av.open(str(path), metadata_errors="replace") as container:
            return (container.duration or 0) / 1_000_000
    except (av.FFmpegError, OSError):
        return 0.0
