"""One space on a real Milvus server, from ten thousand vectors to a million.

Run: `python benchmarks/bench_scale.py --rows 1000000`. It starts the server itself (see
`tools/server-tools.sh`), in a network of its own. For each size: how long a publish takes and how
fast it fills; recall@10 and latency of searches, without a filter and with filters that keep a
tenth and a hundredth of the rows; the service over HTTP beside bare pymilvus, asked the same;
memory of the server and of the service. Prints one JSON line; append it to results/scale.jsonl.
`--plot docs/scale.svg` draws the last line kept.
"""

import argparse
import json
import os
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

import numpy as np
import polars as pl

from alone import run_alone
from bench_index import clustered
from machine import describe
from nearfield.home import Nearfield
from nearfield.types import Ids, Vectors
from nearfield.vectors.embeddings import Embeddings
from nearfield.vectors.exact import exact_hits

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))  # how servers are started is theirs
from real_servers.memory import resident_mb
from real_servers.milvus import milvus_server
from service_process import served
from synthetic import make_tables

SEED: Final = 1234
K: Final = 10
CATALOGUE: Final = "scale"
KEPT: Final = {"a tenth": 10, "a hundredth": 100}
"""Filters by name: of so many rows one stays."""

TURN: Final = 25
"""Questions of one way to ask before the other one's turn: the machine's speed changes."""

WARM: Final = 50
"""Items that are asked for first, and not again."""

FEW: Final = 50
"""Items that are asked for again and again: their vectors are remembered for some seconds."""

GROUPS: Final = 1000
"""Years among which the items are spread evenly, so that conditions keep known shares."""


def timed(ask: Callable[[int], object], times: int) -> dict[str, float]:
    """Return p50 and p99 (ms) of single questions, one after the other."""
    for number in range(20):
        ask(number)
    return percentiles(one_by_one(ask, range(times)))


def one_by_one(ask: Callable[[int], object], numbers: range) -> list[float]:
    """Return how long each of some questions took, in ms."""
    taken = []
    for number in numbers:
        start = time.perf_counter()
        ask(number)
        taken.append((time.perf_counter() - start) * 1000)
    return taken


def percentiles(taken: Sequence[float]) -> dict[str, float]:
    """Return p50 and p99 of times."""
    p50, p99 = np.percentile(taken, [50, 99])
    return {"p50_ms": round(float(p50), 3), "p99_ms": round(float(p99), 3)}


def beside(
    ask: Callable[[int], object], other: Callable[[int], object], times: int
) -> dict[str, Any]:
    """Return latencies of the service and of pymilvus, asked in turns, and what the first adds.

    That is the median over the turns of the difference between the medians of the two.
    """
    ours: list[float] = []
    theirs: list[float] = []
    more = []
    for first in range(0, times - TURN + 1, TURN):
        turn = range(first, first + TURN)
        one, two = one_by_one(ask, turn), one_by_one(other, turn)
        more.append(np.median(one) - np.median(two))
        ours += one
        theirs += two
    return {
        "pymilvus": percentiles(theirs),
        "service": percentiles(ours),
        "overhead_p50_ms": round(float(np.median(more)), 3),
    }


def recall(found: Ids, expected: Ids) -> float:
    """Return the share of the nearest that was found."""
    hits = sum(len(np.intersect1d(a, b)) for a, b in zip(found, expected, strict=True))
    return round(hits / expected.size, 4)


def import_items(home: Nearfield, rows: int) -> str:
    """Import few items with events, train on them, then import the rest; return the version."""
    small = make_tables(users=60, items=200, events=2000, seed=SEED)
    home.import_tables(CATALOGUE, small.items, small.users, small.events)
    version = home.train("fusion", catalogue=CATALOGUE, epochs=1).version
    numbers = np.arange(1, rows + 1)
    items = pl.DataFrame(
        {
            "item": numbers.astype(str),
            "title": [f"Item {number}" for number in numbers],
            "year": numbers % GROUPS + 1,
            "genres": [["Drama", "Comedy"][number % 2 :] for number in numbers],
        }
    )
    home.import_tables(CATALOGUE, items)
    return version


