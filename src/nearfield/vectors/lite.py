"""Milvus Lite by the path of its folder: own it, or find the process that serves it."""

import os
import shutil
import time
from pathlib import Path
from typing import Final

from nearfield.errors import InUse, InvalidInput, VectorsAway
from nearfield.locks import OwnerLock, explain, lock_file, read_owner

SERVING: Final = "serving"
ADDRESS: Final = "address"
"""What an owner tells that serves others: that it is about to, and where it does."""

START_SECONDS: Final = 20.0
"""Patience with a process that is about to serve."""

_LOOK_SECONDS: Final = 0.02

_REMEDY: Final = (
    "Milvus Lite serves one process. Stop that process, ask it through the HTTP service, or set "
    "NEARFIELD_MILVUS_URI to a Milvus server. While `nearfield serve` runs, commands share it."
)


def own(folder: Path, serving: bool = False) -> OwnerLock:
    """Lock a Lite folder, and mend what a kill left in it.

    Parameters
    ----------
    folder : Path
        Made by Milvus Lite where there is none.
    serving : bool
        Whether this process is about to serve it to others.

    Raises
    ------
    InUse
        If another process owns it.
    """
    if folder.suffix != ".db":
        raise InvalidInput(
            f"'{folder}' is neither the address of a Milvus server (http://host:19530) nor a "
            f"path ending in .db, which Milvus Lite wants. Rename it."
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    lock = OwnerLock(folder, _REMEDY, {SERVING: True} if serving else None)
    for collection in (folder / "collections").glob("*"):
        if not (collection / "schema.json").exists():  # its creation or removal was cut off
            shutil.rmtree(collection, ignore_errors=True)
    return lock


def find_server(folder: Path, waiting: bool = False, seconds: float = START_SECONDS) -> str:
    """Return the address at which the owner of a folder serves it, waiting where it is starting.

    Parameters
    ----------
    folder : Path
        Of Milvus Lite.
    waiting : bool
        Whether to wait also where nobody owns it: somebody is about to.
    seconds : float
        How long to wait.

    Raises
    ------
    InUse
        If its owner serves nobody.
    VectorsAway
        If it does not begin to serve in time.
    """
    until = time.monotonic() + seconds
    while True:
        owner = read_owner(folder)
        if owner and ADDRESS in owner:
            return str(owner[ADDRESS])
        if owner and "pid" in owner and SERVING not in owner:
            raise InUse(explain(folder, owner, _REMEDY))
        if owner is None and not waiting:
            raise VectorsAway(
                f"the process that served {folder} has ended. Do it again, or start "
                f"`nearfield serve` again."
            )
        if time.monotonic() > until:
            raise VectorsAway(
                f"the process that is to serve {folder} does not answer after {seconds:.0f} s. "
                f"Look into the log of `nearfield serve`, and start it again."
            )
        time.sleep(_LOOK_SECONDS)


def owner_mark(folder: Path) -> bytes:
    """Return what changes whenever another process comes to own a folder; takes microseconds."""
    try:
        file = os.open(lock_file(folder), os.O_RDONLY)
    except FileNotFoundError:
        return b""
    try:
        return os.read(file, 4096)
    finally:
        os.close(file)
