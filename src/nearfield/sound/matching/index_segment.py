"""One file of an index: songs that were added together. Written once, read through a memory map."""

import os
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from nearfield.errors import CheckFailed, InvalidInput
from nearfield.sound.matching.index_layout import (
    TABLES,
    Words,
    key_bits,
    key_places,
    tail_bits,
)
from nearfield.sound.matching.index_look import Held
from nearfield.sound.matching.index_sort import count_keys, place_frames
from nearfield.types import Ids

_ROOM: Final = 1 << 24
"""Entries sorted at once: 64 MB."""

_READ: Final = 1 << 20
"""Words read at once: 8 MB."""


class Kept(NamedTuple):
    """A song as a segment takes it: its key, its fingerprint's digest, and its kept frames."""

    key: int
    digest: int
    words: Words


@dataclass(frozen=True, slots=True)
class Sizes:
    """What a segment's file holds, and how to tell that it does.

    Parameters
    ----------
    songs, frames, entries : int
        Songs; kept frames; those of them that are not silent.
    check : int
        CRC-32 of the songs' part of the file.
    """

    songs: int
    frames: int
    entries: int
    check: int

    @property
    def bits(self) -> int:
        """Return how many bits make a key."""
        return key_bits(self.entries)

    @property
    def tail(self) -> int:
        """Return how many further bits of its word stand beside a frame's number."""
        return tail_bits(self.frames, self.bits)

    @property
    def places(self) -> NDArray[np.int64]:
        """Return the places of keys and tails, shape (TABLES, bits + tail)."""
        return key_places()[:, : self.bits + self.tail].copy()

    @property
    def shapes(self) -> tuple[tuple[str, tuple[int, ...]], ...]:
        """Return type and shape of each part of the file, in their order."""
        return (
            ("<u8", (self.frames,)),
            ("<i8", (3, self.songs + 1)),
            ("<u4", (TABLES, (1 << self.bits) + 1)),
            ("<u4", (TABLES, self.entries)),
        )


class Segment:
    """Songs of an index that were added together.

    Parameters
    ----------
    path : Path
        The file.
    sizes : Sizes
        Of what it holds.

    Raises
    ------
    CheckFailed
        If the file is not there or is not what `sizes` tell.
    """

    def __init__(self, path: Path, sizes: Sizes) -> None:
        self.path, self.sizes = path, sizes
        words, songs, offsets, entries = _mapped(path, sizes)
        if crc32(songs.tobytes()) != sizes.check:
            raise CheckFailed(f"{path} is damaged: its table of songs has another checksum.")
        self.words: Words = words
        self.offsets: NDArray[np.uint32] = offsets
        self.entries: NDArray[np.uint32] = entries
        self.keys: Ids = songs[0, :-1]
        self.digests: NDArray[np.int64] = songs[1, :-1]
        self.starts: NDArray[np.int64] = songs[2]

    def held(self) -> Held:
        """Return what the loops read."""
        return Held(self.words, self.starts, self.offsets, self.entries)

    def songs(self, rows: NDArray[np.int64]) -> Iterator[Kept]:
        """Yield songs as they were added."""
        for row in rows:
            words = self.words[self.starts[row] : self.starts[row + 1]]
            yield Kept(int(self.keys[row]), int(self.digests[row]), words)


def _mapped(path: Path, sizes: Sizes) -> list[NDArray[Any]]:
    length = sum(np.dtype(kind).itemsize * int(np.prod(shape)) for kind, shape in sizes.shapes)
    try:
        whole = np.memmap(path, dtype=np.uint8, mode="r").view(np.ndarray)
    except (OSError, ValueError) as error:
        raise CheckFailed(f"{path} cannot be read: {error}") from error
    if len(whole) != length:
        raise CheckFailed(f"{path} is damaged: it has {len(whole)} bytes instead of {length}.")
    parts, start = [], 0
    for kind, shape in sizes.shapes:
        end = start + np.dtype(kind).itemsize * int(np.prod(shape))
        parts.append(whole[start:end].view(kind).reshape(shape))
        start = end
    return parts


