"""A small library of made-up songs, added once for the tests that only ask."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from music.library import make_library
from nearfield.home import Nearfield


@pytest.fixture(scope="package")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_library(tmp_path_factory.mktemp("library"))


@pytest.fixture(scope="package")
def added(library: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that holds the library; nobody may change it."""
    home = tmp_path_factory.mktemp("music-home")
    with Nearfield(home) as nearfield:
        nearfield.music.add(library, workers=1)
    return home


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Nearfield]:
    """An empty home."""
    with Nearfield(tmp_path / "home") as nearfield:
        yield nearfield
