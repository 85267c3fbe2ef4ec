"""Latency of one `recommend` for a known user, reasons included, and of its stages.

Made-up data of ML-1M's size in SQLite, random item vectors, and a model that needs no training
(tests/mean_model.py), against bare faiss on the same vectors in the same run. With `--home`, a
home with a published model is asked through the Python API instead, its tower included.
Run: `python benchmarks/bench_recommend.py --asks 500`. Prints one JSON line; append it to
results/recommend.jsonl. Compare lines from one machine only.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import polars as pl

from machine import describe
from nearfield import Nearfield
from nearfield.catalogue.catalogue import Catalogue
from nearfield.catalogue.store import Catalogues
from nearfield.datasets.tables import Columns, Tables
from nearfield.recommend.ask import Ask
from nearfield.recommend.explain import accepted, cite, tell
from nearfield.recommend.filters import combine
from nearfield.recommend.model import UserModel
from nearfield.recommend.profile import gather
from nearfield.recommend.recommender import Recommender
from nearfield.recommend.retrieve import nearest
from nearfield.recommend.view import SpaceView
from nearfield.vectors.index import VectorIndex
from nearfield.vectors.mirror import MirrorIndex

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))  # the tests' model is ours too
from mean_model import MeanModel, unit

GENRES = ("Action", "Comedy", "Drama", "Horror", "Romance", "Sci-Fi")
MIDDLE = 3.0


def make_tables(users: int, items: int, events: int, seed: int) -> Tables:
    """Return random events: few movies are popular, few users are busy, nobody rates twice."""
    rng = np.random.default_rng(seed)
    busy, popular = rng.pareto(1.2, users) + 0.2, 1 / (np.arange(items) + 20)
    user = rng.choice(users, 3 * events, p=busy / busy.sum())
    item = rng.choice(items, 3 * events, p=popular / popular.sum())
    pairs = np.unique(np.stack([user, item]), axis=1)
    user, item = pairs[:, rng.permutation(pairs.shape[1])[:events]]
    return Tables(
        items=pl.DataFrame(
            {
                Columns.ITEM: [str(row + 1) for row in range(items)],
                Columns.TITLE: [f"Story {row + 1}" for row in range(items)],
                Columns.YEAR: rng.integers(1930, 2001, items),
                Columns.GENRES: [
                    [GENRES[genre] for genre in rng.permutation(6)[: rng.integers(1, 4)]]
                    for _ in range(items)
                ],
            }
        ),
        users=pl.DataFrame(
            {
                Columns.USER: [str(row + 1) for row in range(users)],
                "gender": [str(value) for value in rng.choice(["F", "M"], users)],
                "age": [str(value) for value in rng.choice([1, 18, 25, 35, 45, 50, 56], users)],
                "occupation": [str(value) for value in rng.choice(["artist", "writer"], users)],
            }
        ),
        events=pl.DataFrame(
            {
                Columns.USER: pl.Series(user + 1).cast(pl.String),
                Columns.ITEM: pl.Series(item + 1).cast(pl.String),
                Columns.KIND: ["rated"] * len(user),
                Columns.VALUE: pl.Series(rng.integers(1, 6, len(user)), dtype=pl.Float32),
                Columns.TIME: 956_703_932 + rng.integers(0, 10**8, len(user)),
            }
        ),
    )


class Stages:
    """The steps of `Recommender.recommend`, each timed by itself."""

    def __init__(self, catalogue: Catalogue, index: VectorIndex, model: UserModel) -> None:
        self.catalogue, self.index, self.model = catalogue, index, model
        self.times: dict[str, list[float]] = {}

    def answer(self, ask: Ask) -> None:
        """Answer once, noting the time of each step."""
        profile = self._timed("history", gather, self.catalogue, ask, self.model.history_length())
        vector = self._timed("embed", self.model.embed_users, [profile.query])[0]
        scope = combine([profile.seen], [])
        found = self._timed("search", nearest, self.index, vector, ask.k, scope)
        shares = self._timed("explain", self.model.explain, profile.query, found.ids)
        cited = cite(shares, profile.query.items, accepted(profile, MIDDLE))
        keys = np.unique(np.concatenate([found.ids, profile.query.items[cited.told]]))
        facts = {item.key: item for item in self._timed("items", self.catalogue.items, keys)}
        self._timed("reasons", tell, profile, shares, cited, facts)

    def _timed(self, stage: str, work: Callable[..., Any], *given: Any) -> Any:
        start = time.perf_counter()
        result = work(*given)
        self.times.setdefault(stage, []).append((time.perf_counter() - start) * 1000)
        return result


def percentiles(times: list[float]) -> dict[str, float]:
    """Return the median and the 99th percentile, in the unit of `times`."""
    return {
        "p50_ms": round(float(np.percentile(times, 50)), 3),
        "p99_ms": round(float(np.percentile(times, 99)), 3),
    }


def timed(
    work: Callable[[Any], Any],
    given: Iterable[Any],
    clock: Callable[[], float] = time.perf_counter,
) -> list[float]:
    """Return how long `work` took for each thing given, in milliseconds of the clock."""
    times = []
    for one in given:
        start = clock()
        work(one)
        times.append((clock() - start) * 1000)
    return times


def measure(catalogue: Catalogue, index: VectorIndex, model: MeanModel, asks: list[Ask]) -> Any:
    """Return the latency of the whole, of its stages, and of bare faiss."""
    recommender = Recommender(catalogue, SpaceView("mean", index, model))
    for ask in asks[:20]:
        recommender.recommend(ask)  # warm-up, not timed
    whole = timed(recommender.recommend, asks)
    cpu = timed(recommender.recommend, asks, time.thread_time)  # what a busy machine cannot hide
    diverse = timed(recommender.recommend, [replace(ask, diversity=0.3) for ask in asks[:200]])
    stages = Stages(catalogue, index, model)
    for ask in asks:
        stages.answer(ask)
    flat = faiss.IndexFlatIP(model.vectors.shape[1])
    flat.add(model.vectors)
    queries = model.vectors[np.arange(len(asks)) % len(model.vectors)]
    bare = timed(lambda query: flat.search(query[None], asks[0].k), queries)
    return {
        "recommend": percentiles(whole),
        "recommend_cpu": percentiles(cpu),
        "recommend_diverse": percentiles(diverse),
        "stages": {stage: percentiles(times) for stage, times in stages.times.items()},
        "faiss_flat": percentiles(bare),
        "load": round(os.getloadavg()[0], 1),
    }


def measure_home(options: argparse.Namespace) -> dict[str, Any]:
    """Return the latency of `Nearfield.recommend` for known users of a home's only catalogue."""
    with Nearfield(options.home) as home:
        users = home.stores.catalogue().collection().users[Columns.USER].to_list()
        asked = np.random.default_rng(options.seed).choice(users, options.asks)
        answer = partial(home.recommend, n=options.k, space=options.space)
        timed(answer, asked[:50])  # warm-up
        whole, cpu = timed(answer, asked), timed(answer, asked, time.thread_time)
    threads = {name: os.environ.get(name) for name in ("OMP_NUM_THREADS", "OMP_WAIT_POLICY")}
    return {
        "recommend": {"min_ms": round(min(whole), 3), **percentiles(whole)},
        "recommend_cpu": {"min_ms": round(min(cpu), 3), **percentiles(cpu)},
        "load": round(os.getloadavg()[0], 1),
        **threads,
    }


