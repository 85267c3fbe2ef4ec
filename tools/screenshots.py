"""Write docs/screenshots: each page in light, dark and phone size, of a home with both demos.

nearfield demo movies; nearfield demo music; make screenshots
"""

import argparse
import io
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

DESK: Final = {"width": 1280, "height": 860}
PHONE: Final = {"width": 390, "height": 844}
LOOKS: Final = {
    "light": {"viewport": DESK, "color_scheme": "light"},
    "dark": {"viewport": DESK, "color_scheme": "dark"},
    "phone": {"viewport": PHONE, "color_scheme": "light"},
}
COLOURS: Final = 96
"""Of a picture: our pages have few, and it is a third of the size."""

LIKED: Final = ("The Matrix", "Toy Story", "Groundhog Day")
OPTIONS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--use-angle=swiftshader",  # the map's WebGL, by the CPU
    "--enable-unsafe-swiftshader",
    "--disable-quic",
    "--no-first-run",
)


@dataclass(frozen=True)
class Shot:
    """One page.

    Parameters
    ----------
    name : str
        Of the picture.
    path : str
        Where it is; {movie} and {song} are ids.
    prepare : callable
        Brings the page into the state that is shown.
    """

    name: str
    path: str
    prepare: Callable[[Page], None] = lambda page: None


def _like(page: Page) -> None:
    page.locator(".page-head").get_by_role("button", name="Like", exact=True).click()
    page.wait_for_load_state("networkidle")
    page.evaluate("scrollTo(0, 0)")


def _compare(page: Page) -> None:
    page.get_by_role("button", name="Compare two").click()
    page.get_by_role("region", name="List B").locator("[data-item]").first.wait_for()
    page.evaluate("scrollTo(0, document.querySelector('.answers').offsetTop - 72)")


def _show_likes(page: Page) -> None:
    page.get_by_role("radio", name="Likes").check()


def _play(page: Page) -> None:
    wave = page.locator("canvas").first
    wave.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.locator(".song-player .play").click()
    page.wait_for_timeout(300)
    page.evaluate("document.activeElement.blur()")


SHOTS: Final = (
    Shot("home", "/"),
    Shot("browse", "/c/movies"),
    Shot("item", "/c/movies/items/{movie}", _like),
    Shot("you", "/c/movies/you", _show_likes),
    Shot("compare", "/c/movies/you", _compare),
    Shot("map", "/c/movies/map"),
    Shot("song", "/c/songs/items/{song}", _play),
    Shot("care", "/c/songs/care?show=duplicates"),
    Shot("models", "/c/movies/models"),
    Shot("jobs", "/jobs"),
)


def main() -> None:
    """Take all pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, help="folder of all state; the usual one if not given")
    parser.add_argument("--out", type=Path, default=Path("docs/screenshots"))
    parser.add_argument("--only", nargs="*", help="names of pages")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    with served(given.home) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(OPTIONS)
        )
        wanted = [one for one in SHOTS if not given.only or one.name in given.only]
        for look, settings in LOOKS.items():
            for name, picture in pictures(browser, address, wanted, settings):
                size = save(picture, given.out / f"{name}-{look}.png")
                print(f"{name}-{look}.png  {size / 1024:.0f} kB")  # noqa: T201
        browser.close()


@contextmanager
def served(home: Path | None) -> Iterator[str]:
    """Run the service on a free port, and return its address."""
    command = [str(Path(sys.executable).parent / "nearfield")]
    command += ["--home", str(home)] if home else []
    process = subprocess.Popen(
        [*command, "serve", "--port", "0", "--no-worker"], stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    try:
        said = (re.search(r"Nearfield is at (http://\S+)", line) for line in process.stderr)
        found = next(filter(None, said), None)
        if found is None:
            raise SystemExit("the service did not start: `nearfield serve` says why.")
        # it writes a line for each request, and would wait for somebody to read it
        threading.Thread(target=deque, args=(process.stderr, 0), daemon=True).start()
        yield found[1]
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def pictures(
    browser: Browser, address: str, shots: list[Shot], settings: Any
) -> Iterator[tuple[str, bytes]]:
    """Yield each page as a PNG, seen by somebody who likes a few films."""
    context = browser.new_context(base_url=address, reduced_motion="reduce", **settings)
    page = context.new_page()
    names = {"movie": _find(page, "movies", LIKED[0]), "song": _find(page, "songs", "")}
    for title in LIKED[1:]:
        page.goto(f"/c/movies/items/{_find(page, 'movies', title)}")
        _like(page)
    for shot in shots:
        page.goto(shot.path.format(**names))
        page.wait_for_load_state("networkidle")
        shot.prepare(page)
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(1500 if shot.name == "map" else 500)
        yield shot.name, page.screenshot()
    context.close()


def _find(page: Page, catalogue: str, title: str) -> str:
    """Return the id of the most popular item of that title."""
    query = f"q={title}&sort=popular&limit=10"
    found = page.request.get(f"/api/catalogues/{catalogue}/items?{query}").json()["items"]
    named = [one for one in found if one["title"] == title]
    return str((named or found)[0]["id"])


def save(picture: bytes, path: Path) -> int:
    """Write a picture with few colours; return its size in bytes."""
    few = Image.open(io.BytesIO(picture)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(path, optimize=True)
    return path.stat().st_size


if __name__ == "__main__":
    main()
