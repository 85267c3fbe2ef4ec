"""How the search for copies grows: libraries of 1,000, 10,000 and 100,000 songs.

Libraries are made of the fingerprints of real tracks (`--music FOLDER`), or of made-up ones where
no folder is given; each line says which. Measured in a process of its own for each size: building
the index, adding one song, and searching for copies of songs of the library: recall among the 20
songs that the index names, and what a search costs. Then, for 10,000 songs of which some are there
twice, everything: each song searched, its candidates compared, related and grouped.
Run: `python benchmarks/bench_duplicate_search.py --music FOLDER`. Prints JSON lines; append them
to results/duplicate_search.jsonl. Times are seconds or milliseconds of the processor, so that what
else the machine does matters less, and "wall" stands where they are not. Memory is the highest that
the process reached (Linux), in MB, with what this script itself holds: the real fingerprints.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from bench_graph import status
from fingerprint_library import COPIES, library, made_fingerprints, read_fingerprints, with_errors
from machine import describe
from nearfield.sound.band_fingerprint import FRAMES_A_SECOND, BandFingerprint
from nearfield.sound.matching.combine import Match, combined
from nearfield.sound.matching.compare import Ways, compare_many
from nearfield.sound.matching.decide import Relation, relation
from nearfield.sound.matching.grouping import group
from nearfield.sound.matching.index import FingerprintIndex

Found = TypeVar("Found")

MOST: Final = 20
FIRST: Final = 1000  # key of the first song

FRESH: Final = """
import sys, time
from pathlib import Path
import numpy as np
from nearfield.sound.matching.bits import count_bits
from nearfield.sound.matching.index import FingerprintIndex
count_bits(np.uint64(1))  # numba's own start, which every use of it pays once
words = np.load(sys.argv[2])
start = time.process_time()
found = FingerprintIndex.open(Path(sys.argv[1])).search(words)
print(time.process_time() - start)
"""
"""Opening an index and searching once, in a new process that has numba loaded."""


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


def sources(music: Path | None, tracks: int, seed: int) -> tuple[list[BandFingerprint], str]:
    """Return fingerprints to make libraries of, and what they are."""
    if music is None:
        return made_fingerprints(tracks, seed), f"{tracks} made-up fingerprints"
    found = read_fingerprints(music, tracks)
    return found, f"{len(found)} real tracks"


def searches(
    index: FingerprintIndex, shelf: Shelf, queries: int, seed: int
) -> dict[str, dict[str, float]]:
    """Return recall and cost of searching for copies, by what was done to them."""
    rng = np.random.default_rng(seed)
    index.search(shelf[0])  # compiles
    figures = {}
    for name, copy in COPIES.items():
        right, times = 0, []
        for row in rng.choice(len(shelf), queries, replace=False):
            words = copy(shelf[row], rng)
            found, seconds = timed(index.search, words, MOST)
            times.append(seconds)
            right += FIRST + int(row) in found.keys
        figures[name] = {f"recall@{MOST}": round(right / queries, 3), **spread(times)}
    return figures


def one_size(kept: Path, songs: int, queries: int, seed: int) -> dict[str, Any]:
    """Measure one size; `kept` holds the fingerprints that libraries are made of."""
    with np.load(kept) as archive:
        real = list(archive.values())
    with TemporaryDirectory() as scratch:
        folder = Path(scratch) / "index"
        shelf = Shelf(Path(scratch) / "words", library(real, songs, seed))
        FingerprintIndex.open(Path(scratch) / "warm").update([(1, real[0])])  # compiles
        _, build = timed(lambda: FingerprintIndex.open(folder).update(shelf.all()))
        peak = status("VmHWM")
        size = sum(path.stat().st_size for path in folder.iterdir())
        index, opening = timed(lambda: FingerprintIndex.open(folder))
        found = searches(index, shelf, queries, seed + 1)
        extra = list(library(real, 20, seed + 2))
        times = [
            timed(index.update, [(FIRST + songs + row, words)])[1]
            for row, words in enumerate(extra)
        ]
        clip = Path(scratch) / "clip.npy"
        np.save(clip, COPIES["clip 15 s"](shelf[0], np.random.default_rng(seed)))
        command = [sys.executable, "-c", FRESH, str(folder), str(clip)]
        fresh = [
            float(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
            for _ in range(3)
        ]
    return {
        "songs": songs,
        "hours": round(int(shelf.bounds[-1]) / FRAMES_A_SECOND / 3600),
        "build s": round(build, 1),
        "build peak MB": round(peak),
        "bytes a song": round(size / songs),
        "open ms": round(opening * 1000, 1),
        "add one song": spread(times),
        "first clip in a new process, ms": round(min(fresh) * 1000, 1),
        "searches": found,
    }


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
        _, building = timed(lambda: index.update(shelf.all()))
        list(pairs_of(index, shelf, len(shelf) - 1))  # compiles
        pairs: list[FoundPair] = []
        times: list[float] = []
        for row in range(len(shelf)):
            found: list[FoundPair]
            found, seconds = timed(list, pairs_of(index, shelf, row))
            pairs += found
            times.append(seconds)
        lengths = np.diff(shelf.bounds) / FRAMES_A_SECOND
        files = {FIRST + row: File(float(length)) for row, length in enumerate(lengths)}
        groups, grouping = timed(lambda: group(pairs, (), files))
        wall = time.perf_counter() - wall
        fresh = [
            _new_song(index, shelf, row, seed) for row in range(0, len(shelf), len(shelf) // 20)
        ]
    total = building + sum(times) + grouping
    return {
        "songs": songs,
        "planted": copies,
        "index s": round(building, 1),
        "search and compare s": round(sum(times), 1),
        "a song": spread(times),
        "group s": round(grouping, 2),
        "all s": round(total, 1),
        "wall s": round(wall, 1),
        "peak MB": round(status("VmHWM")),
        "one new song: added, searched, compared": spread(fresh),
        "pairs": len(pairs),
        **_told(pairs, truth, groups.groups),
    }


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


def run(kept: Path, given: argparse.Namespace, size: int, part: str) -> dict[str, Any]:
    """Measure one part in a process of its own."""
    command = [sys.executable, __file__, "--part", part, "--kept", str(kept)]
    command += ["--songs", str(size), "--queries", str(given.queries)]
    command += ["--seed", str(given.seed), "--copies", str(given.copies)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def part_of(given: argparse.Namespace) -> dict[str, Any]:
    """Measure what `run` asked for."""
    if given.part == "sizes":
        return one_size(given.kept, given.songs[0], given.queries, given.seed)
    with np.load(given.kept) as archive:
        real: list[NDArray[np.uint64]] = list(archive.values())
    return end_to_end(real, given.songs[0], given.copies, given.seed)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--music", type=Path, help="folder of real tracks")
    parser.add_argument("--tracks", type=int, default=300, help="how many of them are read")
    parser.add_argument("--songs", type=int, nargs="*", default=[1_000, 10_000, 100_000])
    parser.add_argument("--together", type=int, default=10_000, help="songs, end to end; 0 skips")
    parser.add_argument("--copies", type=int, default=900, help="planted, end to end")
    parser.add_argument("--queries", type=int, default=200, help="for each kind of copy")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--part", help=argparse.SUPPRESS)
    parser.add_argument("--kept", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--data", help="not used; every benchmark accepts it")
    given = parser.parse_args()
    if given.part:
        print(json.dumps(part_of(given)))
        return
    line: dict[str, Any] = {"bench": "duplicate_search", "machine": describe()}
    with TemporaryDirectory() as scratch:
        real, told = sources(given.music, given.tracks, given.seed)
        kept = Path(scratch) / "real.npz"
        np.savez(kept, *real)
        line |= {"made of": told, "seed": given.seed, "queries": given.queries}
        parts = [("sizes", size) for size in given.songs]
        parts += [("end to end", given.together)] if given.together else []
        for part, size in parts:
            found = run(kept, given, size, part)
            load = {"load": round(os.getloadavg()[0], 1)}
            print(json.dumps(line | {"part": part} | load | found), flush=True)


if __name__ == "__main__":
    main()