def main() -> None:
    """Make the data, measure, print one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=6_040)
    parser.add_argument("--items", type=int, default=3_883)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--dim", type=int, default=200)
    parser.add_argument("--asks", type=int, default=1_000)
    parser.add_argument("--k", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--home", type=Path, help="a home with ML-1M and a published model")
    parser.add_argument("--space", default="fusion", help="what answers with --home")
    options = parser.parse_args()
    if options.home:
        figures = measure_home(options)
        sizes = {name: getattr(options, name) for name in ("asks", "k", "seed", "space")}
        print(json.dumps({"bench": "recommend_home", **describe(), **sizes, **figures}))
        return
    faiss.omp_set_num_threads(1)
    rng = np.random.default_rng(options.seed)
    tables = make_tables(options.users, options.items, options.events, options.seed)
    with (
        tempfile.TemporaryDirectory() as folder,
        Catalogues(f"sqlite:///{folder}/catalogue.db") as catalogues,
    ):
        for _ in catalogues.import_tables("movies", tables):
            pass
        catalogue = catalogues.get("movies")
        keys = np.sort(catalogue.item_keys(tables.items[Columns.ITEM].to_list()))
        vectors = unit(rng.normal(size=(len(keys), options.dim)).astype(np.float32))
        index = MirrorIndex(options.dim)
        index.upsert(keys, vectors)
        users = rng.choice(tables.users[Columns.USER].to_list(), options.asks)
        asks = [Ask(user=str(user), k=options.k) for user in users]
        figures = measure(catalogue, index, MeanModel(keys, vectors), asks)
    del options.home, options.space
    sizes = {**vars(options), "events": tables.events.height, "index": type(index).__name__}
    print(json.dumps({"bench": "recommend", **describe(), **sizes, **figures}))


if __name__ == "__main__":
    main()
