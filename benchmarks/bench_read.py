"""Ratings read per CPU second with all checks on. Run: `python benchmarks/bench_read.py`.

Reads an ml-1m folder (made up, or --data) from `.dat` and from Parquet, and beside it the plain
reading of the same files, without any check, by pandas and pyarrow. Prints one JSON line;
append it to results/read.jsonl. CPU seconds count every thread, so the rate is per core.
"""

import argparse
import json
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import polars as pl
import pyarrow.parquet as pq

from machine import describe
from nearfield.datasets.columns import Reading
from nearfield.datasets.read import TableFiles, read_files, read_folder

USERS, ITEMS = 6_040, 3_883
NAMES = ["user", "item", "value", "time"]


def make_folder(folder: Path, rows: int, seed: int) -> Path:
    """Write an ml-1m folder with `rows` ratings, no pair of user and item twice."""
    rng = np.random.default_rng(seed)
    pairs = rng.choice(USERS * ITEMS, rows, replace=False)
    ratings = pl.DataFrame(
        {
            "user": pairs // ITEMS + 1,
            "item": pairs % ITEMS + 1,
            "value": rng.integers(1, 6, rows),
            "time": rng.integers(956_703_932, 1_046_454_590, rows),
        }
    )
    lines = ratings.select(pl.concat_str(pl.all(), separator="::")).to_series()
    (folder / "ratings.dat").write_text("\n".join(lines) + "\n")
    movies = (f"{item}::Movie {item} (1990)::Drama|War\n" for item in range(1, ITEMS + 1))
    (folder / "movies.dat").write_text("".join(movies))
    users = (f"{user}::F::25::3::00000\n" for user in range(1, USERS + 1))
    (folder / "users.dat").write_text("".join(users))
    return folder


def measure(task: Callable[[], object], repeats: int) -> tuple[float, float]:
    """Return the CPU seconds and the wall seconds of the best of some runs."""
    runs = []
    for _ in range(repeats):
        wall, cpu = time.perf_counter(), time.process_time()
        task()
        runs.append((time.process_time() - cpu, time.perf_counter() - wall))
    return min(runs)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="ratings to make up")
    parser.add_argument("--repeats", type=int, default=3, help="runs, of which the best counts")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data", type=Path, help="an ml-1m folder, instead of making one up")
    given = parser.parse_args()
    with TemporaryDirectory() as scratch:
        tables = Path(scratch)
        folder = given.data or make_folder(tables, given.rows, given.seed)
        read = read_folder(folder).tables
        numbers = pl.col("user", "item").cast(pl.Int64)
        read.events.select(NAMES).with_columns(numbers).write_parquet(tables / "events.parquet")
        read.items.write_parquet(tables / "items.parquet")
        read.users.write_parquet(tables / "users.parquet")
        names = ("events", "items", "users")
        files = TableFiles(**{name: tables / f"{name}.parquet" for name in names})

        def plain_dat() -> object:
            return pd.read_csv(folder / "ratings.dat", sep="::", engine="python", names=NAMES)

        tasks: dict[str, tuple[Callable[[], object], int]] = {
            "dat": (lambda: read_folder(folder), given.repeats),
            "parquet": (lambda: read_files(files, Reading(scale=(1, 5))), given.repeats),
            "pandas dat, no checks": (plain_dat, 1),
            "pyarrow parquet, no checks": (
                lambda: pq.read_table(tables / "events.parquet"),
                given.repeats,
            ),
        }
        rows = read.events.height
        figures = {}
        for name, (task, repeats) in tasks.items():
            cpu, wall = measure(task, repeats)
            figures[name] = {
                "rows per CPU s": round(rows / cpu),
                "CPU s": round(cpu, 3),
                "wall s": round(wall, 3),
            }
    versions = {name: version(name) for name in ("polars", "pandas", "pyarrow")}
    line = {"bench": "read", "machine": describe() | versions, "seed": given.seed, "rows": rows}
    print(json.dumps(line | {"data": given.data is not None, "figures": figures}))


if __name__ == "__main__":
    main()
