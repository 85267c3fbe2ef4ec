"""Everybody can use the pages: keyboard, screen reader, dark, phone, without a jump."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from nearfield.service.config import ServiceConfig
from pages.browser import shifted, watch_shifts
from running_service import running
from service_process import Served

PAGES = (
    "/",
    "/c/movies",
    "/c/movies/items/{movie}",
    "/c/songs/items/{song}",
    "/c/movies/you",
    "/c/songs/care?show=duplicates",
    "/c/songs/care?show=failed",
    "/c/movies/map",
    "/c/movies/models",
    "/jobs",
    "/nothing",
)
SIZES = {"desk": {"width": 1280, "height": 860}, "phone": {"width": 360, "height": 740}}


@pytest.fixture
def address(service: Served) -> Callable[[str], str]:
    """Put ids of the catalogues into an address."""

    def filled(path: str) -> str:
        names = {
            one: service.http.get(f"/api/catalogues/{one}s/items?limit=1").json()["items"][0]["id"]
            for one in ("movie", "song")
        }
        return path.format(**names)

    return filled


@pytest.mark.parametrize("path", PAGES)
def test_nothing_serious_is_in_the_way_of_anybody(
    page: Page, address: Callable[[str], str], path: str
) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto(address(path))
    page.wait_for_load_state("networkidle")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found = Axe().run(page).response["violations"]
        serious = [one for one in found if one["impact"] in ("serious", "critical")]
        assert [(one["id"], one["nodes"][0]["html"]) for one in serious] == []


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("path", PAGES)
def test_nothing_jumps_and_nothing_is_wider_than_the_window(
    page: Page, address: Callable[[str], str], path: str, size: str
) -> None:
    page.set_viewport_size(SIZES[size])  # type: ignore[arg-type]
    watch_shifts(page)
    page.goto(address(path))
    page.wait_for_load_state("networkidle")
    assert shifted(page) == pytest.approx(0, abs=0.001)
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= SIZES[size]["width"]


def test_the_first_tab_skips_to_the_content(page: Page) -> None:
    page.goto("/c/movies")
    page.get_by_role("heading", level=1).wait_for()
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("radio", name="Popular")).to_be_focused()


def test_a_dark_theme_is_chosen_and_stays(page: Page) -> None:
    page.emulate_media(color_scheme="light")
    page.goto("/")
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    light = page.evaluate(ground)
    theme = page.get_by_role("button", name=re.compile("^Theme"))
    theme.click()
    theme.click()
    expect(theme).to_contain_text("dark")
    dark = page.evaluate(ground)
    assert dark != light
    page.reload()
    assert page.evaluate(ground) == dark


def test_pages_are_reached_by_tabs_on_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/c/songs")
    tabs = page.get_by_role("navigation", name="Pages", exact=True)
    tabs.get_by_role("link", name="Care").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Library care")
    expect(tabs.get_by_role("link", name="Care")).to_have_attribute("aria-current", "page")
    page.get_by_role("link", name="Jobs").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Jobs")


def test_whoever_has_no_key_is_asked_for_one_and_goes_on_with_it(
    browser: Browser, tmp_path: Path
) -> None:
    with running(ServiceConfig(tmp_path / "home", keys=True)) as guarded:
        keys = guarded.service.stores.catalogues.keys
        key = keys.add("somebody", ["read", "write", "admin"])
        context = browser.new_context(base_url=guarded.address)
        page = context.new_page()
        page.goto("/jobs")
        field = page.get_by_label("API key")
        field.fill("not-a-key")
        page.get_by_role("button", name="Go on").click()
        expect(page.get_by_role("alert")).to_contain_text("this key is not known")
        assert Axe().run(page).response["violations"] == []
        field.fill(key)
        field.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Jobs")
        expect(page.get_by_text("No job yet")).to_be_visible()
        page.goto("/")
        expect(page.get_by_text("There is no catalogue yet")).to_be_visible()
        context.close()
