"""Find something: search as you type, browse, go there and back."""

import re

from playwright.sync_api import Page, expect

from pages.browser import listed
from service_process import Served


def first_title(service: Served, query: str) -> str:
    found = service.http.get(f"/api/catalogues/movies/items?{query}&limit=1").json()
    return str(found["items"][0]["title"])


def test_home_shows_the_catalogues_and_what_is_popular_and_new(page: Page) -> None:
    page.goto("/")
    cards = page.get_by_role("region", name="Catalogues")
    expect(cards.get_by_role("heading", name="movies")).to_be_visible()
    expect(cards.get_by_role("heading", name="songs")).to_be_visible()
    expect(cards.get_by_text("graph")).to_be_visible()
    assert listed(page, "Popular in movies")
    assert listed(page, "New in movies")
    page.get_by_role("radio", name="songs").check()
    assert listed(page, "Popular in songs")


def test_search_by_keyboard_opens_the_item(page: Page, service: Served) -> None:
    title = first_title(service, "sort=popular")
    page.goto("/")
    search = page.get_by_role("combobox", name="Find something in movies")
    expect(search).to_be_visible()
    page.keyboard.press("/")
    expect(search).to_be_focused()
    page.keyboard.type(title[:6].lower())
    expect(page.get_by_role("option").first).to_be_visible()
    expect(search).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowDown")
    chosen = page.get_by_role("option", selected=True)
    expect(chosen).to_have_count(1)
    expect(search).to_have_attribute("aria-activedescendant", chosen.get_attribute("id") or "")
    wanted = chosen.locator(".label > span").first.inner_text()
    page.keyboard.press("Enter")
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text(wanted)
    expect(heading).to_be_focused()
    expect(page).to_have_title(f"{wanted} · Nearfield")


def test_escape_closes_the_search_and_nothing_is_found_is_said(page: Page) -> None:
    page.goto("/c/movies")
    search = page.get_by_role("combobox", name="Search movies")
    search.fill("zzzz")
    expect(page.get_by_text("Nothing is called “zzzz”.")).to_be_visible()
    search.press("Escape")
    expect(search).to_have_attribute("aria-expanded", "false")


def test_browse_filters_by_genre_and_year_and_keeps_them_in_the_address(
    page: Page, service: Served
) -> None:
    genre = service.http.get("/api/catalogues/movies").json()["genres"][0]["name"]
    page.goto("/c/movies")
    every = listed(page, "Items")
    page.get_by_role("button", name=genre, exact=True).click()
    expect(page).to_have_url(re.compile(r"genre="))
    page.get_by_role("textbox", name="From the year").fill("1995")
    expect(page).to_have_url(re.compile(r"from=1995"))
    where = f"genre in ('{genre}') and year >= 1995"
    query: dict[str, str | int] = {"where": where, "sort": "popular", "limit": 40}
    wanted = service.http.get("/api/catalogues/movies/items", params=query).json()["items"]
    rows = page.get_by_role("list", name="Items", exact=True).locator("[data-item]")
    expect(rows).to_have_count(len(wanted))
    found = listed(page, "Items")
    assert found == [str(one["id"]) for one in wanted]
    assert found != every
    page.reload()
    assert listed(page, "Items") == found


def test_back_goes_to_the_list_that_was_left(page: Page) -> None:
    page.goto("/c/movies?sort=title")
    before = listed(page, "Items")
    row = page.get_by_role("list", name="Items", exact=True).locator("[data-item]").nth(30)
    row.scroll_into_view_if_needed()
    title = row.get_by_role("link").inner_text()
    row.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    page.go_back()
    assert listed(page, "Items")[: len(before)] == before
    expect(row).to_be_in_viewport()


def test_addresses_without_a_page_and_items_that_are_not_there_say_so(page: Page) -> None:
    page.goto("/nothing/here")
    expect(page.get_by_text("There is no page at this address")).to_be_visible()
    page.goto("/c/movies/items/no-such-item")
    expect(page.get_by_role("alert")).to_contain_text("no-such-item")


def test_a_new_release_never_mixes_with_what_a_browser_kept(service: Served) -> None:
    for path in ("/", "/c/movies", "/static/js/main.js"):
        answer = service.http.get(path)
        assert answer.headers["cache-control"] == "no-cache"
    known = {"If-None-Match": answer.headers["etag"]}
    assert service.http.get("/static/js/main.js", headers=known).status_code == 304
