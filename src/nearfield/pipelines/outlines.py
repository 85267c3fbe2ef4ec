"""The outline of a song's loudness, as a page draws it. Decodes the file once, then keeps it."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from nearfield.catalogue.sound_facts import SoundFile
from nearfield.sound.scan import path_of

COLUMNS: Final = 800
"""Peaks of one outline: as many as a wide page has room for."""

_RATE: Final = 8_000
_BLOCK: Final = 80  # samples, 10 ms: shorter than any column of what is worth drawing


@dataclass(frozen=True)
class Outline:
    """How loud a song is from its beginning to its end.

    Parameters
    ----------
    duration : float
        Seconds.
    peaks : float32, shape (COLUMNS,)
        Largest absolute sample in each equal part, in [0, 1].
    """

    duration: float
    peaks: NDArray[np.float32]


def outline_of(file: SoundFile, cache: Path) -> Outline:
    """Return the outline of a sound file; made anew where its bytes changed.

    Parameters
    ----------
    file : SoundFile
        As the catalogue has it.
    cache : Path
        Folder of the home's cache.

    Raises
    ------
    Unreadable
        If it cannot be decoded.
    """
    kept = cache / "outlines" / f"{file.content}.npy"
    try:
        found = np.load(kept, allow_pickle=False)
    except (FileNotFoundError, ValueError):  # a kill in the middle of writing cannot leave half
        found = _measured(path_of(file.path))
        _keep(kept, found)
    return Outline(float(found[0]), found[1:])


def columns(blocks: NDArray[np.float32], count: int = COLUMNS) -> NDArray[np.float32]:
    """Return the largest of each of `count` equal parts, shape (count,); short sounds repeat.

    >>> columns(np.array([1, 3, 2, 0], dtype=np.float32), 2).tolist()
    [3.0, 2.0]
    """
    if not len(blocks):
        return np.zeros(count, dtype=np.float32)
    edges = np.linspace(0, len(blocks), count + 1)
    starts = np.minimum(edges[:-1].astype(np.int64), len(blocks) - 1)
    ends = np.maximum(np.ceil(edges[1:]).astype(np.int64), starts + 1)
    peaks = [blocks[start:end].max() for start, end in zip(starts, ends, strict=True)]
    return np.array(peaks, dtype=np.float32)


def _measured(path: Path) -> NDArray[np.float32]:
    # decoders are of no use to catalogues without songs, and may not be installed
    from nearfield.sound.decode import read_blocks

    parts, samples = [], 0
    for block in read_blocks(path, _RATE):
        samples += len(block)
        padded = np.pad(np.abs(block), (0, -len(block) % _BLOCK))
        parts.append(padded.reshape(-1, _BLOCK).max(axis=1))
    peaks = columns(np.concatenate(parts) if parts else np.empty(0, dtype=np.float32))
    seconds = np.array([samples / _RATE], dtype=np.float32)
    return np.concatenate([seconds, np.minimum(peaks, 1.0)]).astype(np.float32)


def _keep(file: Path, found: NDArray[np.float32]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"{file.stem}.{os.getpid()}.draft")
    with draft.open("wb") as out:
        np.save(out, found)
    os.replace(draft, file)
