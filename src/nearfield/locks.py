"""One process owns a folder: a lock of the operating system, which a kill releases."""

import json
import os
import shlex
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from nearfield.errors import InUse

if sys.platform == "win32":  # pragma: no cover
    import msvcrt
else:
    import fcntl

WAIT: Final = "Wait until that process is done, or stop it."

_LONGEST: Final = 200
"""Characters of the command line that are kept."""

_LOOKS: Final = 10
_LOOK_SECONDS: Final = 0.005

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
    facts : mapping, optional
        What to tell from the first moment; see `tell`.

    Raises
    ------
    InUse
        Naming the owner (pid, command, since when) and the remedy.
    """

    def __init__(
        self, folder: Path, remedy: str = WAIT, facts: Mapping[str, object] | None = None
    ) -> None:
        self._file = os.open(lock_file(folder), os.O_RDWR | os.O_CREAT, 0o644)
        try:
            _lock_soon(self._file)
        except OSError:
            owner = _read(self._file)
            os.close(self._file)
            raise InUse(explain(folder, owner, remedy)) from None
        command = shlex.join(sys.argv)[:_LONGEST]
        since = datetime.now(UTC).isoformat(timespec="seconds")
        self._told: dict[str, object] = {"pid": os.getpid(), "command": command, "since": since}
        self.tell(**(facts or {}))

    def tell(self, **facts: object) -> None:
        """Let other processes know more of the owner; `read_owner` returns it."""
        self._told |= facts
        text = json.dumps(self._told).encode()
        os.lseek(self._file, 0, os.SEEK_SET)
        os.write(self._file, text)  # before it is cut: a reader never finds nothing
        os.ftruncate(self._file, len(text))

    def release(self) -> None:
        """Let another process own the folder. The file stays: removing it would race."""
        if self._file >= 0:
            os.ftruncate(self._file, 0)
            os.close(self._file)
            self._file = -1


def lock_file(folder: Path) -> Path:
    """Return the file whose lock owns a folder."""
    return folder.with_name(f"{folder.name}.lock")


def read_owner(folder: Path) -> dict[str, object] | None:
    """Return what the owner of a folder tells; None where no living process owns it."""
    try:
        file = os.open(lock_file(folder), os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        _lock(file, shared=True)  # two who look at once see no owner in each other
    except OSError:
        return _read(file)
    else:
        return None
    finally:
        os.close(file)  # which unlocks


def _lock_soon(file: int) -> None:
    """Take the lock; wait a moment for those who only look whether somebody has it."""
    for _ in range(_LOOKS):
        try:
            return _lock(file)
        except OSError:
            time.sleep(_LOOK_SECONDS)
    _lock(file)


def _lock(file: int, shared: bool = False) -> None:
    """Take the lock or raise `OSError` at once."""
    if sys.platform == "win32":  # pragma: no cover
        os.lseek(file, _FAR, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        os.lseek(file, 0, os.SEEK_SET)
    else:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)


def _read(file: int) -> dict[str, object]:
    """Return what the owner wrote; nothing if it has not come to that yet."""
    os.lseek(file, 0, os.SEEK_SET)
    try:
        found = json.loads(os.read(file, 4096))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def explain(folder: Path, owner: dict[str, object], remedy: str = WAIT) -> str:
    """Say who owns a folder, and what to do."""
    if owner.get("pid") == os.getpid():
        return (
            f"{folder} is open in this process already (since {owner.get('since')}). "
            f"Use that object, or close it first."
        )
    return (
        f"{folder} is in use by process {owner.get('pid', '(unknown)')} "
        f"({owner.get('command', 'starting')}, since {owner.get('since', 'now')}): {remedy}"
    )
