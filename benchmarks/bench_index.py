"""Search latency, recall and build time of the vector indexes, beside bare faiss.

Run: `python benchmarks/bench_index.py --rows 4000 100000 --dim 64 200`. Prints one JSON line;
append it to results/index.jsonl. Compare lines from one machine only.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import faiss
import numpy as np

from machine import describe
from nearfield.types import Ids, Vectors
from nearfield.vectors.collection import create_collection
from nearfield.vectors.connection import Connection
from nearfield.vectors.exact import ExactIndex
from nearfield.vectors.graph import GraphConfig
from nearfield.vectors.index import VectorIndex
from nearfield.vectors.mirror import MirrorIndex

K: Final = 10
SEED: Final = 1234
CENTRES: Final = 200
SPREAD: Final = 0.7
MOST_EXCLUDED: Final = 10_000

Search = Callable[[Vectors], np.ndarray]


def clustered(rows: int, dim: int, seed: int) -> Vectors:
    """Return unit vectors around common centres, as learned vectors are."""
    centres = np.random.default_rng(SEED).normal(size=(CENTRES, dim))
    rng = np.random.default_rng(seed)
    vectors = centres[rng.integers(0, CENTRES, rows)] + SPREAD * rng.normal(size=(rows, dim))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float32)


def measure(search: Search, queries: Vectors, expected: Ids) -> dict[str, float]:
    """Return p50 and p95 (ms) of single queries, the batch rate and recall@K."""
    search(queries[:1])  # warm-up, not timed
    times: list[float] = []
    found = 0
    for query, best in zip(queries, expected, strict=True):
        start = time.perf_counter()
        ids = search(query[None])
        times.append((time.perf_counter() - start) * 1000)
        found += len(np.intersect1d(ids[0], best))
    start = time.perf_counter()
    search(queries)
    batch = time.perf_counter() - start
    return {
        "p50_ms": round(float(np.percentile(times, 50)), 4),
        "p95_ms": round(float(np.percentile(times, 95)), 4),
        "batch_per_s": round(len(queries) / batch, 1),
        "recall@10": round(found / expected.size, 4),
    }


@contextmanager
def milvus_lite(ids: Ids, vectors: Vectors) -> Iterator[tuple[VectorIndex, float]]:
    """Give a filled and flushed collection, and the seconds it took."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Connection(str(Path(folder) / "milvus.db")) as connection,
    ):
        index = create_collection(connection, "bench", vectors.shape[1])
        start = time.perf_counter()
        index.upsert(ids, vectors)
        connection.call("flush", "bench")
        yield index, round(time.perf_counter() - start, 3)


def fill(index: VectorIndex, ids: Ids, vectors: Vectors) -> float:
    """Return the seconds it takes."""
    start = time.perf_counter()
    index.upsert(ids, vectors)
    if isinstance(index, MirrorIndex) and len(ids) >= GraphConfig().rows:
        index.build_graph()
    return round(time.perf_counter() - start, 3)


def bare_faiss(vectors: Vectors, kind: str) -> tuple[Any, float]:
    """Return a faiss index without anything around it, and the seconds that building takes."""
    config, dim = GraphConfig(), vectors.shape[1]
    start = time.perf_counter()
    if kind == "flat":
        index = faiss.IndexFlatIP(dim)
    else:
        index = faiss.IndexHNSWFlat(dim, config.links, faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction = config.ef_build
        index.hnsw.efSearch = config.ef_search
    index.add(vectors)
    return index, round(time.perf_counter() - start, 3)


def bare_search(index: Any, queries: Vectors) -> Ids:
    """Return ids, which are positions from 1 here."""
    found: Ids = index.search(queries, K)[1] + 1
    return found


def compare(rows: int, dim: int, queries: int, lite_queries: int) -> dict[str, Any]:
    """Measure every index on the same rows and queries."""
    ids, vectors = np.arange(1, rows + 1), clustered(rows, dim, SEED)
    asked = clustered(queries, dim, SEED + 1)
    exclude = np.random.default_rng(SEED).choice(ids, min(MOST_EXCLUDED, rows // 2), replace=False)
    result: dict[str, Any] = {"rows": rows, "dim": dim}

    exact, mirror = ExactIndex(dim), MirrorIndex(dim)
    built = fill(exact, ids, vectors)
    expected = exact.search(asked, K).ids
    apart = exact.search(asked, K, exclude=exclude).ids
    result["exact"] = measure(lambda q: exact.search(q, K).ids, asked, expected)
    result["exact"]["build_s"] = built

    for kind in ("flat", "hnsw") if rows >= GraphConfig().rows else ("flat",):
        bare, built = bare_faiss(vectors, kind)
        result[f"faiss_{kind}"] = measure(partial(bare_search, bare), asked, expected)
        result[f"faiss_{kind}"]["build_s"] = built

    built = fill(mirror, ids, vectors)
    result["mirror"] = measure(lambda q: mirror.search(q, K).ids, asked, expected)
    result["mirror"]["build_s"] = built
    result["mirror_excluding"] = {"excluded": len(exclude)} | measure(
        lambda q: mirror.search(q, K, exclude=exclude).ids, asked, apart
    )
    with milvus_lite(ids, vectors) as (lite, built):
        few = asked[:lite_queries]
        result["milvus_lite"] = measure(lambda q: lite.search(q, K).ids, few, expected[: len(few)])
        result["milvus_lite"]["build_s"] = built
    return result


def main() -> None:
    """Measure what the command line asks for and print one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[4_000, 100_000])
    parser.add_argument("--dim", type=int, nargs="+", default=[64])
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--lite-queries", type=int, default=20, help="Milvus Lite is slow")
    parser.add_argument("--data", help="ignored: the vectors are made")
    options = parser.parse_args()
    faiss.omp_set_num_threads(1)
    figures = [
        compare(rows, dim, options.queries, options.lite_queries)
        for rows in options.rows
        for dim in options.dim
    ]
    line = {"bench": "index", "machine": describe(), "seed": SEED, "k": K, "threads": 1}
    print(json.dumps(line | {"queries": options.queries, "figures": figures}))


if __name__ == "__main__":
    main()
