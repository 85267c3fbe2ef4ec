"""A real service, a real Chromium, and a page of its own for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from music.library import make_library, make_song
from nearfield.home import Nearfield
from pages.browser import OPTIONS, chromium
from service_process import Served, served
from small_home import add_graph, fill_home
from sound.made_sounds import write_sound

expect.set_options(timeout=30_000)  # other work on the machine is no failure

_EXPECTED = ("status of 401", "status of 404", "status of 415")
"""What Chromium writes to the console of answers that tests ask for."""


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Movies with two recommenders, and songs with two copies and a broken file."""
    folder = tmp_path_factory.mktemp("pages")
    home = add_graph(fill_home(folder / "home"))
    library = make_library(folder / "library")
    write_sound(library / "Chords" / "again.ogg", make_song("Chords", 0))
    write_sound(library / "Whistles" / "twice.ogg", make_song("Whistles", 0))
    (library / "broken.flac").write_bytes(b"fLaC, it says" * 100)
    with Nearfield(home) as nearfield:
        nearfield.music.add(library, workers=1)
    return home


@pytest.fixture(scope="session")
def service(home: Path) -> Iterator[Served]:
    """A service over that home, with a worker."""
    with served(home) as found:
        yield found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests."""
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium(), args=list(OPTIONS))
        yield found
        found.close()


@pytest.fixture
def page(browser: Browser, service: Served) -> Iterator[Page]:
    """A page that nobody used before; an error in it, or what the CSP refuses, fails the test."""
    context = browser.new_context(base_url=service.address, viewport={"width": 1280, "height": 860})
    context.set_default_timeout(30_000)
    found = context.new_page()
    errors: list[str] = []
    found.on("pageerror", lambda error: errors.append(str(error)))
    found.on("console", lambda message: _note(message, errors))
    yield found
    context.close()
    assert errors == []


@pytest.fixture
def sound_file(tmp_path: Path) -> Path:
    """A song that the library does not hold."""
    path = tmp_path / "New whistle.ogg"
    write_sound(path, make_song("Whistles", 7))
    return path


def _note(message: ConsoleMessage, errors: list[str]) -> None:
    if message.type == "error" and not any(one in message.text for one in _EXPECTED):
        errors.append(message.text)
