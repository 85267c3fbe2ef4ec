"""Where the arrays of inference lie: in memory, or in files that are mapped into it.

What is mapped the system writes to the disk, and reads again, as it needs the memory for others;
so it counts as little as a file that was read. What is in memory stays there.
"""

import json
import os
import shutil
import tempfile
import weakref
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

Shapes: TypeAlias = Mapping[str, tuple[tuple[int, ...], DTypeLike]]
"""Shape and type of each array, by name."""

Arrays: TypeAlias = dict[str, NDArray[Any]]

_KEY: Final = "key.json"
_SHARE: Final = 0.5
"""Of the memory that is free: what inference may take. Others want some, too."""


class Room(Protocol):
    """Gives arrays their place."""

    def made(self, name: str, shapes: Shapes, fill: Callable[[Arrays], None]) -> Arrays:
        """Return arrays that `fill` filled, now or before a kill.

        Parameters
        ----------
        name : str
            Of all of them together.
        shapes : mapping
            What to make.
        fill : callable
            Writes into the arrays that it is given.
        """

    def drop(self, name: str) -> None:
        """Give up arrays that nothing refers to any more."""


class Memory:
    """Arrays in memory."""

    def made(self, name: str, shapes: Shapes, fill: Callable[[Arrays], None]) -> Arrays:
        """Return arrays that `fill` filled."""
        arrays = {field: np.empty(shape, kind) for field, (shape, kind) in shapes.items()}
        fill(arrays)
        return arrays

    def drop(self, name: str) -> None:
        """Nothing: memory is free once nothing refers to it."""


MEMORY: Final = Memory()


class Disk:
    """Arrays in files, a folder for those that are made together.

    A folder has its name once it is whole: what a kill left unfinished is made again.

    Parameters
    ----------
    folder : Path, optional
        Made when first needed; whoever gives it removes it. Where not given, one of the system's
        folder for temporary files, which goes with this object.
    key : mapping
        What the arrays come from: those of another key are removed.
    """

    def __init__(self, folder: Path | None, key: Mapping[str, Any]) -> None:
        if folder is None:
            folder = Path(tempfile.mkdtemp(prefix="nearfield-"))
            # on Windows a file that is mapped stays until the program ends
            weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self._folder = folder
        written = json.dumps(dict(key), sort_keys=True)
        known = folder / _KEY
        if not known.exists() or known.read_text(encoding="utf-8") != written:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            known.write_text(written, encoding="utf-8")

    def made(self, name: str, shapes: Shapes, fill: Callable[[Arrays], None]) -> Arrays:
        """Return arrays that `fill` filled, now or before a kill."""
        whole = self._folder / name
        if not whole.exists():
            self._make(whole, shapes, fill)
        return {field: _plain(np.load(whole / f"{field}.npy", mmap_mode="r+")) for field in shapes}

    def drop(self, name: str) -> None:
        """Remove the files."""
        shutil.rmtree(self._folder / name, ignore_errors=True)

    def _make(self, whole: Path, shapes: Shapes, fill: Callable[[Arrays], None]) -> None:
        partial = whole.with_name(f"{whole.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        mapped = {
            field: np.lib.format.open_memmap(
                partial / f"{field}.npy", "w+", dtype=np.dtype(kind), shape=shape
            )
            for field, (shape, kind) in shapes.items()
        }
        fill({field: _plain(array) for field, array in mapped.items()})
        for array in mapped.values():
            array.flush()
        del mapped, array  # Windows renames no folder of which a file is mapped
        partial.rename(whole)


def room_for(
    needed: int, key: Mapping[str, Any], folder: Path | None, memory: int | None = None
) -> Room:
    """Return memory, where there is enough of it, or files.

    Parameters
    ----------
    needed : int
        Bytes.
    key, folder
        As in `Disk`.
    memory : int, optional
        Bytes that may be taken; half of what is free where not given.
    """
    allowed = int(free_memory() * _SHARE) if memory is None else memory
    return MEMORY if needed <= allowed else Disk(folder, key)


def free_memory() -> int:
    """Return how many bytes this process can have: of the machine, or of its container."""
    limits = [_of_machine()]
    top, used = Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")
    with suppress(OSError, ValueError):  # no container, or one without a limit ("max")
        limits.append(int(top.read_text()) - int(used.read_text()))
    return max(0, min(limits))


def _of_machine() -> int:
    with suppress(OSError):  # elsewhere than on Linux
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    return 4 * 1024**3  # nothing tells: what a small machine has to spare


def _plain(mapped: NDArray[Any]) -> NDArray[Any]:
    """Return an array over the same memory of the type that compiled loops know."""
    plain: NDArray[Any] = mapped.view(np.ndarray)
    return plain
