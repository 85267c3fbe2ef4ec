"""Copies of real tracks found again among many: ours, AcoustID's way and audfprint in one run.

Run: `python benchmarks/bench_duplicates.py --music FOLDER [--audfprint SOURCE]`, or `--cache
FOLDER` with what transformed_tracks.py wrote before. References are the tracks as they are; queries
are all rows of `transformations.ROWS`. For each row and half of the tracks (thresholds may be
developed on the even ones; the odd ones are the test) the share of queries whose own track is
called the same, by each method's own limit, and where that limit is raised until no query at all
is called the same as another track ("at_no_false"). Tracks that share a recording or its notes in
truth are told by `--same`, a JSON list of [name, name, why]; they are listed in the line, with what
ours says of the two, and count neither as right nor as wrong. audfprint is asked some of the
tracks alone: it is slow. Without music, made-up sounds show that it runs, and nothing else. Prints
one JSON line; append it to results/duplicates.jsonl.
"""

import argparse
import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np

import duplicate_queries
import transformed_tracks
from bench_decode import make_file
from duplicate_methods import AcoustId, Answer, Audfprint, Method, Ours
from duplicate_queries import Query, Track
from machine import describe
from nearfield.sound.band_fingerprint import BandFingerprint
from nearfield.sound.matching.combine import Match
from nearfield.sound.matching.compare import Ways, compare
from nearfield.sound.matching.index import Candidates
from nearfield.sound.matching.thresholds import SAME
from peers import acoustid
from transformations import ROWS

SEED: Final = 13
HALVES: Final = ("development", "test")
Groups = dict[int, set[int]]
"""Track to all tracks of its recording, itself among them."""


@dataclass
class Tally:
    """What one method found."""

    same: Groups
    right: dict[tuple[str, str], list[float]] = field(default_factory=lambda: defaultdict(list))
    doubted: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    placed: dict[tuple[str, str], list[bool]] = field(default_factory=lambda: defaultdict(list))
    missed: list[tuple[str, str, float]] = field(default_factory=list)
    false: list[tuple[float, Query, int]] = field(default_factory=list)
    worst: float = 0.0
    asked: Counter[tuple[int, int]] = field(default_factory=Counter)
    """Wrong pairs that a person is asked about, and for how many queries."""

    def take(self, query: Query, answer: Answer) -> None:
        """Count the answer to a query."""
        number, key = query.track.number, (query.row, query.half)
        score = answer.scores.get(number, 0.0)
        self.right[key].append(score)
        if score < 1:
            self.missed.append((query.track.name, query.row, round(score, 3)))
        self.doubted[key] += score < 1 and number in answer.doubted
        if score >= 1 and number in answer.matches:
            self.placed[key].append(_is_placed(query, answer.matches[number]))
        for other, value in answer.scores.items():
            if other not in self.same[number]:
                self.worst = max(self.worst, value)
                if value >= 1:
                    self.false.append((value, query, other))
        self.asked.update((number, other) for other in answer.doubted - self.same[number])

    def recall(self, limit: float) -> dict[str, list[float]]:
        """Return for each row the shares found in each half."""
        return {
            row: [_share(self.right[row, half], limit) for half in HALVES]
            for row in ROWS
            if any((row, half) in self.right for half in HALVES)
        }

    def told(self, tracks: Sequence[Track]) -> dict[str, Any]:
        """Return what is printed."""
        limit = max(1.0, np.nextafter(self.worst, np.inf))
        names = [
            [query.track.name, query.row, tracks[other].name, round(value, 3)]
            for value, query, other in sorted(self.false, key=lambda one: -one[0])
        ]
        return {
            "queries": sum(map(len, self.right.values())),
            "recall": self.recall(1.0),
            "false_pairs": len(self.false),
            "worst_false": names[:12],
            "highest_of_others": round(self.worst, 3),
            "at_no_false": self.recall(limit) if limit > 1 else "as recall",
        }

    def told_of_ours(self, tracks: Sequence[Track]) -> dict[str, Any]:
        """Return what others do not tell: doubts, and whether times, speeds and pitch are right."""
        placed = [good for key in self.placed for good in self.placed[key]]
        wrong = {
            row: sum(not good for half in HALVES for good in self.placed[row, half]) for row in ROWS
        }
        return {
            "rightly_placed": round(float(np.mean(placed)), 4) if placed else None,
            "wrongly_placed": {row: count for row, count in wrong.items() if count},
            "right_but_in_review": {
                row: count
                for row in ROWS
                if (count := sum(self.doubted[row, half] for half in HALVES))
            },
            "missed": self.missed,
            "wrong_in_review": self.asked.total(),
            "pairs_wrong_in_review": [
                [tracks[one].name, tracks[other].name, times]
                for (one, other), times in self.asked.most_common()
            ],
        }