def write(path: Path, songs: Iterable[Kept]) -> Segment | None:
    """Write a segment; None, and no file, where there are no songs.

    Songs are taken one by one, and sorted in parts: the memory needed is 100 MB, 24 bytes for each
    song, and 4 for each key. The file is on the disk when this returns.
    """
    partial = path.with_suffix(".partial")
    try:
        with partial.open("w+b") as file:
            table, entries = _write_words(file, songs)
            sizes = _write_rest(file, partial, table, entries) if table.shape[1] > 1 else None
            file.flush()
            os.fsync(file.fileno())
        if sizes is None:
            return None
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return Segment(path, sizes)


def _write_words(file: BinaryIO, songs: Iterable[Kept]) -> tuple[NDArray[np.int64], int]:
    """Write all frames; return the table of songs, shape (3, songs + 1), and the sounding frames.

    The table's rows are keys, digests, and where each song's frames start; its last column holds
    where all of them end.
    """
    rows, start, sounding = array("q"), 0, 0
    for key, digest, words in songs:
        file.write(words.astype("<u8").tobytes())
        rows.extend((key, digest, start))
        start += len(words)
        sounding += int(np.count_nonzero(words))
    rows.extend((0, 0, start))
    table = np.frombuffer(rows, dtype=np.int64).reshape(-1, 3).T
    return np.ascontiguousarray(table), sounding


def _write_rest(file: BinaryIO, path: Path, table: NDArray[np.int64], entries: int) -> Sizes:
    """Write the table of songs, where the entries of each key start, and the entries."""
    content = table.astype("<i8").tobytes()
    frames = int(table[2, -1])
    if frames >= 1 << 32:
        raise InvalidInput(
            f"{frames:,} frames of {table.shape[1] - 1:,} songs are more than one segment can "
            f"number; at most 2^32 fit, some 8 million songs. Index fewer songs."
        )
    sizes = Sizes(table.shape[1] - 1, frames, entries, crc32(content))
    file.write(content)
    file.flush()
    words = _words_of(path, frames)
    for of_table in sizes.places:
        counts = np.zeros((1 << sizes.bits) + 1, dtype=np.uint32)
        for start in range(0, frames, _READ):
            count_keys(words[start : start + _READ], of_table[: sizes.bits], counts[1:])
        file.write(np.cumsum(counts, dtype=np.uint32).astype("<u4").tobytes())
    file.flush()
    position = frames * 8 + table.size * 8
    for row, of_table in enumerate(sizes.places):
        shape = ((1 << sizes.bits) + 1,)
        offsets = np.array(np.memmap(path, "<u4", "r", position + row * shape[0] * 4, shape))
        for part in _sorted_parts(words, of_table, offsets):
            file.write(part.astype("<u4", copy=False).tobytes())
    return sizes


def _words_of(path: Path, frames: int) -> Words:
    if not frames:
        return np.zeros(0, dtype=np.uint64)
    return np.memmap(path, "<u8", "r", shape=(frames,)).view(np.ndarray)


def _sorted_parts(
    words: Words, places: NDArray[np.int64], offsets: NDArray[np.uint32]
) -> Iterator[NDArray[np.uint32]]:
    """Yield the entries of all sounding frames in the order of their keys, some keys at a time."""
    bits = (len(offsets) - 1).bit_length() - 1
    ends, low, keys = offsets[:-1].copy(), 0, len(offsets) - 1
    while low < keys:
        start = int(offsets[low])
        high = int(np.searchsorted(offsets, start + _ROOM, side="right")) - 1
        high = min(max(high, low + 1), keys)
        part = np.empty(int(offsets[high]) - start, dtype=np.uint32)
        for first in range(0, len(words), _READ):
            span = np.array([first, start, low, high])
            place_frames(words[first : first + _READ], places, bits, ends, part, span)
        yield part
        low = high
