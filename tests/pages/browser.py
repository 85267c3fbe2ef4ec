"""Chromium, and what tests ask of its pages."""

import shutil
import time
from typing import Final

from playwright.sync_api import Page

OPTIONS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""Nothing but our pages: no updates, no accounts; root cannot use the sandbox; WebGL by the CPU."""

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome")

_WATCH_SHIFTS: Final = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) if (!one.hadRecentInput) window.shifts.push(one.value);
}).observe({ type: "layout-shift", buffered: true });
"""


def chromium() -> str:
    """Return where the browser is; tools/test-tools.sh installs it."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    assert found is not None, "no Chromium here: run tools/test-tools.sh"
    return found


def listed(page: Page, label: str) -> list[str]:
    """Return the ids of the items of a list, in order."""
    rows = page.get_by_role("list", name=label, exact=True).locator("[data-item]")
    rows.first.wait_for()
    found: list[str] = rows.evaluate_all("rows => rows.map((row) => row.dataset.item)")
    return found


def changed(page: Page, label: str, before: list[str]) -> list[str]:
    """Wait until a list is another one than before, and return it."""
    until = time.monotonic() + 30
    while (found := listed(page, label)) == before:
        assert time.monotonic() < until, f"the list {label!r} is as it was"
        page.wait_for_timeout(50)
    return found


def watch_shifts(page: Page) -> None:
    """Note, from the next page on, whatever moves by itself."""
    page.add_init_script(_WATCH_SHIFTS)


def shifted(page: Page) -> float:
    """Return how much moved: the cumulative layout shift."""
    found: float = page.evaluate("window.shifts.reduce((sum, one) => sum + one, 0)")
    return found
