"""Import into SQLite, and what one recommendation asks. Run: `python benchmarks/bench_import.py`.

Prints one JSON line; append it to results/import.jsonl. Compare lines from one machine only:
`cpu_s` are seconds of this process, `s` those on the wall, which other work lengthens. The peer
is the `sqlite3` module alone: the same rows by `executemany` into the same tables and indexes.
"""

import argparse
import json
import sqlite3
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

from machine import describe
from nearfield.catalogue.catalogue import Catalogue
from nearfield.catalogue.store import Catalogues
from nearfield.datasets.tables import Tables

SEED, ITEMS, EVENTS_PER_USER, ASKED, HISTORY, SHOWN = 1234, 3_900, 165, 500, 150, 10


def make_tables(rows: int) -> Tables:
    """Return `rows` events in random order, as many for each user as ML-1M has on average."""
    rng = np.random.default_rng(SEED)
    users = max(rows // EVENTS_PER_USER, 1)
    user = rng.integers(1, users + 1, rows)
    item = 1 + (ITEMS * rng.random(rows) ** 2).astype(np.int64)  # some are far more popular
    return Tables(
        items=pl.DataFrame(
            {
                "item": [str(number + 1) for number in range(ITEMS)],
                "title": [f"A title of usual length {number}" for number in range(ITEMS)],
                "year": pl.Series(rng.integers(1930, 2000, ITEMS), dtype=pl.Int64),
                "genres": [["Drama", "Comedy", "Action"][: 1 + n % 3] for n in range(ITEMS)],
            }
        ),
        users=pl.DataFrame(
            {
                "user": [str(number + 1) for number in range(users)],
                "gender": ["FM"[number % 2] for number in range(users)],
                "age": [str(18 + number % 50) for number in range(users)],
            }
        ),
        events=pl.DataFrame(
            {
                "user": pl.Series(user).cast(pl.String),
                "item": pl.Series(item).cast(pl.String),
                "kind": ["rated"] * rows,
                "value": pl.Series(rng.integers(1, 6, rows)).cast(pl.Float32),
                "time": pl.Series(956_703_932 + rng.integers(0, 10**7, rows), dtype=pl.Int64),
            }
        ),
    )


def timed(name: str, work: Callable[[], object]) -> dict[str, float]:
    """Return seconds on the wall and of this process, under names that begin with `name`."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return {
        f"{name}_s": round(time.perf_counter() - wall, 2),
        f"{name}_cpu_s": round(time.process_time() - cpu, 2),
    }


def measure_questions(catalogue: Catalogue) -> dict[str, float]:
    """Return p50 and p99, in ms, of the questions that one recommendation asks."""
    rng = np.random.default_rng(SEED)
    some = [catalogue.user_key(number + 1) for number in range(min(ASKED, ITEMS))]
    shown = [np.sort(rng.choice(ITEMS, SHOWN, replace=False) + 1) for _ in some]
    keys = [catalogue.item_keys(one.tolist()) for one in shown]
    questions: dict[str, Callable[[int], object]] = {
        "user_key": lambda row: catalogue.user_key(row + 1),
        "item_keys": lambda row: catalogue.item_keys(shown[row].tolist()),
        "items": lambda row: catalogue.items(keys[row]),
        "history": lambda row: catalogue.history(some[row], HISTORY),
        "user_attributes": lambda row: catalogue.user_attributes(some[row]),
        "revision": lambda _: catalogue.revision(),
    }
    found = {}
    for name, ask in questions.items():
        times = []
        for row in range(len(some)):
            start = time.perf_counter()
            ask(row)
            times.append((time.perf_counter() - start) * 1000)
        for share in (50, 99):
            found[f"{name}_p{share}_ms"] = round(float(np.percentile(times, share)), 3)
    return found


def fill_by_hand(path: Path, pattern: Path, tables: Tables) -> None:
    """Insert the events by `sqlite3` alone, sorted by user, in batches as the catalogue does."""
    with sqlite3.connect(pattern) as conn:
        schema = conn.execute(
            "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite%'"
        ).fetchall()
        users = conn.execute("SELECT * FROM users").fetchall()
        items = conn.execute("SELECT * FROM items").fetchall()
        catalogues = conn.execute("SELECT * FROM catalogues").fetchall()
    conn.close()
    conn = sqlite3.connect(path, isolation_level=None)
    conn.execute("PRAGMA journal_mode = WAL")
    conn.execute("PRAGMA synchronous = NORMAL")
    conn.execute("PRAGMA foreign_keys = ON")
    conn.execute("PRAGMA cache_size = -65536")
    for (statement,) in schema:
        conn.execute(statement)
    for table, rows in (("catalogues", catalogues), ("items", items), ("users", users)):
        marks = ",".join("?" * len(rows[0]))
        conn.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
    frame = tables.events.select(
        pl.col("user").cast(pl.Int64),
        pl.col("item").cast(pl.Int64),
        pl.lit(0),
        pl.col("value").cast(pl.Float64),
        "time",
    )
    frame = frame.unique(["user", "item", "time"], keep="last", maintain_order=True)
    rows = frame.sort("user", maintain_order=True).rows()
    for start in range(0, len(rows), 50_000):
        conn.execute("BEGIN IMMEDIATE")
        conn.executemany(
            "INSERT INTO events (user_id, item_id, kind, value, time) VALUES (?, ?, ?, ?, ?)",
            rows[start : start + 50_000],
        )
        conn.execute("COMMIT")
    conn.close()


def main() -> None:
    """Measure and print one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="events to import")
    parser.add_argument("--data", help="not used; every benchmark accepts it")
    options = parser.parse_args()
    tables = make_tables(options.rows)
    with tempfile.TemporaryDirectory() as folder:
        ours, peer = Path(folder, "ours.db"), Path(folder, "peer.db")
        with Catalogues(f"sqlite:///{ours}") as store:
            found = timed("import", lambda: list(store.import_tables("movies", tables)))
            found |= timed("reimport", lambda: list(store.import_tables("movies", tables)))
            catalogue = store.get("movies")
            found |= timed("collection", catalogue.collection)
            found |= timed("popular", lambda: catalogue.popular(10))
            found |= measure_questions(catalogue)
        found["file_mb"] = round(ours.stat().st_size / 1e6, 1)
        found |= timed("sqlite3", lambda: fill_by_hand(peer, ours, tables))
    found["import_rows_per_s"] = round(options.rows / found["import_s"])
    found["import_to_sqlite3"] = round(found["import_cpu_s"] / found["sqlite3_cpu_s"], 2)
    line = {"bench": "import", **describe(), "seed": SEED, "rows": options.rows, "items": ITEMS}
    print(json.dumps({**line, "history": HISTORY, "shown": SHOWN, **found}))


if __name__ == "__main__":
    main()
