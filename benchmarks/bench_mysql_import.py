"""Import into MariaDB, against the server's own LOAD DATA, and what is asked of it afterwards.

Run: `python benchmarks/bench_mysql_import.py`. Prints one JSON line; append it to
results/mysql_import.jsonl. A server is started for it and thrown away. LOAD DATA gets the same rows
in the same order, into the same table with the same indexes and keys, and commits once; it need not
check, look keys up or be able to go on after a kill. SQLite does all the same in the same run.
`cpu_s` are seconds of this process, `server_cpu_s` those of the server, `s` those on the wall,
which other work lengthens.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pymysql
from sqlalchemy import text

from bench_import import make_tables
from machine import describe
from nearfield.catalogue.catalogue import Catalogue
from nearfield.catalogue.store import Catalogues
from nearfield.catalogue.write_events import keyed
from nearfield.datasets.tables import Tables

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))  # how a server is started is theirs

from real_servers.databases import empty_database
from real_servers.mariadb import MariaDB, running_mariadb

ROUNDS = 200
COLUMNS = "user_id, item_id, kind, value, time"
OPTIONS = (
    "--innodb-buffer-pool-size=2G",
    "--innodb-log-file-size=1G",
    "--innodb-flush-log-at-trx-commit=1",
    "--local-infile=1",
)
Clock = Callable[[], float]


def server_clock(server: MariaDB) -> Clock:
    """Return what tells the processor seconds of a server so far."""
    stat = Path(f"/proc/{server.pid}/stat")
    return lambda: sum(map(int, stat.read_text().rpartition(")")[2].split()[11:13])) / 100


@contextmanager
def timed(found: dict[str, Any], name: str, server: Clock | None) -> Iterator[None]:
    """Note the seconds of the block, under names that begin with `name`."""
    wall, cpu, theirs = time.perf_counter(), time.process_time(), server() if server else 0.0
    yield
    found[f"{name}_s"] = round(time.perf_counter() - wall, 2)
    found[f"{name}_cpu_s"] = round(time.process_time() - cpu, 2)
    if server:
        found[f"{name}_server_cpu_s"] = round(server() - theirs, 2)


def load_data(server: MariaDB, tables: Tables, clock: Clock) -> dict[str, Any]:
    """Return what LOAD DATA takes for the events, once items and users are there."""
    found: dict[str, Any] = {}
    with empty_database(server.url) as url, tempfile.TemporaryDirectory() as folder:
        with Catalogues(url.render_as_string(hide_password=False)) as store:
            few = Tables(tables.items, tables.users, tables.events[:0])
            list(store.import_tables("movies", few))
            rows = keyed(store._database, store.get("movies").number, tables.events)
        file = Path(folder) / "events.tsv"
        plain = rows.select(COLUMNS.split(", "))
        plain.write_csv(file, separator="\t", include_header=False, null_value="\\N")
        conn = pymysql.connect(
            unix_socket=str(url.query["unix_socket"]),
            user="root",
            database=url.database,
            local_infile=True,
        )
        with timed(found, "load_data", clock), conn.cursor() as cursor:
            cursor.execute(f"LOAD DATA LOCAL INFILE '{file}' INTO TABLE events ({COLUMNS})")
            conn.commit()
        conn.close()
    return found


def import_all(store: Catalogues, tables: Tables, clock: Clock | None) -> dict[str, Any]:
    """Return what our import takes: items and users, then events, then all of it once more."""
    found: dict[str, Any] = {}
    with timed(found, "items_users", clock):
        list(store.import_tables("movies", Tables(tables.items, tables.users, tables.events[:0])))
    none = Tables(tables.items[:0], tables.users[:0], tables.events)
    movies = store.get("movies")
    with timed(found, "events", clock):
        movies.add_events(none.events)
    with timed(found, "again", clock):
        movies.add_events(none.events)
    changed = tables.items.with_columns(year=np.full(tables.items.height, 1999))
    with timed(found, "items_changed", clock):
        list(store.import_tables("movies", Tables(changed, tables.users[:0], tables.events[:0])))
    return found


def ask(movies: Catalogue, clock: Clock | None) -> dict[str, Any]:
    """Return what is read whole, and of what a page asks p50 and processor time of both, in ms."""
    found: dict[str, Any] = {}
    with timed(found, "collection", clock):
        movies.collection()
    with timed(found, "popular", clock):
        movies.popular(10)
    with timed(found, "first_search", clock):
        movies.browse("title")
    keys = movies.item_keys(list(range(1, 11)))
    user = movies.user_key(1)
    typed = "title of usual 12"
    questions: dict[str, Callable[[int], object]] = {
        "type": lambda n: movies.browse(typed[: 1 + n % len(typed)]),
        "browse": lambda n: movies.browse(sort="new", limit=50),
        "user_key": lambda n: movies.user_key(1 + n),
        "items": lambda n: movies.items(keys),
        "history": lambda n: movies.history(user, 200),
        "counts": lambda n: movies.counts(),
        "post": lambda n: movies.post_events([{"user": 1 + n, "item": 1, "kind": "watched"}]),
    }
    for name, question in questions.items():
        times = []
        cpu, theirs = time.process_time(), clock() if clock else 0.0
        for n in range(ROUNDS):
            begin = time.perf_counter()
            question(n)
            times.append(time.perf_counter() - begin)
        used = time.process_time() - cpu + (clock() - theirs if clock else 0.0)
        found[f"{name}_p50_ms"] = round(float(np.median(times)) * 1000, 3)
        found[f"{name}_cpu_ms"] = round(used / ROUNDS * 1000, 3)
    return found


def measure(url: str, tables: Tables, clock: Clock | None) -> dict[str, Any]:
    """Return all of our figures for one kind of database."""
    with Catalogues(url) as store:
        found = import_all(store, tables, clock)
        return found | ask(store.get("movies"), clock)


def main() -> None:
    """Print the line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--data", help="ignored: the rows are made up")
    rows = parser.parse_args().rows
    tables = make_tables(rows)
    with running_mariadb(OPTIONS) as server:
        clock = server_clock(server)
        loaded = load_data(server, tables, clock)
        with empty_database(server.url) as url:
            ours = measure(url.render_as_string(hide_password=False), tables, clock)
            version, megabytes = _facts(url.render_as_string(hide_password=False))
    with tempfile.TemporaryDirectory() as folder:
        lite = measure(f"sqlite:///{folder}/facts.db", tables, None)
    told = {
        "benchmark": "mysql_import",
        "rows": rows,
        "server": version,
        "events_mb": megabytes,
        "options": OPTIONS,
        "load_data": loaded,
        "mariadb": ours,
        "sqlite": lite,
        "ratio": round(ours["events_s"] / loaded["load_data_s"], 2),
        "cpu_ratio": round(
            (ours["events_cpu_s"] + ours["events_server_cpu_s"])
            / (loaded["load_data_cpu_s"] + loaded["load_data_server_cpu_s"]),
            2,
        ),
        "machine": describe(),
    }
    print(json.dumps(told))


def _facts(url: str) -> tuple[str, float]:
    """Return the version of a server, and the megabytes of events with their indexes."""
    size = "SELECT data_length + index_length FROM information_schema.tables"
    mine = "WHERE table_schema = DATABASE() AND table_name = 'events'"
    with Catalogues(url) as store, store._database.reading() as conn:
        conn.execute(text("ANALYZE TABLE events")).all()
        megabytes = round(float(conn.execute(text(f"{size} {mine}")).scalar_one()) / 1e6)
        return str(conn.execute(text("SELECT VERSION()")).scalar()), megabytes


if __name__ == "__main__":
    main()
