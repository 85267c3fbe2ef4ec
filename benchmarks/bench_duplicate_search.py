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
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from all_duplicates import FIRST, MOST, Shelf, end_to_end, peak, spread, timed
from fingerprint_library import COPIES, library, made_fingerprints, read_fingerprints
from machine import describe
from nearfield.sound.band_fingerprint import FRAMES_A_SECOND, BandFingerprint
from nearfield.sound.matching.index import FingerprintIndex

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
        building = peak()
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
        "build peak MB": building,
        "bytes a song": round(size / songs),
        "open ms": round(opening * 1000, 1),
        "add one song": spread(times),
        "first clip in a new process, ms": round(min(fresh) * 1000, 1),
        "searches": found,
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
