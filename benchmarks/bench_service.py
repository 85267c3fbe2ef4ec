"""The service under load: latency at a given rate, errors, memory.

Run: `python benchmarks/bench_service.py --data ml-1m [--epochs 4] [--seconds 30] [--minutes 10]`.

A home is made and trained (or `--home` names one), `nearfield serve` is started as a process of its
own, and wrk asks at random times (exponential pauses on many connections, so that the rate is what
is asked for and requests come as those of people do). Client and server share the machine. Prints
one JSON line; append it to results/service.jsonl.
"""

import argparse
import json
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from machine import describe
from nearfield.home import Nearfield

SIMILAR, RECOMMEND = 500, 200
"""Requests a second that are asked for."""

CONNECTIONS = 64
SEED = 1234

SCRIPT = """
math.randomseed({seed})
local lines = {{}}
for line in io.lines("{file}") do lines[#lines + 1] = line end
function delay() return -math.log(1 - math.random()) * {pause} end
function request()
  local line = lines[math.random(#lines)]
  {request}
end
function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format('RESULT {{"requests": %d, "rate": %.1f, "p50": %.3f, "p90": %.3f, ' ..
    '"p99": %.3f, "p99.9": %.3f, "worst": %.3f, "bad_status": %d, "socket_errors": %d, ' ..
    '"timeouts": %d}}\\n', summary.requests, summary.requests / summary.duration * 1e6,
    latency:percentile(50) / 1000, latency:percentile(90) / 1000, latency:percentile(99) / 1000,
    latency:percentile(99.9) / 1000, latency.max / 1000, errors.status,
    errors.connect + errors.read + errors.write, errors.timeout))
end
"""

GET = 'return wrk.format("GET", line)'
POST = (
    'return wrk.format("POST", "/api/catalogues/movies/recommend", '
    '{["Content-Type"] = "application/json"}, line)'
)


@contextmanager
def served(home: Path) -> Iterator[tuple[str, int, float]]:
    """Run the service; yield its address, its process and the seconds until it was ready."""
    command = [str(Path(sys.executable).parent / "nearfield"), "--home", str(home)]
    start = time.perf_counter()
    process = subprocess.Popen(
        [*command, "serve", "--port", "0", "--no-worker"], stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stderr is not None
        address = next(
            found.group(1)
            for line in process.stderr
            if (found := re.search(r"Nearfield is at (http://\S+)", line))
        )
        seconds = time.perf_counter() - start
        drain = subprocess.Popen(["cat"], stdin=process.stderr, stdout=subprocess.DEVNULL)
        yield address, process.pid, seconds
        drain.terminate()
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def load(address: str, lines: list[str], request: str, rate: float, seconds: int) -> dict[str, Any]:
    """Ask at a rate, in requests a second; return latencies in ms, and errors."""
    found: dict[str, Any] = {}
    pause = latency = 0.0
    with tempfile.TemporaryDirectory() as folder:
        file, script = Path(folder) / "lines", Path(folder) / "script.lua"
        file.write_text("\n".join(lines))
        for length in (3, 6, 6, seconds):  # the first warm up, and tell the time of an answer
            pause = max(1.0, 1000 * CONNECTIONS / (1.02 * rate) - latency)
            script.write_text(SCRIPT.format(seed=SEED, file=file, pause=pause, request=request))
            command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{length}", "-s", str(script), address]
            said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            found = json.loads(next(one for one in said.splitlines() if "RESULT" in one)[7:])
            latency = max(0.0, 1000 * CONNECTIONS / found["rate"] - pause)
    return found


def resident(process: int) -> float:
    """Return the memory of a process, in MB."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1024  # type: ignore[union-attr]


def make_home(home: Path, data: Path, epochs: int) -> None:
    """Import, train and publish."""
    with Nearfield(home) as nearfield:
        nearfield.import_folder("movies", data)
        nearfield.train("fusion", epochs=epochs)
        nearfield.publish()


def questions(address: str) -> tuple[list[str], list[str]]:
    """Return addresses that ask for similar items, and bodies that ask for recommendations."""
    draw = random.Random(SEED)
    items: list[int] = []
    cursor = ""
    while len(items) < 2000:
        path = f"{address}/api/catalogues/movies/items?sort=popular&limit=200&cursor={cursor}"
        page = json.load(urlopen(path))
        items += [one["id"] for one in page["items"]]
        if not (cursor := page["next"] or ""):
            break
    similar = [f"/api/catalogues/movies/items/{item}/similar?k=10" for item in items]
    users = json.load(urlopen(f"{address}/api/catalogues/movies"))["users"]
    bodies = [json.dumps({"user": draw.randint(1, users), "k": 10}) for _ in range(2000)]
    return similar, bodies


def main() -> None:
    """Print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--minutes", type=float, default=0.0, help="of mixed load, for memory")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = wanted.home or Path(folder) / "home"
        if wanted.home is None:
            if wanted.data is None:
                parser.error("name a MovieLens folder (--data), or a home (--home)")
            make_home(home, wanted.data, wanted.epochs)
        with served(home) as (address, process, seconds):
            similar, bodies = questions(address)
            figures: dict[str, Any] = {"up_seconds": round(seconds, 2)}
            figures["similar"] = load(address, similar, GET, SIMILAR, wanted.seconds)
            figures["recommend"] = load(address, bodies, POST, RECOMMEND, wanted.seconds)
            figures["memory_mb"] = [round(resident(process))]
            until = time.monotonic() + 60 * wanted.minutes
            while time.monotonic() < until:
                load(address, similar, GET, SIMILAR, 25)
                load(address, bodies, POST, RECOMMEND, 25)
                figures["memory_mb"].append(round(resident(process)))
            figures["torch_loaded"] = "torch" in Path(f"/proc/{process}/maps").read_text()
    print(json.dumps({"bench": "service", **describe(), "connections": CONNECTIONS, **figures}))


if __name__ == "__main__":
    main()
