"""All of a large library compared, as `nearfield music add` does it: SQL, index and Milvus Lite.

A home is filled with simulated songs: fingerprints made of those of real tracks (`--music FOLDER`;
made-up ones without), so that they are as hard to tell apart, harmonies of the same tracks in
parts, and vectors around those of albums. Some songs are there twice, changed. Then copies and
versions of all are looked for, and single songs are added to the open home. Nothing is listened
to. Run: `python benchmarks/bench_duplicate_library.py --music FOLDER`. Prints one JSON line; append
it to results/duplicate_library.jsonl. Memory is the highest that the process reached, in MB.
"""

import argparse
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import soxr

from bench_graph import status
from fingerprint_library import COPIES, library, made_fingerprints
from machine import describe
from nearfield.catalogue.catalogue import Catalogue
from nearfield.catalogue.pair_facts import DUPLICATE, SongPrint
from nearfield.catalogue.sound_facts import Song, SongVectors, SoundFile
from nearfield.errors import NearfieldError
from nearfield.pipelines.find_duplicates import find_duplicates
from nearfield.pipelines.find_versions import find_versions
from nearfield.pipelines.models import StoredModel
from nearfield.pipelines.progress import finish
from nearfield.pipelines.song_space import bring_up_to_date
from nearfield.pipelines.sound_models import choose_model
from nearfield.pipelines.stores import Stores
from nearfield.sound.band_fingerprint import (
    FRAMES_A_SECOND,
    BandFingerprint,
    band_fingerprint,
    pack,
)
from nearfield.sound.decode import read_sound
from nearfield.sound.fingerprint import compress
from nearfield.sound.matching.index import digest
from nearfield.sound.spectrum import FINGERPRINT_RATE
from nearfield.sound.versions.harmony import HARMONY_RATE, Harmony, HarmonyStream, pack_harmony
from nearfield.sound.versions.vector import VERSIONS_NAME, version_vectors
from nearfield.sound.waveform import RATE
from nearfield.types import Vectors
from real_tracks import choose

ALBUM: Final = 10
"""Songs that sound like one another."""

TOO_HARD: Final = ("20 % wrong", "30 % wrong", "clip 15 s, 20 % wrong")
"""Not planted: a person is asked about so many wrong bits. 5 dB of noise makes 11 % wrong."""

PARTS_A_MINUTE: Final = 6


@dataclass(frozen=True, slots=True)
class Made:
    """A simulated song."""

    number: int
    words: BandFingerprint
    harmony: Harmony
    song: Vectors
    parts: Vectors