def _share(scores: list[float], limit: float) -> float:
    return round(float(np.mean(np.array(scores) >= limit)), 4) if scores else float("nan")


def _is_placed(query: Query, match: Match) -> bool:
    """Tell whether a match lies where it was cut, and is as fast and as high as it was made."""
    row = ROWS[query.row]
    return (
        abs(match.offset - row.offset(query.track.seconds)) < 0.5
        and abs(match.speed - row.speed) < 0.006
        and abs(match.semitones - row.semitones) < 0.4
    )


def ask(method: Method, queries: Iterable[Query], same: Groups) -> tuple[Tally, float]:
    """Ask all queries; return what was found, and seconds of processor time a query."""
    tally, count, began = Tally(same), 0, time.process_time()
    for query in queries:
        tally.take(query, method.ask(query.print))
        count += 1
    return tally, (time.process_time() - began) / max(1, count)


def read_same(file: Path | None, tracks: Sequence[Track]) -> tuple[Groups, list[list[str]]]:
    """Read which tracks are one recording; return them by track, and the pairs that are there."""
    same: Groups = {track.number: {track.number} for track in tracks}
    numbers = {track.name: track.number for track in tracks}
    used: list[list[str]] = []
    for one, other, why in json.loads(file.read_text()) if file else []:
        if one in numbers and other in numbers:
            used.append([one, other, why])
            same[numbers[one]].add(numbers[other])
            same[numbers[other]].add(numbers[one])
    return same, used


def _told(ours: Ours, tracks: Sequence[Track], pair: Sequence[str]) -> str:
    """Return what ours says of two tracks as they are."""
    numbers = {track.name: track.number for track in tracks}
    answer = ours.ask(tracks[numbers[pair[1]]].prints["identity"])
    first = numbers[pair[0]]
    if answer.scores.get(first, 0.0) >= 1:
        return "the same"
    return "in doubt" if first in answer.doubted else "different"


def speeds(ours: Ours, queries: Sequence[Query], tracks: Sequence[Track]) -> dict[str, float]:
    """Return what finding candidates costs, and comparing with them, of a few hundred queries."""
    random = np.random.default_rng(SEED)
    some = [queries[number].print.bands for number in random.permutation(len(queries))[:300]]
    began = time.process_time()
    named = [ours.index.search(words) for words in some]
    searched = time.process_time() - began
    pairs = [
        (tracks[key - 1].prints["identity"].bands, words, _ways(found, key))
        for words, found in zip(some, named, strict=True)
        for key in np.unique(found.keys).tolist()
    ]
    others = random.integers(len(tracks), size=len(some)).tolist()
    blind = [
        (tracks[other].prints["identity"].bands, words, None)
        for other, words in zip(others, some, strict=True)
    ]
    return {
        "search_ms": round(1000 * searched / len(some), 2),
        "pairs_a_second": _rate(pairs),
        "pairs_a_second_without_candidates": _rate(blind),
    }


def _ways(found: Candidates, key: int) -> Ways:
    """Return how the index says that a query lies over one song."""
    rows = found.keys == key
    nothing = np.zeros(int(rows.sum()), dtype=np.int64)
    offsets = found.offsets[rows].astype(np.float64)
    return Ways(nothing, offsets, found.shifts[rows], found.paces[rows].astype(np.float64))


