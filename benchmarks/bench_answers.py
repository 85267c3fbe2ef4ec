"""Latency of one answer through the Python API, from a home with a trained and published model.

`recommend` for known users with reasons, `recommend` by attributes and by likes, `similar_items`,
and the retrieval step alone (the index of the space) beside bare faiss on the same vectors.
Run: `python benchmarks/bench_answers.py --home HOME` after `nearfield demo movies`; without a home
one is made of small made-up data. Prints one JSON line; append it to results/answers.jsonl.
Compare lines from one machine only.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from machine import describe
from nearfield.home import Nearfield

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))  # the made-up data is the tests'
from synthetic import make_tables


def timed(work: Callable[[Any], Any], given: Iterable[Any]) -> dict[str, float]:
    """Return the median and the 99th percentile of single calls, in milliseconds."""
    times, cpu = [], []
    for one in given:
        start, used = time.perf_counter(), time.thread_time()
        work(one)
        times.append((time.perf_counter() - start) * 1000)
        cpu.append((time.thread_time() - used) * 1000)
    return {
        "p50_ms": round(float(np.percentile(times, 50)), 3),
        "p99_ms": round(float(np.percentile(times, 99)), 3),
        "cpu_p50_ms": round(float(np.percentile(cpu, 50)), 3),
    }


def measure(home: Nearfield, catalogue: str, asks: int, seed: int) -> dict[str, Any]:
    """Ask, and compare the search with bare faiss."""
    rng = np.random.default_rng(seed)
    collection = home.stores.catalogue(catalogue).collection()
    users: Sequence[str] = rng.choice(collection.users["user"].to_numpy(), asks).tolist()
    items: Sequence[str] = rng.choice(collection.items["item"].to_numpy(), asks).tolist()
    for user in users[:20]:
        home.recommend(user=user, catalogue=catalogue)  # warm-up, not timed
    _, index = home.stores.spaces.open(catalogue, "fusion")
    vectors = np.concatenate([rows for _, rows in index.scan()])
    flat = faiss.IndexFlatIP(vectors.shape[1])
    flat.add(vectors)
    queries = vectors[rng.integers(0, len(vectors), asks)]
    likes = [items[row : row + 3] for row in range(0, asks - 3, 3)]
    return {
        "items": len(vectors),
        "dim": int(vectors.shape[1]),
        "recommend_user": timed(lambda u: home.recommend(user=u, catalogue=catalogue), users),
        "recommend_likes": timed(lambda i: home.recommend(liked=i, catalogue=catalogue), likes),
        "recommend_attributes": timed(
            lambda age: home.recommend(
                attributes={"age": str(age), "gender": "F"}, catalogue=catalogue
            ),
            range(18, 68),
        ),
        "similar": timed(lambda i: home.similar_items(i, catalogue=catalogue), items),
        "index_search": timed(lambda query: index.search(query[None], 10), queries),
        "faiss_flat": timed(lambda query: flat.search(query[None], 10), queries),
    }


def main() -> None:
    """Measure and print one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, help="a home with a published model")
    parser.add_argument("--data", type=Path, help="not read: the data is in the home")
    parser.add_argument("--catalogue", default="movies")
    parser.add_argument("--asks", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, Nearfield(given.home or folder) as home:
        if given.home is None:
            tables = make_tables(users=400, items=200, events=10_000)
            home.import_tables(given.catalogue, tables.items, tables.users, tables.events)
            home.train("fusion", catalogue=given.catalogue, epochs=2)
            home.publish(given.catalogue)
        figures = measure(home, given.catalogue, given.asks, given.seed)
    line = {"bench": "answers", **describe(), "seed": given.seed, "asks": given.asks}
    print(json.dumps(line | {"load": round(os.getloadavg()[0], 1)} | figures))


if __name__ == "__main__":
    main()