def publish(home: Nearfield, embeddings: Embeddings, version: str) -> dict[str, Any]:
    """Publish, and return the seconds of each step."""
    taken: dict[str, float] = {}
    start = before = time.perf_counter()
    step = "begin"
    for one in home.stores.spaces.publish(CATALOGUE, "fusion", version, embeddings):
        now = time.perf_counter()
        taken[step] = taken.get(step, 0.0) + now - before
        step, before = one.step, now
    whole = time.perf_counter() - start
    steps = {name: round(seconds, 2) for name, seconds in taken.items()}
    rate = len(embeddings.ids) / max(taken.get("fill", whole), 1e-9)
    return {"seconds": round(whole, 1), "steps_s": steps, "filled_per_s": round(rate)}


def search(home: Nearfield, ids: Ids, vectors: Vectors, queries: Vectors) -> dict[str, Any]:
    """Measure searches through the library, without and with filters."""
    _, index = home.stores.spaces.open(CATALOGUE, "fusion")
    count = len(queries)
    expected = exact_hits(queries, K, ids, vectors).ids
    found: dict[str, Any] = {
        "all": {"recall@10": recall(index.search(queries, K).ids, expected)}
        | timed(lambda one: index.search(queries[one % count][None], K), count)
    }
    for name, share in KEPT.items():
        only = ids[ids % share == 0]
        expected = exact_hits(queries, K, only, vectors[only - ids[0]]).ids

        def ask(one: int, only: Ids = only) -> Ids:
            return index.search(queries[one % count][None], K, only=only).ids

        few = max(30, count // 10)
        answers = np.concatenate([ask(one) for one in range(few)])
        found[name] = {"rows": len(only), "recall@10": recall(answers, expected[:few])}
        found[name] |= timed(ask, few)
    return found


@contextmanager
def asking(address: str) -> Iterator[Callable[[str], Any]]:
    """Give a function that asks the service over one connection that stays open.

    It reads no more of a header than it must: what is measured is the service, and Python's own
    client would add 0.2 ms.
    """
    where = urlsplit(address)
    with socket.create_connection((where.hostname or "", where.port or 80), timeout=60) as peer:
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stream = peer.makefile("rb")

        def ask(path: str) -> Any:
            peer.sendall(f"GET {path} HTTP/1.1\r\nHost: {where.netloc}\r\n\r\n".encode())
            status, size = stream.readline(), 0
            while (line := stream.readline()) != b"\r\n":
                if line.lower().startswith(b"content-length:"):
                    size = int(line[15:])
            body = stream.read(size)
            assert b" 200 " in status, (status, body)
            return json.loads(body)

        yield ask


def over_http(
    home: Nearfield, uri: str, ids: Ids, vectors: Vectors, questions: int
) -> dict[str, Any]:
    """Measure `similar` of the service, and pymilvus alone asked for the same.

    Alone it gets the item's vector and searches with it; for items that are asked for again it
    has the vector already.
    """
    from pymilvus import MilvusClient

    space = home.stores.spaces.active(CATALOGUE, "fusion")
    assert space is not None
    asked = np.random.default_rng(SEED).choice(len(ids), questions + WARM, replace=False)
    client = MilvusClient(uri)

    def search(vector: Any) -> Any:
        return client.search(
            space.collection,
            data=[vector],
            anns_field="vector",
            limit=K + 2,
            search_params={"params": {"ef": 128}},
            consistency_level="Bounded",
        )

    def bare(one: int) -> Any:
        key = int(ids[asked[one]])
        return search(client.get(space.collection, [key], output_fields=["vector"])[0]["vector"])

    def bare_again(one: int) -> Any:
        return search(vectors[asked[one % FEW]])

    start = f"/api/catalogues/{CATALOGUE}/items"
    conditions = {
        name: f"&where={quote(f'year <= {GROUPS // share}')}" for name, share in KEPT.items()
    }
    os.environ["NEARFIELD_MILVUS_URI"] = uri
    log = home.stores.home.with_suffix(".log")
    with (
        served(home.stores.home, "--no-worker", log=log) as service,
        asking(service.address) as ask,
    ):

        def similar(one: int, more: str = "") -> Any:
            item = asked[one] + 1
            found = ask(f"{start}/{item}/similar?k={K}{more}")
            assert len(found["items"]) == K, found
            return found

        begun = time.perf_counter()
        ask(f"{start}?limit=1")  # which waits until all items are listed, as it does when it starts
        listed = round(time.perf_counter() - begun, 1)
        one_by_one(similar, range(questions, questions + WARM))
        new = beside(similar, bare, questions)
        again = beside(lambda one: similar(one % FEW), bare_again, questions)
        few = max(30, questions // 10)
        filtered = {
            name: timed(partial(similar, more=more), few) for name, more in conditions.items()
        }
        memory = resident_mb(service.process.pid)
    client.close()
    return {
        **new,
        "again": again,
        "service_filtered": filtered,
        "listed_s": listed,
        "service_MB": memory,
    }


def measure(rows: int, dim: int, questions: int) -> dict[str, Any]:
    """Measure one size, on a server and a home of its own."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "milvus"
        data.mkdir()
        with milvus_server(data) as uri:
            idle = server_mb(data)
            with Nearfield(Path(folder) / "home", milvus_uri=uri) as home:
                start = time.perf_counter()
                version = import_items(home, rows)
                imported = round(time.perf_counter() - start, 1)
                keys = home.stores.catalogue(CATALOGUE).item_keys(
                    [str(one) for one in range(1, rows + 1)]
                )
                vectors = clustered(rows, dim, SEED)
                embeddings = Embeddings(keys, vectors, {})
                published = publish(home, embeddings, version)
                queries = clustered(questions, dim, SEED + 1)
                searched = search(home, keys, vectors, queries)
                asked = over_http(home, uri, keys, vectors, questions)
            return {
                "rows": rows,
                "dim": dim,
                "import_s": imported,
                "publish": published,
                "search": searched,
                "similar": asked,
                "milvus_MB": {"idle": idle, "loaded": server_mb(data)},
                "vectors_MB": round(rows * dim * 4 / 1e6, 1),
            }


def server_mb(data: Path) -> float:
    """Return the memory of the server whose data lie in a folder, in MB."""
    found = 0.0
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            command = (process / "cmdline").read_bytes()
            own = str(data).encode() in command or str(data) in str((process / "cwd").resolve())
        except OSError:
            continue
        if own:
            found += resident_mb(int(process.name), alone=True)
    return round(found, 1)


def plot(sizes: list[dict[str, Any]], file: Path) -> None:
    """Draw how latency, memory and the time of a publish grow, both axes logarithmic."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    sides: dict[str, dict[str, Callable[[dict[str, Any]], float]]] = {
        "milliseconds, p50": {
            "search": lambda one: one["search"]["all"]["p50_ms"],
            "search, a tenth of the rows": lambda one: one["search"]["a tenth"]["p50_ms"],
            "search, a hundredth": lambda one: one["search"]["a hundredth"]["p50_ms"],
            "pymilvus alone": lambda one: one["similar"]["pymilvus"]["p50_ms"],
            "service, similar": lambda one: one["similar"]["service"]["p50_ms"],
        },
        "megabytes": {
            "Milvus": lambda one: one["milvus_MB"]["loaded"],
            "service": lambda one: one["similar"]["service_MB"],
            "the vectors themselves": lambda one: one["vectors_MB"],
        },
        "seconds": {"publish": lambda one: one["publish"]["seconds"]},
    }
    style: dict[Any, Any] = {"svg.fonttype": "none", "svg.hashsalt": "nearfield", "font.size": 9}
    with rc_context(style):
        figure = Figure(figsize=(11, 3.4), layout="constrained")
        for side, (unit, lines) in zip(figure.subplots(1, 3), sides.items(), strict=True):
            for name, of in lines.items():
                rows = [one["rows"] for one in sizes]
                side.loglog(rows, [of(one) for one in sizes], "o-", markersize=3, label=name)
            side.set_xlabel("vectors")
            side.set_ylabel(unit)
            side.grid(linewidth=0.3)
            side.legend(frameon=False, fontsize=8)
            side.spines[["top", "right"]].set_visible(False)
        figure.savefig(file, format="svg", metadata={"Date": None})


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000, help="of the largest size")
    parser.add_argument("--dim", type=int, default=64)
    parser.add_argument("--questions", type=int, default=500)
    parser.add_argument("--plot", type=Path, help="draw the last line kept into this file")
    parser.add_argument("--data", help="not used; every benchmark accepts it")
    given = parser.parse_args()
    if given.plot is not None:
        kept = Path(__file__).parent / "results" / "scale.jsonl"
        plot(json.loads(kept.read_text(encoding="utf-8").splitlines()[-1])["sizes"], given.plot)
        return
    run_alone()
    sizes = [rows for rows in (10_000, 100_000) if rows < given.rows] + [given.rows]
    figures = [measure(rows, given.dim, given.questions) for rows in sizes]
    line = {"bench": "scale", "machine": describe() | {"milvus": "2.3.5"}, "seed": SEED, "k": K}
    print(json.dumps(line | {"questions": given.questions, "sizes": figures}))


if __name__ == "__main__":
    main()
