"""Imports that are killed, and imports that run at the same time."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from nearfield.catalogue.store import Catalogues
from nearfield.datasets.tables import Tables
from small_frames import contents
from synthetic import make_tables

ROOT = Path(__file__).parents[1]
SIZES = "users=40, items=60, events=1500"

# waits for a line on its input, so that the time to load Python does not count
IMPORT = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from synthetic import make_tables
from nearfield.catalogue.store import Catalogues
store, frames = Catalogues(sys.argv[1]), make_tables({SIZES})
print("ready", flush=True)
sys.stdin.readline()
for progress in store.import_tables("movies", frames, batch=60):
    print(progress.table, progress.done, flush=True)
store.close()
"""


def frames() -> Tables:
    return make_tables(users=40, items=60, events=1500)


@contextmanager
def importing(url: str) -> Iterator["subprocess.Popen[str]"]:
    """Lend a process that imports, ready to `go`; kill it at the end if it still runs."""
    command = [sys.executable, "-c", IMPORT, url]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert line(process) == "ready"
            yield process
        finally:
            process.kill()


def line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def go(process: "subprocess.Popen[str]") -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def plain(folder: Path) -> dict[str, list[object]]:
    """Return what an undisturbed import holds."""
    with Catalogues(f"sqlite:///{folder}/plain.db") as store:
        list(store.import_tables("movies", frames()))
        return contents(store.get("movies"))


def test_killed_imports_lose_and_double_nothing(url: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    held = [0]
    for lines in (1, 9, 14):
        with importing(url) as process:
            go(process)
            for _ in range(lines):
                table, done = line(process).split()
            time.sleep(rng.random() * 0.01)  # somewhere inside a later batch
            process.kill()
            process.wait()
        with Catalogues(url) as store:
            counts = store.get("movies").counts()._asdict()
        assert counts[table] >= int(done)  # what was reported is there
        held.append(counts["events"])
    assert 0 < held[-1] < 1500  # killed in the middle
    assert held == sorted(held)
    with Catalogues(url) as store:
        done_last = list(store.import_tables("movies", frames(), batch=60))[-1]
        assert done_last.added == 1500 - held[-1]
        assert contents(store.get("movies")) == plain(tmp_path)
        assert list(store.import_tables("movies", frames()))[-1].added == 0


def test_imports_at_the_same_time_make_one_catalogue(url: str, tmp_path: Path) -> None:
    with importing(url) as first, importing(url) as second:
        go(first)
        go(second)
        for process in (first, second):
            assert process.communicate()[0].splitlines()[-1] == "events 1500"
            assert process.returncode == 0
    with Catalogues(url) as store:
        assert contents(store.get("movies")) == plain(tmp_path)


@pytest.mark.parametrize("part", ["items", "users", "events"])
def test_an_import_stopped_by_its_caller_goes_on(url: str, tmp_path: Path, part: str) -> None:
    with Catalogues(url) as store:
        for progress in store.import_tables("movies", frames(), batch=20):
            if progress.table == part and progress.done >= 30:
                break  # as Ctrl-C does
        list(store.import_tables("movies", frames(), batch=50))
        assert contents(store.get("movies")) == plain(tmp_path)


def test_readers_see_whole_batches_while_another_imports(url: str) -> None:
    seen = [0]
    with importing(url) as process, Catalogues(url) as store:
        store.create("movies")
        catalogue = store.get("movies")
        go(process)
        while process.poll() is None:
            held = catalogue.collection()
            lengths = np.bincount(held.interactions.user, minlength=held.users.height)
            assert set(lengths.tolist()) <= {0, 37, 38}  # all of a user's events or none
            seen += [len(held.interactions), store.summaries()[0].events]
        assert process.returncode == 0
    assert seen == sorted(seen)