def _rate(pairs: Sequence[tuple[BandFingerprint, BandFingerprint, Ways | None]]) -> int:
    """Return how many pairs are compared in a second of processor time."""
    for pair in pairs[:1]:
        compare(*pair)  # compiles
    began = time.process_time()
    for pair in pairs:
        compare(*pair)
    return round(len(pairs) / max(time.process_time() - began, 1e-9))


def measure(tracks: Sequence[Track], arguments: argparse.Namespace) -> dict[str, object]:
    """Ask all methods."""
    same, used = read_same(arguments.same, tracks)
    queries = [
        Query(row, track) for track in tracks if len(track.prints) > 1 for row in track.prints
    ]
    references = [track.prints["identity"] for track in tracks]
    line: dict[str, object] = {
        "tracks": len(tracks),
        "tracks_queried": sum(len(track.prints) > 1 for track in tracks),
        "seconds_median": round(float(np.median([track.seconds for track in tracks])), 1),
        "halves": HALVES,
        "threshold": SAME,
    }
    with TemporaryDirectory() as folder:
        ours = Ours(references, Path(folder) / "index")
        ours.ask(references[0])  # compiles
        tally, seconds = ask(ours, queries, same)
        line["ours"] = {
            "ms_a_query": round(1000 * seconds, 2),
            **speeds(ours, queries, tracks),
            **tally.told(tracks),
            **tally.told_of_ours(tracks),
        }
        line["related_in_truth"] = [[*pair, _told(ours, tracks, pair)] for pair in used]
    for name, offset in (
        ("acoustid", acoustid.MOST_OFFSET),
        ("acoustid_any_offset", acoustid.ANY_OFFSET),
    ):
        method = AcoustId(references, offset)
        method.ask(references[0])
        tally, seconds = ask(method, queries, same)
        line[name] = {"ms_a_query": round(1000 * seconds, 2), **tally.told(tracks)}
    if arguments.audfprint:
        numbers = sorted({query.track.number for query in queries})
        some = set(np.random.default_rng(SEED).permutation(numbers)[: arguments.asked].tolist())
        peer = Audfprint(references, arguments.audfprint)
        tally, _ = ask(peer, [one for one in queries if one.track.number in some], same)
        peer.close()
        line["audfprint"] = {
            "ms_a_query": round(1000 * float(np.mean(peer.searching)), 2),
            "hashing_ms": round(1000 * float(np.mean(peer.hashing)), 2),
            **tally.told(tracks),
        }
    return line


def main() -> None:
    """Make or read what is asked for, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--music", type=Path, help="folder of real tracks")
    parser.add_argument("--cache", type=Path, help="folder that transformed_tracks.py wrote")
    parser.add_argument("--tracks", type=int, default=320)
    parser.add_argument("--seconds", type=float, default=60.0, help="used of each, with --music")
    parser.add_argument("--rows", help="some rows alone, with commas between; all if not given")
    parser.add_argument("--same", type=Path, help="tracks that are one recording")
    parser.add_argument("--audfprint", type=Path, help="folder of its source")
    parser.add_argument("--asked", type=int, default=60, help="tracks audfprint is asked")
    parser.add_argument("--data", help="not used; every benchmark accepts it")
    arguments = parser.parse_args()
    with TemporaryDirectory() as folder:
        cache = arguments.cache or Path(folder) / "rows"
        if arguments.cache is None:
            music = arguments.music or Path(folder) / "music"
            if arguments.music is None:
                music.mkdir()
                for number in range(4):
                    make_file(music / f"{number}.ogg", 0.75, SEED + number)
            wanted = (arguments.tracks, arguments.tracks, arguments.seconds, 1)
            transformed_tracks.write(music, cache, *wanted)
        rows = ["identity", *arguments.rows.split(",")] if arguments.rows else tuple(ROWS)
        measured = measure(duplicate_queries.load(cache, arguments.tracks, rows), arguments)
    made_up = arguments.music is None and arguments.cache is None
    line = {**describe(), "numba": version("numba"), "seed": SEED, "made_up": made_up, **measured}
    print(json.dumps(line))


if __name__ == "__main__":
    main()
