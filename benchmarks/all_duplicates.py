"""All duplicates of a library: index its fingerprints, search, compare, relate and group."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, TypeVar

import numpy as np

from fingerprint_library import COPIES, library, with_errors
from nearfield.sound.band_fingerprint import FRAMES_A_SECOND, BandFingerprint
from nearfield.sound.matching.combine import Match, combined
from nearfield.sound.matching.compare import Ways, compare_many
from nearfield.sound.matching.decide import Relation, relation
from nearfield.sound.matching.grouping import group
from nearfield.sound.matching.index import FingerprintIndex

Found = TypeVar("Found")

MOST: Final = 20
"""Songs that the index names for each."""

FIRST: Final = 1000  # key of the first song


def peak() -> int:
    """Return the highest memory that this process reached, in MB (Linux)."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM"))


class Shelf:
    """The words of a library in a file, read through a memory map."""

    def __init__(self, path: Path, songs: Iterator[BandFingerprint]) -> None:
        bounds = [0]
        with path.open("wb") as file:
            for words in songs:
                file.write(words.tobytes())
                bounds.append(bounds[-1] + len(words))
        self.bounds = np.array(bounds)
        self._words = np.memmap(path, np.uint64, "r").view(np.ndarray)

    def __len__(self) -> int:
        return len(self.bounds) - 1

    def __getitem__(self, row: int) -> BandFingerprint:
        return np.array(self._words[self.bounds[row] : self.bounds[row + 1]])

    def all(self) -> Iterator[tuple[int, BandFingerprint]]:
        """Yield keys and words."""
        for row in range(len(self)):
            yield FIRST + row, self[row]


def timed(call: Callable[..., Found], *given: Any) -> tuple[Found, float]:
    """Return what a call returns, and the seconds of the processor that it took."""
    start = time.process_time()
    found = call(*given)
    return found, time.process_time() - start


def spread(seconds: list[float]) -> dict[str, float]:
    """Return the median and the 95th percentile, in milliseconds."""
    p50, p95 = np.percentile(seconds, [50, 95]) * 1000
    return {"p50 ms": round(float(p50), 1), "p95 ms": round(float(p95), 1)}


@dataclass(frozen=True, slots=True)
class FoundPair:
    """Two songs that have something in common, as `grouping` takes them."""

    low: int
    high: int
    relation: str
    similarity: float
    offset: float
    overlap: float
    speed: float
    semitones: float
    share_low: float
    share_high: float


@dataclass(frozen=True, slots=True)
class File:
    """All files are alike, but for their length."""

    duration: float
    lossless: bool = False
    bitrate: int = 192_000
    codec: str = "mp3"


def planted(
    real: list[BandFingerprint], songs: int, copies: int, seed: int
) -> tuple[Iterator[BandFingerprint], list[tuple[int, int, str]]]:
    """Return a library whose last songs are copies of its first, and which are: rows and name."""
    names = list(COPIES)
    truth = [(row, songs - copies + row, names[row % len(names)]) for row in range(copies)]

    def make() -> Iterator[BandFingerprint]:
        rng = np.random.default_rng(seed + 1)
        originals = []
        for row, words in enumerate(library(real, songs - copies, seed)):
            if row < copies:
                originals.append(words)
            yield words
        for row, _, name in truth:
            yield COPIES[name](originals[row], rng)

    return make(), truth


def pairs_of(index: FingerprintIndex, shelf: Shelf, row: int) -> Iterator[FoundPair]:
    """Yield the songs before one that have something in common with it."""
    words, key = shelf[row], FIRST + row
    named = index.search(words, MOST, without=key)
    keys, places = np.unique(named.keys, return_inverse=True)
    if not len(keys):
        return
    songs = [shelf[int(other) - FIRST] for other in keys]
    bounds = np.concatenate([[0], np.cumsum([len(song) for song in songs])])
    ways = Ways(places.astype(np.int64), named.offsets, named.shifts, named.paces)
    stretches = compare_many(words, np.concatenate(songs), bounds.astype(np.int64), ways)
    for place in np.unique(stretches["song"]):
        match = combined(songs[place], words, stretches[stretches["song"] == place])
        if match is not None and keys[place] < key:
            seconds = (len(songs[place]) / FRAMES_A_SECOND, len(words) / FRAMES_A_SECOND)
            told = relation(match, *seconds)
            if told is not Relation.DIFFERENT:
                yield _pair(int(keys[place]), key, str(told), match)


