"""Latency of `similar`, `recommend` and playlists on a large library of songs, reasons included.

Made-up songs in SQLite: artists with albums, each song near to its artist's direction. Vectors are
in the index that lives inside the process; a listener has as many events as their model reads.
Run: `python benchmarks/bench_listener.py --songs 100000`. Prints one JSON line; append it to
results/listener.jsonl. Compare lines from one machine only.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import polars as pl
from numpy.typing import NDArray

from bench_recommend import percentiles, timed
from machine import describe
from nearfield.catalogue.store import Catalogues
from nearfield.datasets.tables import Columns, Tables
from nearfield.playlists.ask import PlaylistAsk
from nearfield.playlists.make import Playlists
from nearfield.recommend.ask import Ask
from nearfield.recommend.listener import ListenerModel
from nearfield.recommend.recommender import Recommender
from nearfield.recommend.view import SpaceView
from nearfield.vectors.mirror import MirrorIndex

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))  # the tests' helper is ours too
from mean_model import unit

SONGS_EACH, ALBUMS = 20, 3
LIMITS = {"artist": 2, "album": 2}


def make_songs(songs: int, listeners: int, events: int, seed: int) -> Tables:
    """Return songs with artist, album, path, duration, tempo and energy, and what was heard."""
    rng = np.random.default_rng(seed)
    artist = np.arange(songs) // SONGS_EACH
    album = artist * ALBUMS + rng.integers(0, ALBUMS, songs)
    users = [f"u{row}" for row in range(listeners)]
    heard = np.concatenate([heard_by(songs, events, rng) for _ in users])
    kinds = rng.choice(["listened", "liked", "skipped", "disliked"], len(heard), p=LIKELY)
    return Tables(
        items=pl.DataFrame(
            {
                Columns.ITEM: [f"s{row}" for row in range(songs)],
                Columns.TITLE: [f"Song {row}" for row in range(songs)],
                Columns.YEAR: rng.integers(1960, 2026, songs),
                Columns.GENRES: pl.Series([[]] * songs, dtype=pl.List(pl.String)),
                "artist": [f"Artist {row}" for row in artist],
                "album": [f"Album {row}" for row in album],
                "path": [f"/music/{row // 1000}/song {row}.flac" for row in range(songs)],
                "duration": [f"{value:.2f}" for value in rng.uniform(120, 400, songs)],
                "tempo": [f"{value:.1f}" for value in rng.uniform(60, 180, songs)],
                "energy": [f"{value:.3f}" for value in rng.random(songs)],
            }
        ),
        users=pl.DataFrame({Columns.USER: users}),
        events=pl.DataFrame(
            {
                Columns.USER: np.repeat(users, events),
                Columns.ITEM: [f"s{row}" for row in heard],
                Columns.KIND: kinds,
                Columns.VALUE: pl.Series([None] * len(heard), dtype=pl.Float32),
                Columns.TIME: np.arange(len(heard)),
            }
        ),
    )


LIKELY = [0.8, 0.1, 0.08, 0.02]


def heard_by(songs: int, events: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return what one listener heard: songs of a few artists, again and again."""
    artists = rng.integers(0, songs // SONGS_EACH, 8)
    heard: NDArray[np.int64] = rng.choice(artists, events) * SONGS_EACH
    return heard + rng.integers(0, SONGS_EACH, events)


def song_vectors(songs: int, dim: int, seed: int) -> NDArray[np.float32]:
    """Return unit vectors: as much of a song is its artist's as its own."""
    rng = np.random.default_rng(seed)
    artists = rng.normal(size=(-(-songs // SONGS_EACH), dim)).astype(np.float32)
    own = rng.normal(size=(songs, dim)).astype(np.float32)
    return unit(artists[np.arange(songs) // SONGS_EACH] + own)


def median_seconds(work: Callable[[int], Any], times: int) -> float:
    """Return the median time that `work` takes, called with 0, 1, ..."""
    took = []
    for number in range(times):
        start = time.perf_counter()
        work(number)
        took.append(time.perf_counter() - start)
    return round(float(np.median(took)), 4)


def measure(options: argparse.Namespace, catalogues: Catalogues) -> dict[str, Any]:
    """Return the latency of each kind of question."""
    tables = make_songs(options.songs, options.listeners, options.events, options.seed)
    for _ in catalogues.import_tables("songs", tables):
        pass
    catalogue = catalogues.get("songs")
    keys = catalogue.item_keys(tables.items[Columns.ITEM].to_list())
    vectors = song_vectors(options.songs, options.dim, options.seed)
    index = MirrorIndex(options.dim)
    index.upsert(keys, vectors)
    index.build_graph()
    view = SpaceView("sound", index, ListenerModel(index))
    recommender, playlists = Recommender(catalogue, view), Playlists(catalogue, view)
    rng = np.random.default_rng(options.seed)
    asked = [f"s{row}" for row in rng.integers(0, options.songs, options.asks)]
    users = [f"u{row % options.listeners}" for row in range(options.asks)]
    guests = vectors[rng.integers(0, options.songs, options.asks)]
    k = options.k

    def limited(song: str) -> Any:
        return recommender.similar(song, k, at_most=LIMITS)

    def listener(user: str) -> Any:
        return recommender.recommend(Ask(user=user, k=k, repeat=50, at_most=LIMITS))

    kinds: dict[str, tuple[Callable[[Any], Any], Any]] = {
        "similar": (lambda song: recommender.similar(song, k), asked),
        "similar_limited": (limited, asked),
        "similar_to": (lambda vector: recommender.similar_to(vector, k), guests),
        "recommend": (lambda user: recommender.recommend(Ask(user=user, k=k)), users),
        "recommend_limited": (listener, users),
    }
    figures: dict[str, Any] = {}
    for name, (work, given) in kinds.items():
        timed(work, given[:20])  # warm-up
        figures[name] = percentiles(timed(work, given))
        cpu = timed(work, given, time.thread_time)  # what a busy machine cannot hide
        figures[name]["cpu_p50_ms"] = percentiles(cpu)["p50_ms"]
    bare = timed(lambda vector: index.search(vector[None], k), guests)
    return {
        **figures,
        "search": percentiles(bare),
        "playlist_25_s": median_seconds(
            lambda n: playlists.make(PlaylistAsk(seeds=[asked[n]], at_most=LIMITS)), 20
        ),
        "journey_25_s": median_seconds(
            lambda n: playlists.make(PlaylistAsk(seeds=[asked[n]], to=asked[n + 1])), 20
        ),
        "radio_song_s": median_seconds(
            lambda n: list(islice(playlists.radio(PlaylistAsk(seeds=[asked[n]])), 10)), 10
        )
        / 10,
        "load": round(os.getloadavg()[0], 1),
    }


def main() -> None:
    """Make the data, measure, print one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--songs", type=int, default=100_000)
    parser.add_argument("--dim", type=int, default=128)
    parser.add_argument("--listeners", type=int, default=50)
    parser.add_argument("--events", type=int, default=200)
    parser.add_argument("--asks", type=int, default=300)
    parser.add_argument("--k", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    faiss.omp_set_num_threads(1)
    with (
        tempfile.TemporaryDirectory() as folder,
        Catalogues(f"sqlite:///{folder}/catalogue.db") as catalogues,
    ):
        figures = measure(options, catalogues)
    print(json.dumps({"bench": "listener", **describe(), **vars(options), **figures}))


if __name__ == "__main__":
    main()
