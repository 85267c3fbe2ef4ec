"""A user's vector by torch and by ONNX Runtime: latency, time to start, memory.

Each is measured in a process of its own: the model is opened, then known users with whole
histories are embedded one at a time. `start` is what importing and loading take, in CPU seconds
(what a busy machine cannot hide) and as the clock has it; `rss_mb` is the process's memory after
the queries, of which `files_mb` are pages of files, shared by all processes that map them.
Run: `python benchmarks/bench_serving.py --data DIR` with any release of MovieLens, or `--home DIR`
with a home that holds a model of each recommender already. Prints one JSON line; append it to
results/serving.jsonl. Compare lines from one machine only.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from machine import describe

FORMS = ("torch", "onnx")
RECOMMENDERS = ("fusion", "graph")
THREADS = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}


def open_model(form: str, recommender: str, folder: Path) -> Any:
    """Open a saved model with torch, or as it is served; nothing else is imported."""
    if form == "onnx":
        from nearfield.serving.model import ServedModel

        return ServedModel(folder)
    if recommender == "fusion":
        from nearfield.fusion.model import FusionModel

        return FusionModel.load(folder)
    from nearfield.graph.model import GraphModel

    return GraphModel.load(folder)


def read_queries(path: Path) -> list[Any]:
    """Return the queries that `write_queries` wrote."""
    from nearfield.types import UserQuery

    with np.load(path) as file:
        told = dict(file)
    spans = zip(told["users"], told["starts"][:-1], told["starts"][1:], strict=True)
    return [
        UserQuery(
            user=int(user),
            attributes={"age": "25", "gender": "F"},
            items=told["items"][start:stop],
            values=told["values"][start:stop],
            weights=np.ones(stop - start, dtype=np.float32),
        )
        for user, start, stop in spans
    ]


def measure(form: str, recommender: str, folder: Path, queries: Path) -> dict[str, Any]:
    """Return the figures of one form of a model; run in a new process."""
    cpu, clock = time.process_time(), time.perf_counter()
    model = open_model(form, recommender, folder)
    started = {
        "start_cpu_s": round(time.process_time() - cpu, 3),
        "start_s": round(time.perf_counter() - clock, 3),
    }
    asked = read_queries(queries)
    for query in asked[:50]:
        model.embed_users([query])  # warm-up, not timed
    times, cpu_times = [], []
    for query in asked:
        begin, cpu_begin = time.perf_counter(), time.thread_time()
        model.embed_users([query])
        cpu_times.append(1000 * (time.thread_time() - cpu_begin))
        times.append(1000 * (time.perf_counter() - begin))
    return {**started, **percentiles("", times), **percentiles("cpu_", cpu_times), **memory()}


def percentiles(name: str, times: list[float]) -> dict[str, float]:
    """Return the median and the 99th percentile of milliseconds."""
    return {f"{name}p{part}_ms": round(float(np.percentile(times, part)), 3) for part in (50, 99)}


def memory() -> dict[str, float]:
    """Return the memory of this process, in MB, and how much of it are pages of files."""
    told = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return {
        name: round(int(told[field].split()[0]) / 1000, 1)
        for name, field in (("rss_mb", "VmRSS"), ("files_mb", "RssFile"))
    }


def train(data: Path | None, recommender: str, folder: Path, epochs: int) -> Any:
    """Train and save a model; return what it was trained on."""
    from movies import load
    from nearfield.pipelines.kinds import kind_of

    collection, kind = load(data), kind_of(recommender)
    trainer = kind.trainer(collection, kind.config(epochs=epochs), folder / "checkpoint")
    for _ in trainer.run():
        pass
    kind.finish(trainer, {"catalogue": "movies"}).save(folder)
    return collection


def write_queries(collection: Any, count: int, path: Path) -> None:
    """Write what random users did, all of it."""
    rng = np.random.default_rng(0)
    events = collection.interactions
    users = rng.choice(np.flatnonzero(np.diff(events.indptr)), count)
    rows = [np.arange(events.indptr[user], events.indptr[user + 1]) for user in users]
    every = np.concatenate(rows)
    np.savez(
        path,
        users=collection.user_keys[users],
        starts=np.cumsum([0, *map(len, rows)]),
        items=collection.item_keys[events.item[every]],
        values=events.value[every],
    )


def trained(options: argparse.Namespace, recommender: str, place: Path) -> tuple[Path, Any]:
    """Return the folder of a model, and what it was trained on."""
    if options.home is None:
        folder = place / "model"
        folder.mkdir()
        return folder, train(options.data, recommender, folder, options.epochs)
    from nearfield import Nearfield

    with Nearfield(options.home) as home:
        catalogue = home.stores.catalogue()
        folder = home.stores.models.newest(catalogue.name, recommender).folder
        return folder, catalogue.collection()


def compare(options: argparse.Namespace, recommender: str) -> dict[str, Any]:
    """Return the figures of both forms of a recommender."""
    with tempfile.TemporaryDirectory() as place:
        folder, collection = trained(options, recommender, Path(place))
        queries = Path(place) / "queries.npz"
        write_queries(collection, options.asks, queries)
        found = {}
        for form in FORMS:
            told = [form, recommender, str(folder), str(queries)]
            command = [sys.executable, __file__, "--measure", *told]
            done = subprocess.run(
                command, capture_output=True, check=True, env={**os.environ, **THREADS}
            )
            found[form] = json.loads(done.stdout)
        return {"items": len(collection.items), "users": len(collection.users), **found}


def main() -> None:
    """Train, measure, print one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="a release of MovieLens; made up if not given")
    parser.add_argument("--home", type=Path, help="a home with trained models of one catalogue")
    parser.add_argument("--epochs", type=int, default=1, help="enough to time the model")
    parser.add_argument("--asks", type=int, default=2000)
    parser.add_argument("--measure", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        form, recommender, folder, queries = options.measure
        print(json.dumps(measure(form, recommender, Path(folder), Path(queries))))
        return
    figures = {recommender: compare(options, recommender) for recommender in RECOMMENDERS}
    told = {"asks": options.asks, "load": round(os.getloadavg()[0], 1)}
    print(json.dumps({"bench": "serving", **describe(), **told, **figures}))


if __name__ == "__main__":
    main()
