"""The map: hover tells what a point is, a click opens it, keys go from point to point."""

import re

from playwright.sync_api import Locator, Page, expect

from service_process import Served

MAP = "/c/movies/map"


def canvas(page: Page) -> tuple[float, float]:
    """Wait until the map is drawn; return its middle."""
    picture = page.get_by_role("img", name=re.compile(r"Map of \d+ items"))
    expect(picture).to_be_visible()
    expect(nearby(page).first).to_be_visible()
    box = picture.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def nearby(page: Page) -> Locator:
    return page.get_by_role("region", name="Nearby").locator("li a")


def title_of(service: Served, number: int) -> str:
    return str(service.http.get(f"/api/catalogues/movies/items/{number}").json()["title"])


def test_hover_tells_the_item_and_a_click_opens_it(page: Page, service: Served) -> None:
    page.goto(f"{MAP}?item=5")
    title = title_of(service, 5)
    x, y = canvas(page)
    card = page.locator(".map-card")
    expect(card).to_contain_text(title)
    page.keyboard.press("Escape")
    page.locator("canvas").focus()
    page.keyboard.press("Escape")
    expect(card).to_have_count(0)
    page.wait_for_timeout(600)  # the way there ends; it has no other sign
    page.mouse.move(x + 3, y - 2)
    expect(card).to_contain_text(title)
    page.mouse.click(x, y)
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    expect(page).to_have_url(re.compile(r"/c/movies/items/5$"))
    page.go_back()
    expect(page.locator(".map-card")).to_contain_text(title)


def test_keys_go_from_item_to_item_and_open_them(page: Page) -> None:
    page.goto(MAP)
    canvas(page)
    page.locator("canvas").focus()
    page.keyboard.press("ArrowRight")
    card = page.locator(".map-card")
    expect(card.locator("a")).to_be_visible()
    first = card.inner_text()
    page.keyboard.press("ArrowRight")
    expect(card).not_to_have_text(first, use_inner_text=True)
    title = card.locator(".label > span").first.inner_text()
    expect(page.get_by_role("status").filter(has_text=title)).to_have_count(1)
    expect(page.get_by_role("heading", level=2, name=f"Near “{title}”")).to_be_visible()
    before = page.locator(".map-ring").bounding_box()
    page.keyboard.press("+")
    page.keyboard.press("Shift+ArrowUp")
    page.wait_for_timeout(100)
    assert page.locator(".map-ring").bounding_box() != before
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(title)


def test_the_list_tells_what_lies_around(page: Page, service: Served) -> None:
    page.goto(f"{MAP}?item=7")
    canvas(page)
    expect(page.get_by_role("heading", name=f"Near “{title_of(service, 7)}”")).to_be_visible()
    expect(nearby(page)).to_have_count(10)
    title = nearby(page).first.inner_text()
    nearby(page).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)


def test_colours_filter_what_is_shown(page: Page, service: Served) -> None:
    told = service.http.get("/api/catalogues/movies/map").json()
    page.goto(MAP)
    canvas(page)
    legend = page.get_by_role("group", name="Colours: show only some")
    button = legend.get_by_role("button", name=re.compile(rf"^{told['colours'][1]}"))
    expect(button).to_contain_text(str(told["counts"][1]))
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("status").filter(has_text=f"{told['counts'][1]} items")).to_have_count(
        1
    )
    shown = page.get_by_role("region", name="Nearby").locator("li .quiet")
    expect(shown.first).to_contain_text(told["colours"][1])
    for text in shown.all_inner_texts():
        assert told["colours"][1] in text
    legend.get_by_role("button", name="Show all").click()
    expect(button).to_have_attribute("aria-pressed", "false")


def test_find_goes_to_an_item_and_models_can_be_changed(page: Page, service: Served) -> None:
    title = title_of(service, 9)
    page.goto(MAP)
    canvas(page)
    page.get_by_role("combobox", name="Find on the map").fill(title)
    page.locator("[role=option]", has_text=title).first.click()
    expect(page.locator(".map-card")).to_contain_text(title)
    page.get_by_label("Model").select_option("graph")
    expect(page.get_by_text("as the model graph sees them")).to_be_visible()
    expect(page.locator(".map-card")).to_contain_text(title)


def test_points_come_back_when_the_graphics_card_was_lost(page: Page) -> None:
    page.goto(MAP)
    canvas(page)
    drawn = """() => new Promise((done) => requestAnimationFrame(() => {
        const gl = document.querySelector(".map-stage canvas").getContext("webgl2");
        done(!gl.isContextLost());
    }))"""
    assert page.evaluate(drawn)
    page.evaluate("""() => {
        const gl = document.querySelector(".map-stage canvas").getContext("webgl2");
        window.card = gl.getExtension("WEBGL_lose_context");
        window.card.loseContext();
    }""")
    page.wait_for_function("""() =>
        document.querySelector(".map-stage canvas").getContext("webgl2").isContextLost()""")
    page.evaluate("window.card.restoreContext()")
    page.wait_for_function("""() =>
        !document.querySelector(".map-stage canvas").getContext("webgl2").isContextLost()""")
    picture = page.locator(".map-stage").screenshot()
    page.get_by_role("button", name="Closer").click()
    page.wait_for_timeout(500)
    assert page.locator(".map-stage").screenshot() != picture


def test_a_catalogue_without_a_map_says_how_to_have_one(page: Page) -> None:
    page.goto("/c/movies/map?space=sound")
    expect(page.get_by_text("There is no map yet")).to_be_visible()
    expect(page.get_by_text("nearfield map --catalogue movies --space sound")).to_be_visible()
