"""One process owns a Milvus Lite folder: a lock of the operating system, which a kill releases."""

import json
import os
import shlex
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from nearfield.errors import InUse

if sys.platform == "win32":  # pragma: no cover
    import msvcrt
else:
    import fcntl

LITE_REMEDY: Final = (
    "Milvus Lite serves one process. Stop that process, ask it through the HTTP service, or set "
    "NEARFIELD_MILVUS_URI to a Milvus server."
)
"""What to do when another process has a Milvus Lite folder open."""

_LONGEST: Final = 200
"""Characters of the command line that are kept."""

_FAR: Final = 1 << 30
"""Windows locks bytes, and a locked byte cannot be read: lock one behind the text."""


class OwnerLock:
    """The right to open one folder, held until `release` or the end of the process.

    Parameters
    ----------
    folder : Path
        What is owned; the lock is the file beside it, `<folder>.lock`, which stays.
    remedy : str
        What the one who is refused should do.

    Raises
    ------
    InUse
        Naming the owner (pid, command, since when) and the remedy.
    """

    def __init__(self, folder: Path, remedy: str = LITE_REMEDY) -> None:
        self._file = os.open(f"{folder}.lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            _lock(self._file)
        except OSError:
            owner = _read(self._file)
            os.close(self._file)
            raise InUse(_explain(folder, owner, remedy)) from None
        command = shlex.join(sys.argv)[:_LONGEST]
        since = datetime.now(UTC).isoformat(timespec="seconds")
        text = json.dumps({"pid": os.getpid(), "command": command, "since": since})
        os.ftruncate(self._file, 0)
        os.write(self._file, text.encode())

    def release(self) -> None:
        """Let another process own the folder. The file stays: removing it would race."""
        if self._file >= 0:
            os.ftruncate(self._file, 0)
            os.close(self._file)
            self._file = -1


def _lock(file: int) -> None:
    """Take the lock or raise `OSError` at once."""
    if sys.platform == "win32":  # pragma: no cover
        os.lseek(file, _FAR, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        os.lseek(file, 0, os.SEEK_SET)
    else:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _read(file: int) -> dict[str, object]:
    """Return what the owner wrote; nothing if it has not come to that yet."""
    os.lseek(file, 0, os.SEEK_SET)
    try:
        found = json.loads(os.read(file, 4096))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _explain(folder: Path, owner: dict[str, object], remedy: str) -> str:
    if owner.get("pid") == os.getpid():
        return (
            f"{folder} is open in this process already (since {owner.get('since')}). "
            f"Use that object, or close it first."
        )
    return (
        f"{folder} is in use by process {owner.get('pid', '(unknown)')} "
        f"({owner.get('command', 'starting')}, since {owner.get('since', 'now')}): {remedy}"
    )
