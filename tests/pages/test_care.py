"""Look after a library: copies, broken files, new songs; play them."""

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from service_process import Served

SONGS = "/api/catalogues/songs"


def members(service: Served, title: str) -> Any:
    """Return the songs of the group whose best copy has a title; nothing where there is none."""
    groups = service.http.get(f"{SONGS}/duplicates").json()["groups"]
    found = [one["members"] for one in groups if one["canonical"]["title"] == title]
    return found[0] if found else []


def test_a_duplicate_is_reviewed(page: Page, service: Served) -> None:
    _, copy = members(service, "Chords 1")
    page.goto("/c/songs/care?show=duplicates")
    card = page.get_by_role("article", name="Chords 1")
    expect(card.get_by_role("button", name=re.compile("^Play"))).to_have_count(2)
    expect(card.get_by_role("slider")).to_have_count(2)
    expect(card.get_by_text("Similarity")).to_be_visible()
    expect(card.get_by_text(f"{copy['similarity']:.2f}", exact=True)).to_be_visible()
    decide = card.get_by_role("group", name="Decide")
    decide.get_by_role("button", name="Different").click()
    expect(decide.get_by_role("button", name="Different")).to_have_attribute("aria-pressed", "true")
    assert members(service, "Chords 1") == []
    decide.get_by_role("button", name="Undo").click()
    expect(decide.get_by_role("button", name="Undo")).to_be_disabled()
    assert len(members(service, "Chords 1")) == 2


def test_only_one_copy_is_kept_once_that_is_confirmed(page: Page, service: Served) -> None:
    best, copy = members(service, "Whistles 1")
    page.goto("/c/songs/care?show=duplicates")
    card = page.get_by_role("article", name="Whistles 1")
    card.get_by_role("button", name="Keep the left").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("its file stays where it is")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    assert len(members(service, "Whistles 1")) == 2
    card.get_by_role("button", name="Keep the left").click()
    dialog.get_by_role("button", name="Keep this one").click()
    expect(card.get_by_text("Out of the library")).to_be_visible()
    assert members(service, "Whistles 1") == []
    assert service.http.get(f"{SONGS}/items/{best['item']}").status_code == 200
    assert service.http.get(f"{SONGS}/items/{copy['item']}").status_code == 404
    assert Path(copy["path"]).exists()
    page.get_by_role("radio", name="Versions").check()
    page.get_by_role("radio", name="Duplicates").check()
    expect(card).to_have_count(0)


def test_files_that_could_not_be_used_have_a_reason(page: Page) -> None:
    page.goto("/c/songs/care?show=failed")
    files = page.get_by_role("list", name="Failed files")
    expect(files.get_by_role("listitem")).to_have_count(1)
    expect(files).to_contain_text("broken.flac")
    expect(files.locator(".badge")).not_to_be_empty()


def test_a_song_is_uploaded_and_its_job_watched_to_the_end(
    page: Page, service: Served, sound_file: Path
) -> None:
    page.goto("/c/songs/care")
    page.get_by_role("button", name="Add songs").set_input_files(sound_file)
    upload = page.get_by_role("list", name="Songs on their way").get_by_role("listitem")
    expect(upload).to_contain_text("New whistle.ogg")
    expect(upload.get_by_text("done")).to_be_visible(timeout=120_000)
    expect(page.get_by_role("status").filter(has_text="is in the library")).to_be_attached()
    found = service.http.get(f"{SONGS}/items?q=whistle").json()["items"]
    assert "New whistle" in [one["title"] for one in found]
    page.goto("/jobs")
    expect(page.get_by_text("New whistle.ogg")).to_be_visible()


def test_a_file_that_is_no_sound_is_refused_with_the_reason(page: Page, tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("no sound")
    page.goto("/c/songs/care")
    page.get_by_role("button", name="Add songs").set_input_files(text)
    upload = page.get_by_role("list", name="Songs on their way").get_by_role("listitem")
    expect(upload).to_contain_text("not sent")
    expect(upload).to_contain_text("no sound file by its name")


def test_a_song_shows_its_sound_and_plays(page: Page, service: Served) -> None:
    (song,) = service.http.get(f"{SONGS}/items?q=Clicks 1").json()["items"]
    page.goto(f"/c/songs/items/{song['id']}")
    position = page.get_by_role("slider", name="Position in Clicks 1")
    expect(position).to_have_attribute("aria-valuemax", "8")
    drawn = "canvas => [...canvas.getContext('2d').getImageData(0, 0, canvas.width, 1).data]"
    assert len(position.evaluate(drawn)) > 0
    player = page.get_by_role("region", name="Player of this song")
    player.get_by_role("button", name="Play Clicks 1").click()
    expect(player.get_by_role("button", name="Pause Clicks 1")).to_be_visible()
    player.get_by_role("button", name="Pause Clicks 1").click()
    position.focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    expect(position).to_have_attribute("aria-valuenow", "5")
    bar = page.get_by_role("region", name="Player", exact=True)
    bar.get_by_role("button", name="Close the player").click()
    expect(bar).to_have_count(0)
