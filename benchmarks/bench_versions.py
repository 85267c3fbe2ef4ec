"""Finding versions of songs. Run: `python benchmarks/bench_versions.py --pop909 DIR --font SF2`.

DIR is POP909, as a folder or packed; SF2 is the sound font of the odd takes (pretty_midi's wheel
carries TimGM6mb.sf2), the even ones need fluidsynth and its large font. Each test song is played
as it is and as somebody else would play it (see `pop909`); every such version asks for its original
among all originals: by vectors, then by careful comparison of the nearest 20. `--all-pairs` also
compares every version with every original. `--music DIR` compares real tracks with one another,
which are as a rule no versions, and names what is likest. `--cache DIR` keeps the harmonies. Speed
is measured on one core beside what librosa makes of Qmax, in the same run. Prints one JSON line;
append it to results/versions.jsonl.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import librosa
import numpy as np
from numpy.typing import NDArray

import pop909
from machine import describe
from nearfield.errors import NearfieldError
from nearfield.sound.decode import SoundReader
from nearfield.sound.scan import find_sounds
from nearfield.sound.versions.decide import REVIEW_SONG, SAME_SONG
from nearfield.sound.versions.frames import unit_frames
from nearfield.sound.versions.harmony import (
    Harmony,
    HarmonyStream,
    pack_harmony,
    unpack_harmony,
)
from nearfield.sound.versions.qmax import VersionMatch, compare_versions_many
from nearfield.sound.versions.vector import VERSIONS_NAME, version_vectors
from nearfield.sound.waveform import RATE, Waveform

CANDIDATES = 20
SHARED_MELODY = 0.25
"""Share of their melody from which on songs of two numbers are versions."""

SONG_SECONDS = 180.0
"""Length of the songs whose comparison is timed."""


def harmony_of(sound: Waveform) -> Harmony:
    """Return the harmony of a sound that comes in blocks of five seconds."""
    stream = HarmonyStream()
    for start in range(0, len(sound), 5 * RATE):
        stream.feed(sound[start : start + 5 * RATE])
    return stream.finish()


Row = list[tuple[int, VersionMatch]]
Related = Callable[[int, int], bool]


class Takes:
    """Harmonies of takes, kept in a folder from run to run."""

    def __init__(self, stage: pop909.Stage, cache: Path) -> None:
        self._stage, self._cache = stage, cache
        cache.mkdir(parents=True, exist_ok=True)

    def __call__(self, number: int, take: int) -> Harmony:
        """Play a take, unless its harmony is kept."""
        path = self._cache / f"{number:03}-{take}.harmony"
        if not path.exists():
            path.write_bytes(pack_harmony(harmony_of(self._stage.play(number, take))))
        return unpack_harmony(path.read_bytes())


def rank(likeness: NDArray[np.floating[Any]]) -> NDArray[np.int64]:
    """Return at what place each query, a row, has its own original, from 1."""
    own = np.diag(likeness)[:, None]
    places: NDArray[np.int64] = (likeness > own).sum(axis=1) + 1
    return places


def shares(ranks: NDArray[np.int64], within: Sequence[int]) -> dict[str, float]:
    """Return the share of queries that have their original among so many."""
    return {f"recall@{most}": round(float((ranks <= most).mean()), 4) for most in within}


def verdicts(rows: list[Row], related: Related) -> dict[str, Any]:
    """Return what taking pairs for versions at the thresholds gets right.

    A row has, for one query, the place of each song that it was compared with, and the match. Other
    pairs that are versions too, as `related` tells, count neither as right nor as wrong.
    """
    found: dict[str, Any] = {}
    for name, least in (("same", SAME_SONG), ("review", REVIEW_SONG)):
        told = [(q, p) for q, row in enumerate(rows) for p, m in row if m.similarity >= least]
        right = sum(query == place for query, place in told)
        wrong = [pair for pair in told if pair[0] != pair[1] and not related(*pair)]
        found[f"{name}_recall"] = round(right / len(rows), 4)
        found[f"{name}_precision"] = round(right / max(1, right + len(wrong)), 5)
        found[f"{name}_wrong_pairs"] = len(wrong)
        found[f"{name}_unlabelled_versions"] = len(told) - right - len(wrong)
    return {**found, "pairs": sum(map(len, rows))}


def by_vectors(originals: list[Harmony], versions: list[Harmony]) -> tuple[dict[str, Any], Any]:
    """Return recall, and the likeness, shape (versions, originals)."""
    stored = np.concatenate([version_vectors(one)[:1] for one in originals])
    asked = np.stack([version_vectors(one) for one in versions])  # (versions, paces, dim)
    likeness = np.einsum("qpd,od->qpo", asked, stored).max(axis=1)
    within = (1, 5, 10, CANDIDATES, 50, 100)
    return {
        **shares(rank(likeness), within),
        "searches": asked.shape[1],
    }, likeness


def by_qmax(
    originals: list[Harmony],
    versions: list[Harmony],
    asked: NDArray[np.int64],
    related: Related,
) -> dict[str, Any]:
    """Compare each version with the originals named in its row of `asked`."""
    rows, hits = [], 0
    for query, places in enumerate(asked.tolist()):
        matches = compare_versions_many(versions[query], [originals[place] for place in places])
        row = list(zip(places, matches, strict=True))
        hits += max(row, key=lambda one: one[1].similarity)[0] == query
        rows.append(row)
    return {"hit@1": round(hits / len(rows), 4), **verdicts(rows, related)}


def librosa_qmax(a: Harmony, b: Harmony) -> float:
    """Return what librosa's parts make of Qmax: stacked frames, mutual neighbours, `rqa`."""
    one, other = unit_frames(a).T, unit_frames(b).T
    turn = max(range(12), key=lambda up: float(one.sum(1) @ np.roll(other.sum(1), -up)))
    stacked = [
        librosa.feature.stack_memory(part, n_steps=7, mode="edge")
        for part in (one, np.roll(other, -turn, axis=0))
    ]
    width = max(1, int(0.04 * len(b)))
    plot = librosa.segment.cross_similarity(*stacked, k=width, metric="cosine", mode="affinity")
    score = librosa.sequence.rqa(
        np.asarray(plot > 0, dtype=float), gap_onset=0.5, gap_extend=0.5, backtrack=False
    )
    return float(score.max()) / (min(len(a), len(b)) + 30)