def _pair(low: int, high: int, told: str, match: Match) -> FoundPair:
    where = (match.similarity, match.offset, match.overlap, match.speed, match.semitones)
    return FoundPair(low, high, told, *where, match.share_a, match.share_b)


def end_to_end(real: list[BandFingerprint], songs: int, copies: int, seed: int) -> dict[str, Any]:
    """Measure all duplicates of a library: index, search, compare, relate and group."""
    with TemporaryDirectory() as scratch:
        made, truth = planted(real, songs, copies, seed)
        shelf = Shelf(Path(scratch) / "words", made)
        wall = time.perf_counter()
        index = FingerprintIndex.open(Path(scratch) / "index")
        _, building = timed(index.update, shelf.all())
        list(pairs_of(index, shelf, len(shelf) - 1))  # compiles
        pairs, times = _searched(index, shelf)
        lengths = np.diff(shelf.bounds) / FRAMES_A_SECOND
        files = {FIRST + row: File(float(length)) for row, length in enumerate(lengths)}
        groups, grouping = timed(group, pairs, (), files)
        wall = time.perf_counter() - wall
        rows = range(0, len(shelf), len(shelf) // 20)
        fresh = [_new_song(index, shelf, row, seed) for row in rows]
    return {
        "songs": songs,
        "planted": copies,
        "index s": round(building, 1),
        "search and compare s": round(sum(times), 1),
        "a song": spread(times),
        "group s": round(grouping, 2),
        "all s": round(building + sum(times) + grouping, 1),
        "wall s": round(wall, 1),
        "peak MB": peak(),
        "one new song: added, searched, compared": spread(fresh),
        "pairs": len(pairs),
        **_told(pairs, truth, groups.groups),
    }


def _searched(index: FingerprintIndex, shelf: Shelf) -> tuple[list[FoundPair], list[float]]:
    """Return the pairs of all songs, and the seconds that each song took."""
    pairs: list[FoundPair] = []
    times: list[float] = []
    for row in range(len(shelf)):
        found: list[FoundPair]
        found, seconds = timed(list, pairs_of(index, shelf, row))
        pairs += found
        times.append(seconds)
    return pairs, times


def _new_song(index: FingerprintIndex, shelf: Shelf, row: int, seed: int) -> float:
    """Return the seconds for adding a song that was not there, and finding what it is a copy of."""
    copy = with_errors(shelf[row], 0.05, np.random.default_rng(seed))

    def add() -> None:
        index.update([(FIRST + row, copy)])
        list(pairs_of(index, shelf, row))

    return timed(add)[1]


def _told(
    pairs: list[FoundPair], truth: list[tuple[int, int, str]], groups: tuple[Any, ...]
) -> dict[str, Any]:
    """Return how many planted copies were found, and what was found beside them."""
    joined = {"same", "excerpt"}
    found = {(pair.low - FIRST, pair.high - FIRST) for pair in pairs if pair.relation in joined}
    planted_pairs = {(low, high): name for low, high, name in truth}
    rows: dict[str, list[bool]] = {}
    for both, name in planted_pairs.items():
        rows.setdefault(name, []).append(both in found)
    return {
        "recall": {name: round(float(np.mean(hits)), 3) for name, hits in rows.items()},
        "same or excerpt, not planted": len(found - planted_pairs.keys()),
        "groups": len(groups),
        "groups of other songs than planted": sum(
            (one.canonical - FIRST, member.key - FIRST) not in planted_pairs
            and (member.key - FIRST, one.canonical - FIRST) not in planted_pairs
            for one in groups
            for member in one.members
        ),
    }
