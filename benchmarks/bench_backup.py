"""Back a home up, restore it, and move it to a server, beside the databases' own tools.

Run: `python benchmarks/bench_backup.py`, or `--rows 1000000 --items 1000000` for a million vectors.
Each command runs in a process of its own: `s` are seconds on the wall, which other work lengthens,
`cpu_s` those of that process, `peak_mb` the most memory it held. The peers are SQLite's online
backup (`sqlite3.Connection.backup`) and, with `--mariadb`, `mariadb-dump --single-transaction` and
`mariadb`, of the same tables; they know nothing of vectors and models. Prints one JSON line;
append it to results/backup.jsonl.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from machine import describe

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))  # how servers are started is theirs
from real_servers.databases import empty_database
from real_servers.mariadb import running_mariadb

SEED: Final = 1234
PROGRAM: Final = (sys.executable, "-c", "from nearfield.cli.main import main; main()")
PEER: Final = """
import sqlite3, sys
with sqlite3.connect(sys.argv[1]) as one, sqlite3.connect(sys.argv[2]) as other:
    one.backup(other)
"""


def make_home(home: Path, rows: int, items: int, dim: int) -> None:
    """Make a home with so many events, and a space with a vector for each item.

    In a process of its own: what this one holds would count in the peak of each that it starts.
    """
    import numpy as np
    import polars as pl

    from nearfield.pipelines.progress import finish
    from nearfield.pipelines.stores import Stores
    from nearfield.vectors.embeddings import Embeddings
    from synthetic import make_tables

    tables = make_tables(users=max(rows // 165, 1), items=min(items, 4_000), events=rows, seed=SEED)
    more = pl.DataFrame({"item": [str(n) for n in range(4_001, items + 1)]})
    rng = np.random.default_rng(SEED)
    vectors = rng.standard_normal((items, dim), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    with Stores(home) as stores:
        for _ in stores.catalogues.import_tables("movies", tables):
            pass
        movies = stores.catalogue("movies")
        for part in more.iter_slices(10_000):
            movies.put_items([{"id": n, "title": f"Item {n}"} for n in part["item"]])
        embeddings = Embeddings(movies.all_item_keys(), vectors, {})
        finish(stores.spaces.publish("movies", "fusion", "20260101-000000-000000", embeddings))


def timed(
    command: Sequence[str | Path], where: Path | None = None, source: Path | None = None
) -> dict[str, float]:
    """Run a command to its end; its output goes to `where`, its input comes from `source`."""
    start = time.perf_counter()
    nothing = Path(os.devnull)
    with (where or nothing).open("wb") as out, (source or nothing).open("rb") as given:
        process = subprocess.Popen(list(map(str, command)), stdout=out, stdin=given)
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command} ended with {process.returncode}")
    return {
        "s": round(time.perf_counter() - start, 2),
        "cpu_s": round(used.ru_utime + used.ru_stime, 2),
        "peak_mb": round(used.ru_maxrss / 1024),
    }


def megabytes(*files: Path) -> float:
    """Return how long files are together."""
    return round(sum(file.stat().st_size for file in files) / 1e6, 1)


def folder_mb(folder: Path) -> float:
    """Return how long all files in a folder are together."""
    return megabytes(*(file for file in folder.rglob("*") if file.is_file()))


def in_folders(folder: Path) -> dict[str, Any]:
    """Measure from a folder into a file and back."""
    home, file = folder / "home", folder / "a.backup"
    nearfield: list[str | Path] = [*PROGRAM, "--home", home]
    told: dict[str, Any] = {"home_mb": folder_mb(home)}
    told["backup"] = timed([*nearfield, "backup", file])
    told["file_mb"] = megabytes(file)
    told["backup_mb_per_s"] = round(told["home_mb"] / told["backup"]["s"], 1)
    told["check"] = timed([*nearfield, "restore", "--check", file])
    told["restore"] = timed([*PROGRAM, "--home", folder / "other", "restore", file])
    told["move"] = timed([*nearfield, "move", "--to", folder / "new"])
    timed([*nearfield, "move", "--cancel"])
    source, copy = home / "catalogue.db", folder / "peer.db"
    told["sqlite3_backup"] = timed([sys.executable, "-c", PEER, source, copy])
    told["sqlite3_mb"] = megabytes(copy)
    return told


def on_mariadb(folder: Path) -> dict[str, Any]:
    """Measure the tables alone, to a server and from it."""
    home = folder / "home"
    told: dict[str, Any] = {}
    with running_mariadb() as server, empty_database(server.url) as url:
        text = url.render_as_string(hide_password=False)
        told["move_to_mariadb"] = timed([*PROGRAM, "--home", home, "move", "--to", text])
        timed([*PROGRAM, "--home", home, "move", "--cancel"])
        os.environ["NEARFIELD_DATABASE_URL"] = text
        told["backup_of_mariadb"] = timed([*PROGRAM, "--home", home, "backup", folder / "b.backup"])
        del os.environ["NEARFIELD_DATABASE_URL"]
        socket = parse_qs(urlsplit(text).query)["unix_socket"][0]
        login = [f"--socket={socket}", "--user=root"]
        dump = folder / "dump.sql"
        tool = ["mariadb-dump", *login, "--single-transaction", str(url.database)]
        told["mariadb_dump"] = timed(tool, where=dump)
        told["mariadb_dump_mb"] = megabytes(dump)
        with empty_database(server.url) as other:
            told["mariadb_load"] = timed(["mariadb", *login, str(other.database)], source=dump)
    return told


def main() -> None:
    """Measure and print one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="events")
    parser.add_argument("--items", type=int, default=100_000, help="items, each with a vector")
    parser.add_argument("--dim", type=int, default=64, help="length of the vectors")
    parser.add_argument("--mariadb", action="store_true", help="on a server, too")
    parser.add_argument("--data", help="not used; every benchmark accepts it")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sizes = (options.rows, options.items, options.dim)
        making = get_context("spawn").Process(target=make_home, args=(folder / "home", *sizes))
        making.start()
        making.join()
        found = in_folders(folder)
        if options.mariadb:
            found |= on_mariadb(folder)
    told = {"rows": options.rows, "items": options.items, "dim": options.dim}
    print(json.dumps({"bench": "backup", **describe(), "seed": SEED, **told, **found}))


if __name__ == "__main__":
    main()
