"""Songs a second on processes of this machine, and on a Ray that is started on it.

Run: `python benchmarks/bench_bulk.py --music DIR`. Adds up to `--songs` files of a folder (made
songs of a minute where none is given) to a new home: on 1 and 2 processes, on Ray with 1 and 2
workers. Tells, for each: seconds until the first song, songs a second from there on, CPU seconds
and memory of all processes by what they are for, the object store, and whether the vectors are
those of one process. Prints one JSON line.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections import defaultdict
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from bench_decode import make_file
from machine import describe
from nearfield.home import Nearfield
from nearfield.sound.scan import find_sounds

SEED = 3
PLACES = (("processes", 1), ("processes", 2), ("ray", 1), ("ray", 2))
TICKS = os.sysconf("SC_CLK_TCK")

ADD = """
import json, sys, time
from pathlib import Path
from nearfield.pipelines.music import Adding, add_music
from nearfield.pipelines.stores import Stores

home, songs, on, workers = sys.argv[1:]
times, start = [], time.perf_counter()
with Stores(Path(home)) as stores:
    wanted = Adding((Path(songs),), workers=int(workers), on=on)
    for step in add_music(stores, wanted):
        if step.what == "Listening":
            times.append(time.perf_counter() - start)
print(json.dumps({"times": times, "all": time.perf_counter() - start}))
"""


class Watcher(threading.Thread):
    """Reads CPU time and memory of a process and all below it, several times a second."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid = pid
        self._over = threading.Event()
        self.cpu: dict[int, float] = {}
        self.roles: dict[int, str] = {}
        self.peaks: dict[str, float] = defaultdict(float)

    def run(self) -> None:
        """Watch until it is told to stop."""
        while not self._over.wait(0.25):
            self._look()

    def stop(self) -> None:
        """End the watch."""
        self._over.set()
        self.join()

    def _look(self) -> None:
        now: dict[str, float] = defaultdict(float)
        for pid in below(self._pid):
            try:
                status = read_status(pid)
                stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                words = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if not words:  # it is ending
                continue
            self.cpu[pid] = (int(stat[11]) + int(stat[12])) / TICKS
            role = self.roles[pid] = "driver" if pid == self._pid else role_of(words)
            now[role] += status["RssAnon"]
            now["all"] += status["RssAnon"]
            if role == "ray: services":
                now["object store"] += status["RssShmem"]
        for role, size in now.items():
            self.peaks[role] = max(self.peaks[role], size)

    def by_role(self) -> dict[str, float]:
        """Return CPU seconds of each role."""
        found: dict[str, float] = defaultdict(float)
        for pid, seconds in self.cpu.items():
            found[self.roles[pid]] += seconds
        return {role: round(seconds, 1) for role, seconds in sorted(found.items())}


def below(pid: int) -> list[int]:
    """Return a process and all that it and its children started."""
    found = [pid]
    for one in found:
        for task in Path(f"/proc/{one}/task").glob("*/children"):
            try:
                found += [int(child) for child in task.read_text().split()]
            except OSError:
                continue
    return found


def read_status(pid: int) -> dict[str, float]:
    """Return what the kernel says of the memory of a process, in MB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    sizes = [line.split() for line in lines if line.startswith("Rss")]
    return defaultdict(float, {name.rstrip(":"): int(size) / 1024 for name, size, _ in sizes})


def role_of(words: str) -> str:
    """Return what a process is for, by how it was started."""
    if "spawn_main" in words:
        return "listening"
    if "resource_tracker" in words:
        return "driver"
    if words.startswith("ray::") and "Agent" not in words:
        return "ray: desk and workers"
    return "ray: services"


def measure(place: tuple[str, int], songs: Path, home: Path) -> dict[str, Any]:
    """Add the songs once."""
    command = [sys.executable, "-c", ADD, str(home), str(songs), place[0], str(place[1])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        watcher = Watcher(process.pid)
        watcher.start()
        said = process.communicate()[0]
        watcher.stop()
    told = json.loads(said)
    first, last = told["times"][0], told["times"][-1]
    return {
        "on": place[0],
        "workers": place[1],
        "seconds": round(told["all"], 1),
        "first_song_after": round(first, 1),
        "songs_a_second": round((len(told["times"]) - 1) / (last - first), 2),
        "cpu_seconds": watcher.by_role(),
        "cpu_seconds_all": round(sum(watcher.cpu.values()), 1),
        "peak_mb": {role: round(size) for role, size in sorted(watcher.peaks.items())},
    }


def vectors(home: Path) -> Any:
    """Return the vectors of a home's songs, by file."""
    with Nearfield(home) as nearfield:
        catalogue = nearfield.stores.catalogue("songs")
        keys = catalogue.sounds.present()
        _, found = catalogue.sounds.song_vectors(str(nearfield.music.status().version), keys)
        paths = [one.attributes["path"] for one in catalogue.items(keys)]
    return dict(zip(paths, found, strict=True))


def choose(music: Path | None, songs: int, folder: Path) -> Path:
    """Copy songs of a folder into another, or make some."""
    folder.mkdir()
    if music is None:
        for number in range(songs):
            make_file(folder / f"{number:03}.ogg", 1, SEED + number)
        return folder
    found = sorted(one.path for one in find_sounds([music]))
    np.random.default_rng(SEED).shuffle(found)
    for path in found[:songs]:
        shutil.copy(path, folder)
    return folder


def main() -> None:
    """Measure, and print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--music", type=Path, help="folder of songs; made if not given")
    parser.add_argument("--songs", type=int, default=24)
    parser.add_argument("--data", help="ignored: of the benchmarks that read MovieLens")
    args = parser.parse_args()
    runs = []
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        songs = choose(args.music, args.songs, folder / "songs")
        wanted = None
        for number, place in enumerate(PLACES):
            time.sleep(1)
            load = os.getloadavg()[0]
            run = measure(place, songs, folder / f"home{number}")
            found = vectors(folder / f"home{number}")
            wanted = found if wanted is None else wanted
            far = max(float(np.abs(found[path] - wanted[path]).max()) for path in wanted)
            runs.append({**run, "load_before": load, "songs": len(found), "farthest": far})
    libraries = {"ray": version("ray"), "seed": SEED}
    print(json.dumps({"bench": "bulk", **describe(), **libraries, "runs": runs}))


if __name__ == "__main__":
    main()
