"""Models: versions, how they learned, publish, roll back; jobs."""

from playwright.sync_api import Page, expect

from service_process import Served

MOVIES = "/api/catalogues/movies"


def test_versions_show_how_they_learned(page: Page, service: Served) -> None:
    models = service.http.get(f"{MOVIES}/models").json()["models"]
    page.goto("/c/movies/models")
    for model in models:
        curve = page.get_by_role("img", name=f"Learning curve of fusion {model['version']}")
        if model["recommender"] == "fusion":
            expect(curve).to_be_visible()
            expect(page.get_by_text(f"→ {model['curve'][-1]:.3f}").first).to_be_visible()
    expect(page.get_by_text("answers", exact=True)).to_have_count(2)
    expect(page.get_by_text("Not measured yet")).to_be_visible()


def test_a_version_is_trained_published_and_rolled_back(page: Page, service: Served) -> None:
    (first,) = [one for one in service.http.get(MOVIES).json()["spaces"] if one["space"] == "graph"]
    page.goto("/c/movies/models")
    page.get_by_role("button", name="Train a version").click()
    form = page.get_by_role("dialog")
    form.get_by_label("Recommender").select_option("graph")
    form.get_by_label("Epochs").fill("1")
    form.get_by_role("button", name="Train", exact=True).click()
    going = page.get_by_role("list", name="Jobs of this catalogue")
    expect(going).to_be_visible()
    expect(going).to_have_count(0, timeout=180_000)
    versions = [one for one in service.http.get(f"{MOVIES}/models").json()["models"]]
    new = next(one["version"] for one in versions if one["version"] != first["version"])
    page.get_by_role("button", name=f"Publish graph {new}").click()
    page.get_by_role("dialog").get_by_role("button", name="Publish").click()
    answering = page.get_by_role("region", name="Answering now")
    expect(answering.get_by_text(new)).to_be_visible(timeout=90_000)
    card = answering.get_by_role("listitem").filter(has_text="graph")
    card.get_by_role("button", name="Roll back").click()
    page.get_by_role("dialog").get_by_role("button", name="Roll back").click()
    expect(answering.get_by_text(first["version"])).to_be_visible(timeout=90_000)
    page.goto("/jobs")
    for kind in ("Rollback", "Publish", "Train"):
        expect(page.get_by_role("listitem").filter(has_text=kind).first).to_contain_text("done")