def speeds(originals: list[Harmony], versions: list[Harmony]) -> dict[str, Any]:
    """Return pairs a second of processor time, ours and librosa's, and what both find."""
    frames = round(SONG_SECONDS * 2)
    long = [np.tile(one, (frames // len(one) + 1, 1))[:frames] for one in originals[:21]]
    compare_versions_many(long[0], long[1:2])  # compiles
    best = np.inf
    for _ in range(5):
        began = time.process_time()
        compare_versions_many(long[0], long[1:])
        best = min(best, (time.process_time() - began) / len(long[1:]))
    librosa_qmax(long[0], long[1])
    began = time.process_time()
    for other in long[1:4]:
        librosa_qmax(long[0], other)
    theirs = (time.process_time() - began) / 3
    few = range(min(10, len(versions)))
    likeness = np.array([[librosa_qmax(versions[v], originals[o]) for o in few] for v in few])
    ours = np.array(
        [
            [m.similarity for m in compare_versions_many(versions[v], [originals[o] for o in few])]
            for v in few
        ]
    )
    return {
        "pairs_per_second": round(1 / best),
        "librosa_pairs_per_second": round(1 / theirs, 1),
        "of_songs": len(few),
        "hit@1": round(float((rank(ours) == 1).mean()), 3),
        "librosa_hit@1": round(float((rank(likeness) == 1).mean()), 3),
    }


def among_songs(arguments: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Play songs of POP909 and look for them."""
    root = pop909.unpack(arguments.pop909, folder)
    stage = pop909.Stage(root, arguments.large_font, arguments.font)
    takes = Takes(stage, arguments.cache or folder / "harmonies")
    numbers = (pop909.VALIDATION if arguments.validation else pop909.TEST)[: arguments.songs]
    originals = [takes(number, 0) for number in numbers]
    versions = [takes(number, 1) for number in numbers]

    def related(query: int, place: int) -> bool:
        shared = pop909.shared_melody(root, numbers[query], numbers[place])
        return shared >= SHARED_MELODY

    found, likeness = by_vectors(originals, versions)
    nearest = np.argsort(-likeness, axis=1)[:, :CANDIDATES]
    line = {
        "songs": len(numbers),
        "validation": arguments.validation,
        "by_vectors": found,
        "of_candidates": by_qmax(originals, versions, nearest, related),
    }
    if arguments.all_pairs:
        everything = np.tile(np.arange(len(originals)), (len(versions), 1))
        line["of_all"] = by_qmax(originals, versions, everything, related)
    return {**line, "speed": speeds(originals, versions)}


def among_real(music: Path, most: int) -> dict[str, Any]:
    """Compare real tracks, spread evenly over the folder, each with each."""
    paths = [one.path for one in find_sounds([music])]
    found: dict[str, Harmony] = {}
    for path in paths[:: max(1, len(paths) // most)]:
        stream = HarmonyStream()
        try:
            with SoundReader(path) as reader:
                for block in reader.blocks():
                    stream.feed(block)
        except NearfieldError:
            continue
        harmony = stream.finish()
        if len(version_vectors(harmony)):
            found[str(path.relative_to(music))] = harmony
    matches = [
        (match.similarity, a, b)
        for place, a in enumerate(found)
        for b, match in zip(
            list(found)[place + 1 :],
            compare_versions_many(found[a], list(found.values())[place + 1 :]),
            strict=True,
        )
    ]
    matches.sort(reverse=True)
    return {
        "tracks": len(found),
        "pairs": len(list(combinations(found, 2))),
        "same": sum(one[0] >= SAME_SONG for one in matches),
        "review": sum(REVIEW_SONG <= one[0] < SAME_SONG for one in matches),
        "likest": [[round(mark, 3), a, b] for mark, a, b in matches[:12]],
    }


def cost(sound: Waveform) -> float:
    """Return processor seconds for the harmony of a song of 236 seconds."""
    long = np.tile(sound, int(236 * RATE / len(sound)) + 1)[: 236 * RATE]
    began = time.process_time()
    harmony_of(long)
    return round(time.process_time() - began, 3)


def main() -> None:
    """Play the songs, look for them, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pop909", type=Path, help="archive or folder")
    parser.add_argument("--font", type=Path, help="sound font of the odd takes")
    parser.add_argument("--large-font", type=Path, default=pop909.LARGE_FONT)
    parser.add_argument("--songs", type=int, default=300, help="of the test")
    parser.add_argument("--validation", action="store_true", help="songs of the validation instead")
    parser.add_argument("--all-pairs", action="store_true")
    parser.add_argument("--music", type=Path, help="folder of real tracks")
    parser.add_argument("--tracks", type=int, default=150, help="of them")
    parser.add_argument("--cache", type=Path, help="folder that keeps harmonies")
    parser.add_argument("--data", help="not used; every benchmark accepts it")
    arguments = parser.parse_args()
    line: dict[str, Any] = {
        **describe(),
        "librosa": version("librosa"),
        "vectors": VERSIONS_NAME,
        "thresholds": [SAME_SONG, REVIEW_SONG],
    }
    noise = np.random.default_rng(0).normal(0, 0.1, 100 * RATE).astype(np.float32)
    harmony_of(noise)
    line["harmony_seconds"] = cost(noise)
    if arguments.pop909 and arguments.font:
        with TemporaryDirectory() as folder:
            line.update(among_songs(arguments, Path(folder)))
    if arguments.music:
        line["real"] = among_real(arguments.music, arguments.tracks)
    print(json.dumps(line))


if __name__ == "__main__":
    main()
