"""Files that a worker on another machine may not see: told by size and time, sent where needed."""

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from nearfield.bulk.work import UNSEEN, Fault
from nearfield.errors import Unavailable

MOST_SENT: Final = 256 * 1024 * 1024
"""Bytes of the largest file that is sent; one is on its way to each worker at most."""

Fetch: TypeAlias = Callable[[Path], bytes | memoryview | str]
"""Brings the bytes of a file from the machine that asked, or the reason why it cannot."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as the machine that asked sees it.

    Parameters
    ----------
    path : Path
        Where.
    size : int
        In bytes.
    second : int
        When it was last changed, in whole seconds: all that some shared folders keep.
    """

    path: Path
    size: int
    second: int

    @classmethod
    def of(cls, path: Path) -> "Seen | None":
        """Look at a file; None where there is none."""
        try:
            found = path.stat()
        except OSError:
            return None
        return cls(path, found.st_size, int(found.st_mtime))

    def is_here(self) -> bool:
        """Tell whether this machine sees the same file at the same place."""
        return Seen.of(self.path) == self


class Unseen(Exception):
    """A file can neither be seen nor be had; the text says why, to stand behind its name."""

    @property
    def fault(self) -> Fault:
        """What is told of the job that wanted it."""
        return Fault(UNSEEN, str(self))


def files_below(folders: Iterable[Path]) -> tuple[Seen, ...]:
    """Return all files in some folders, sorted."""
    found = (Seen.of(one) for folder in folders for one in sorted(folder.rglob("*")))
    return tuple(one for one in found if one is not None and one.path.is_file())


@contextmanager
def at_hand(files: Iterable[Seen], fetch: Fetch) -> Iterator[Mapping[Path, Path]]:
    """Have some files on this machine for the time of the block.

    Yields
    ------
    dict
        Where those lie that had to be fetched; the others lie where they are said to.

    Raises
    ------
    Unseen
        If one cannot be had.
    """
    away = [one for one in files if not one.is_here()]
    if not away:
        yield {}
        return
    with tempfile.TemporaryDirectory(prefix="nearfield-") as folder:
        places = {}
        for number, one in enumerate(away):
            # the ending stays: some readers go by it
            place = Path(folder) / f"{number}{one.path.suffix}"
            place.write_bytes(_fetched(one, fetch))
            places[one.path] = place
        yield places


def unpack(files: tuple[Seen, ...], fetch: Fetch) -> Path | None:
    """Have the folders of a work on this machine for as long as it runs, and longer.

    What was fetched is kept beside the system's temporary files, by content: processes of one
    machine, and the runs to come, share it.

    Returns
    -------
    Path, optional
        The folder below which they lie as they do on the machine that asked; None where they lie
        just there.

    Raises
    ------
    Unseen
        If a file cannot be had.
    Unavailable
        If another user owns the place where it is kept.
    """
    if all(one.is_here() for one in files):
        return None
    contents = [(one.path, bytes(_fetched(one, fetch))) for one in files]
    digest = hashlib.blake2b(digest_size=16)
    for path, content in contents:
        digest.update(f"{path}\0{len(content)}\0".encode(errors="surrogateescape") + content)
    root = _own_folder() / digest.hexdigest()
    if not root.exists():
        draft = Path(tempfile.mkdtemp(dir=root.parent))
        for path, content in contents:
            place = below(draft, path)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        try:
            draft.rename(root)
        except OSError:  # another process of this machine was quicker
            if not root.exists():
                raise
    return root


def _fetched(wanted: Seen, fetch: Fetch) -> bytes | memoryview:
    if wanted.size > MOST_SENT:
        raise Unseen(
            f"lies where this worker does not see it, and {wanted.size:,} bytes are too many to be "
            f"sent (at most {MOST_SENT:,}). Put it into a folder that all machines share."
        )
    found = fetch(wanted.path)
    if isinstance(found, str):
        raise Unseen(found)
    return found


def _own_folder() -> Path:
    folder = Path(tempfile.gettempdir()) / f"nearfield-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise Unavailable(f"{folder} belongs to another user. Remove it, or set TMPDIR.")
    return folder


def below(root: Path, path: Path) -> Path:
    """Return where a path of the machine that asked lies below a folder."""
    return root / path.relative_to(path.anchor)
