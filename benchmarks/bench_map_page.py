"""How fluent the map is in a browser: milliseconds a frame while it is moved and zoomed.

A home of made-up items with a drawn map is served and looked at with Chromium, whose WebGL runs on
the CPU here (SwiftShader): a graphics card is faster. `frame` are the times between frames;
`cpu_ms` is the processor time of all processes of the browser a frame.
Run: `python benchmarks/bench_map_page.py --rows 100000`. Prints one JSON line; append it to
results/map_page.jsonl. Compare lines from one machine only.
"""

import argparse
import json
import os
import re
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
from playwright.sync_api import Browser, Page, sync_playwright

from machine import describe
from nearfield.home import Nearfield
from nearfield.vectors.embeddings import Embeddings

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))  # how a service is started is theirs
from pages.browser import OPTIONS
from service_process import served

SEED: Final = 1234
FRAMES: Final = 120
GENRES: Final = [f"Genre {number}" for number in range(20)]
VIEW: Final[Any] = {"width": 1280, "height": 860}

_MOVE: Final = """
async ({frames, kind}) => {
  const canvas = document.querySelector(".map-stage canvas");
  const frame = () => new Promise(requestAnimationFrame);
  const keys = ["ArrowLeft", "ArrowRight"];
  const times = [];
  let last = await frame();
  for (let turn = 0; turn < frames; turn += 1) {
    const half = turn < frames / 2;
    const at = { bubbles: true, cancelable: true, clientX: 600, clientY: 500 };
    if (kind === "zoom") {
      canvas.dispatchEvent(new WheelEvent("wheel", {...at, deltaY: half ? -40 : 40}));
    } else if (kind === "hover") {
      const [clientX, clientY] = [300 + 5 * turn, 400 + 2 * turn];
      canvas.dispatchEvent(new PointerEvent("pointermove", {...at, clientX, clientY}));
    } else {
      const key = keys[Number(half)];
      canvas.dispatchEvent(new KeyboardEvent("keydown", {...at, key, shiftKey: true}));
    }
    const now = await frame();
    times.push(now - last);
    last = now;
  }
  return times;
}
"""


def make_home(folder: Path, rows: int) -> None:
    """Fill a home with items, their vectors and a map of clusters."""
    rng = np.random.default_rng(SEED)
    numbers = np.arange(1, rows + 1)
    genres = [[GENRES[one]] for one in np.minimum(rng.geometric(0.15, rows) - 1, 19)]
    titles = [f"Item number {number}" for number in numbers]
    frame = pl.DataFrame(
        {"item": numbers, "title": titles, "genres": ["|".join(g) for g in genres]}
    )
    with Nearfield(folder) as home:
        home.import_tables("big", items=frame)
        keys = home.stores.catalogue("big").all_item_keys()
        vectors = rng.normal(size=(rows, 8)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        for _ in home.stores.spaces.publish(
            "big", "fusion", "made-up", Embeddings(keys, vectors, {})
        ):
            pass
    centres = rng.normal(scale=60, size=(200, 2))
    places = centres[rng.integers(0, 200, rows)] + rng.normal(scale=5, size=(rows, 2))
    points = pl.DataFrame({"key": keys, "x": places[:, 0], "y": places[:, 1]})
    file = folder / "maps" / "big" / "fusion" / "made-up.parquet"
    file.parent.mkdir(parents=True)
    points.with_columns(pl.col("x", "y").cast(pl.Float32)).write_parquet(file)


def measure(browser: Browser, address: str) -> dict[str, Any]:
    """Load the map, then move it."""
    context = browser.new_context(base_url=address, viewport=VIEW)
    page = context.new_page()
    page.goto("/healthz")
    start = time.perf_counter()
    page.goto("/c/big/map")
    page.get_by_role("region", name="Nearby").locator("li a").first.wait_for(timeout=120_000)
    figures: dict[str, Any] = {"load_s": round(time.perf_counter() - start, 2)}
    page.wait_for_timeout(1000)
    for kind in ("pan", "zoom", "hover"):
        figures[kind] = _moved(page, kind)
    for _ in range(3):
        page.get_by_role("button", name="Closer").click()
        page.wait_for_timeout(600)
    figures["pan_close"] = _moved(page, "pan")
    context.close()
    return figures


def _moved(page: Page, kind: str) -> dict[str, float]:
    used = _cpu()
    times = page.evaluate(_MOVE, {"frames": FRAMES, "kind": kind})
    return {
        "frame_p50": round(float(np.percentile(times, 50)), 1),
        "frame_p95": round(float(np.percentile(times, 95)), 1),
        "cpu_ms": round((_cpu() - used) * 1000 / FRAMES, 1),
    }


def _cpu() -> float:
    """Return the processor time of all processes below this one, in seconds."""
    parents, used = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = re.sub(r"^.*\) ", "", (folder / "stat").read_text()).split()
        except OSError:
            continue  # it ended just now
        number = int(folder.name)
        parents[number], used[number] = int(fields[1]), int(fields[11]) + int(fields[12])
    ours = {os.getpid()}
    while more := {one for one, parent in parents.items() if parent in ours} - ours:
        ours |= more
    return sum(used.get(one, 0) for one in ours) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Measure and print one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2_000)
    parser.add_argument("--data", type=Path, help="not read: the items are made up")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        make_home(Path(folder), given.rows)
        with served(Path(folder), "--no-worker") as service, sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=list(OPTIONS)
            )
            figures = measure(browser, service.address)
            version = browser.version
            browser.close()
    line = {"bench": "map_page", **describe(), "chromium": version, "rows": given.rows}
    print(json.dumps(line | {"load": round(os.getloadavg()[0], 1)} | figures))


if __name__ == "__main__":
    main()