class Maker:
    """Makes simulated songs of real ones."""

    def __init__(self, music: Path | None, tracks: int, dim: int, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.seed = seed
        self._dim = dim
        self.real: list[BandFingerprint] = []
        self._harmonies: list[Harmony] = []
        for track in [] if music is None else choose(music):
            if len(self.real) == tracks:
                break
            self._read(track.path)
        self.told = f"{len(self.real)} real tracks"
        if music is None:
            self.real = made_fingerprints(tracks, seed)
            self._harmonies = [self._random_harmony() for _ in range(tracks)]
            self.told = f"{tracks} made-up tracks"
        self._album = self._unit(self.rng.standard_normal(dim))

    def _read(self, path: Path) -> None:
        try:
            waveform = read_sound(path)
        except NearfieldError:
            return
        words = band_fingerprint(soxr.resample(waveform, RATE, FINGERPRINT_RATE))[:5000]
        if len(words) > 300:
            stream = HarmonyStream()
            stream.feed(waveform)
            self.real.append(words)
            self._harmonies.append(stream.finish())

    def _random_harmony(self) -> Harmony:
        return np.repeat(self.rng.integers(0, 16, (90, 12)), 4, axis=0).astype(np.uint8)

    def songs(self, count: int) -> Iterator[Made]:
        """Yield songs that are different."""
        for number, words in enumerate(library(self.real, count, self.seed)):
            if number % ALBUM == 0:
                self._album = self._unit(self.rng.standard_normal(self._dim))
            yield self._made(number, words, self._harmony(len(words)), self._album)

    def copy(self, number: int, of: Made, row: str) -> Made:
        """Return a changed copy of a song."""
        words = COPIES[row](of.words, self.rng)
        return self._made(number, words, of.harmony, of.song, spread=0.3)

    def _made(
        self,
        number: int,
        words: BandFingerprint,
        harmony: Harmony,
        near: Vectors,
        spread: float = 1,
    ) -> Made:
        song = self._unit(near + spread * 0.6 * self._unit(self.rng.standard_normal(self._dim)))
        count = max(1, round(len(words) / FRAMES_A_SECOND / 60 * PARTS_A_MINUTE))
        parts = song + 0.5 * self._unit(self.rng.standard_normal((count, self._dim)))
        return Made(number, words, harmony, song, self._unit(parts))

    def _unit(self, vectors: np.ndarray) -> Vectors:
        length = np.linalg.norm(vectors, axis=-1, keepdims=True)
        found: Vectors = (vectors / length).astype(np.float32)
        return found

    def _harmony(self, words: int) -> Harmony:
        """Return parts of several real songs, each moved in pitch: so harmonies differ, too."""
        frames = round(words / FRAMES_A_SECOND * HARMONY_RATE)
        parts: list[Harmony] = []
        while sum(map(len, parts)) < frames:
            whole = self._harmonies[self.rng.integers(len(self._harmonies))]
            start = int(self.rng.integers(max(1, len(whole) - 40)))
            part = np.roll(whole[start : start + 40], int(self.rng.integers(12)), axis=1)
            parts.append(part)
        return np.concatenate(parts)[:frames]


def put(catalogue: Catalogue, version: str, made: Made) -> int:
    """Write a song as an analysis would."""
    vectors = version_vectors(made.harmony)
    seconds = len(made.words) / FRAMES_A_SECOND
    kept = SongPrint(
        bands=pack(made.words),
        digest=digest(made.words),
        harmony=pack_harmony(made.harmony),
        vector=vectors[0] if len(vectors) else np.zeros(0, dtype=np.float32),
        vector_name=VERSIONS_NAME,
    )
    song = Song(
        title=f"Song {made.number}",
        year=None,
        genres=(),
        duration=seconds,
        codec="vorbis",
        rate=44_100,
        channels=2,
        bitrate=128_000,
        lossless=False,
        fingerprint=compress(np.zeros(0, dtype=np.uint32)),
        vectors=SongVectors(
            version, made.song, made.parts, np.arange(len(made.parts), dtype=np.float32) * 10
        ),
        print=kept,
    )
    file = SoundFile(f"/made/{made.number}.ogg", 1, 1, f"{made.number:064x}")
    return catalogue.sounds.put(file, song)


def fill(
    stores: Stores, catalogue: Catalogue, given: argparse.Namespace, model: StoredModel
) -> tuple[Maker, list[tuple[int, int, str]]]:
    """Fill a catalogue; return what makes more songs, and which songs are copies: keys and how."""
    maker = Maker(given.music, given.tracks, int(model.card["dim"]), given.seed)
    rows, truth = [row for row in COPIES if row not in TOO_HARD], []
    originals: list[tuple[int, Made]] = []
    for made in maker.songs(given.songs - given.copies):
        key = put(catalogue, model.version, made)
        if len(originals) < given.copies:
            originals.append((key, made))
    for number, (key, made) in enumerate(originals):
        row = rows[number % len(rows)]
        copy = maker.copy(given.songs + number, made, row)
        truth.append((key, put(catalogue, model.version, copy), row))
    finish(bring_up_to_date(stores, catalogue, model))
    return maker, truth


def measure(given: argparse.Namespace, home: Path) -> dict[str, Any]:
    """Return all figures."""
    with Stores(home) as stores:
        catalogue = stores.catalogues.create("songs")
        model = finish(choose_model(stores, catalogue, None, "none"))
        start = time.perf_counter()
        maker, truth = fill(stores, catalogue, given, model)
        figures: dict[str, Any] = {
            "made of": maker.told,
            "fill s": round(time.perf_counter() - start, 1),
            "peak before MB": round(status("VmHWM")),
        }
        for name, look in (("duplicates", find_duplicates), ("versions", find_versions)):
            wall, cpu = time.perf_counter(), time.process_time()
            finish(look(stores, catalogue))
            figures[f"{name} wall s"] = round(time.perf_counter() - wall, 1)
            figures[f"{name} cpu s"] = round(time.process_time() - cpu, 1)
            figures[f"{name} peak MB"] = round(status("VmHWM"))
        figures |= judged(catalogue, truth)
        figures |= one_by_one(stores, catalogue, model, maker, given)
    return figures


def judged(catalogue: Catalogue, truth: list[tuple[int, int, str]]) -> dict[str, Any]:
    """Compare groups with what was planted."""
    keys, groups = catalogue.pairs.groups(DUPLICATE)
    of = dict(zip(keys.tolist(), groups.tolist(), strict=True))
    rows: dict[str, list[bool]] = {}
    for one, other, row in truth:
        rows.setdefault(row, []).append(of.get(one, one) == of.get(other, -other))
    planted = {frozenset(pair[:2]) for pair in truth}
    members: dict[int, set[int]] = {}
    for key, group in of.items():
        members.setdefault(group, set()).add(key)
    return {
        "recall": {row: round(float(np.mean(hits)), 3) for row, hits in rows.items()},
        "wrong groups": sum(frozenset(group) not in planted for group in members.values()),
    }


def one_by_one(
    stores: Stores,
    catalogue: Catalogue,
    model: StoredModel,
    maker: Maker,
    given: argparse.Namespace,
) -> dict[str, Any]:
    """Add songs one by one, and time what follows the analysis of each."""
    stages: dict[str, list[float]] = {"put": [], "vectors": [], "duplicates": [], "versions": []}
    maker.seed += 1
    for made in maker.songs(given.later):
        moments = [time.perf_counter()]
        put(catalogue, model.version, Made(10**7 + made.number, *_rest(made)))
        moments.append(time.perf_counter())
        finish(bring_up_to_date(stores, catalogue, model))
        moments.append(time.perf_counter())
        finish(find_duplicates(stores, catalogue))
        moments.append(time.perf_counter())
        finish(find_versions(stores, catalogue))
        moments.append(time.perf_counter())
        for name, seconds in zip(stages, np.diff(moments), strict=True):
            stages[name].append(float(seconds))
    told = {
        name: {
            "p50 ms": round(1000 * float(np.median(seconds)), 1),
            "p95 ms": round(1000 * float(np.percentile(seconds, 95)), 1),
        }
        for name, seconds in stages.items()
    }
    return {"one new song": told}


def _rest(made: Made) -> tuple[BandFingerprint, Harmony, Vectors, Vectors]:
    return made.words, made.harmony, made.song, made.parts


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--music", type=Path, help="folder of real tracks")
    parser.add_argument("--tracks", type=int, default=200, help="how many of them are read")
    parser.add_argument("--songs", type=int, default=10_000)
    parser.add_argument("--copies", type=int, default=900, help="of them")
    parser.add_argument("--later", type=int, default=30, help="songs added one by one")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data", help="not used; every benchmark accepts it")
    given = parser.parse_args()
    with TemporaryDirectory() as scratch:
        figures = measure(given, Path(scratch) / "home")
    line = {
        "bench": "duplicate_library",
        "machine": describe(),
        "load": round(os.getloadavg()[0], 1),
        "songs": given.songs,
        "copies": given.copies,
        "seed": given.seed,
    }
    print(json.dumps(line | figures))


if __name__ == "__main__":
    main()
