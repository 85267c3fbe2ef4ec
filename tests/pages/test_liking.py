"""Say what one thinks, and see the lists change; compare two of them."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from nearfield.home import Nearfield
from pages.browser import changed, listed
from real_servers.lite import lite_server
from service_process import Served, served

MOVIES = "/api/catalogues/movies"


def popular(service: Served, place: int = 0) -> Any:
    found = service.http.get(f"{MOVIES}/items?sort=popular&limit=20").json()
    return found["items"][place]


def test_a_like_changes_the_list_at_once_and_says_so(page: Page, service: Served) -> None:
    item = popular(service)
    page.goto(f"/c/movies/items/{item['id']}")
    before = listed(page, "Similar items")
    page.locator(".page-head").get_by_role("button", name="Like", exact=True).click()
    changed(page, "Similar items", before)
    expect(page.get_by_role("status").filter(has_text="List updated")).to_be_attached()
    expect(page.get_by_text("because you liked").first).to_be_visible()
    expect(page.get_by_role("radio", name="Fits you too")).to_be_checked()


def test_what_is_of_no_interest_leaves_the_list(page: Page, service: Served) -> None:
    page.goto(f"/c/movies/items/{popular(service)['id']}")
    first, *_ = listed(page, "Similar items")
    row = page.locator(f"[data-item='{first}']")
    row.get_by_role("button", name="Not interested").press("Enter")
    expect(row).to_have_count(0)
    assert first not in listed(page, "Similar items")
    next_row = page.get_by_role("list", name="Similar items").locator("[data-item]").first
    expect(next_row.get_by_role("link")).to_be_focused()


def test_what_a_user_says_becomes_an_event(page: Page, service: Served) -> None:
    page.goto("/c/movies/you")
    page.get_by_role("combobox", name="Find a user").click()
    option = page.get_by_role("option").first
    name = option.locator(".label > span").first.inner_text().removeprefix("User ")
    option.click()
    expect(page.get_by_role("button", name=f"You are: user {name}")).to_be_visible()
    expect(page.get_by_role("list", name="Newest events")).to_be_visible()
    first, *_ = listed(page, "Recommended")
    row = page.locator(f"[data-item='{first}']")
    row.get_by_role("button", name="Dislike").click()
    expect(row).to_have_count(0)
    (event, *_) = service.http.get(f"{MOVIES}/users/{name}").json()["history"]
    assert (str(event["item"]), event["kind"]) == (first, "disliked")


def test_likes_can_be_picked_and_taken_back(page: Page, service: Served) -> None:
    item = popular(service, 3)
    page.goto("/c/movies/you")
    expect(page.get_by_text("this is what is popular")).to_be_visible()
    page.get_by_role("radio", name="Likes").check()
    page.get_by_role("combobox", name="Add something you like").fill(item["title"][:8])
    page.get_by_role("option").filter(has_text=item["title"]).first.click()
    expect(page.get_by_text("because you liked").first).to_be_visible()
    page.get_by_role("button", name=f"Take back {item['title']}").click()
    expect(page.get_by_text("this is what is popular")).to_be_visible()


def test_attributes_alone_make_a_list(page: Page) -> None:
    page.goto("/c/movies/you")
    popular_first = listed(page, "Recommended")
    page.get_by_role("radio", name="About you").check()
    page.get_by_role("combobox", name="Gender").select_option("F")
    page.get_by_role("textbox", name="Age").fill("25")
    expect(page.get_by_text("this is what is popular")).to_have_count(0)
    expect(page.get_by_text("From fusion")).to_be_visible()
    changed(page, "Recommended", popular_first)


def test_two_recommenders_are_compared(page: Page, service: Served) -> None:
    item = popular(service)
    page.goto(f"/c/movies/items/{item['id']}")
    page.locator(".page-head").get_by_role("button", name="Like", exact=True).click()
    page.get_by_role("link", name="For you").first.click()
    page.get_by_role("button", name="Compare two").click()
    lists = [page.get_by_role("region", name=f"List {letter}") for letter in "AB"]
    expect(lists[0].get_by_label("Space")).to_have_value("fusion")
    expect(lists[1].get_by_label("Space")).to_have_value("graph")
    ids = [_ids(one.locator("[data-item]")) for one in lists]
    only = [set(ids[0]) - set(ids[1]), set(ids[1]) - set(ids[0])]
    both = set(ids[0]) & set(ids[1])
    told = f"{len(both)} item{'s' * (len(both) != 1)} in both lists, {len(only[0])} only in A"
    expect(page.get_by_text(told)).to_be_visible()
    expect(lists[0].get_by_text("only A")).to_have_count(len(only[0]))
    expect(lists[1].get_by_text("only B")).to_have_count(len(only[1]))


def test_diversity_changes_the_list_without_moving_the_focus(page: Page, service: Served) -> None:
    item = popular(service)
    page.goto(f"/c/movies/items/{item['id']}")
    page.locator(".page-head").get_by_role("button", name="Like", exact=True).click()
    page.get_by_role("link", name="For you").first.click()
    before = listed(page, "Recommended")
    slider = page.get_by_role("slider", name="Diversity")
    slider.focus()
    page.keyboard.press("End")
    changed(page, "Recommended", before)
    expect(slider).to_be_focused()


def test_while_milvus_is_away_the_list_says_that_it_is_what_is_popular(
    browser: Browser, service: Served, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEARFIELD_MILVUS_URI", "http://127.0.0.1:9")  # nobody listens there
    with served(home, "--no-worker") as away:
        context = browser.new_context(base_url=away.address)
        page = context.new_page()
        page.goto("/c/movies/you")
        expect(page.get_by_text("away for the moment. This is what is popular")).to_be_visible()
        assert listed(page, "Recommended")
        context.close()


def test_when_milvus_goes_the_last_list_stays_and_a_new_one_comes_by_itself(
    browser: Browser, home: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(home, tmp_path / "home"))
    with lite_server(tmp_path / "milvus") as server:
        with Nearfield(copy, milvus_uri=server.uri) as nearfield:
            nearfield.publish("movies", space="fusion")
        env = {"NEARFIELD_MILVUS_URI": server.uri}
        with served(copy, "--no-worker", env=env) as service:
            page = browser.new_context(base_url=service.address).new_page()
            page.goto("/c/movies/items/5")
            before = listed(page, "Similar items")
            expect(page.get_by_text("away for the moment")).to_have_count(0)
            server.kill()
            page.reload()
            expect(page.get_by_text("away for the moment. This is your last list")).to_be_visible()
            assert listed(page, "Similar items") == before
            server.start()
            expect(page.get_by_text("away for the moment")).to_have_count(0)
            assert listed(page, "Similar items") == before
            page.context.close()


def _ids(rows: Any) -> list[str]:
    rows.first.wait_for()
    found: list[str] = rows.evaluate_all("rows => rows.map((row) => row.dataset.item)")
    return found
