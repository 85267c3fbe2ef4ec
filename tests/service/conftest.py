"""Services over a small home of movies."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from music.library import add_picture, make_library, tag
from nearfield.home import Nearfield
from nearfield.service.config import ServiceConfig
from running_service import Running, running
from small_home import add_graph, fill_home

YEARS = {"Chords": "1990", "Clicks": "2000", "Whistles": "2010"}
"""When the made-up albums came out."""


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with small movies, whose fusion and graph answer; nobody writes into it."""
    return add_graph(fill_home(tmp_path_factory.mktemp("service") / "home"))


@pytest.fixture(scope="module")
def movies(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service over a copy of that home; tests of one file share it."""
    home = tmp_path_factory.mktemp("served") / "home"
    shutil.copytree(filled, home)
    with running(ServiceConfig(home)) as found:
        yield found


@pytest.fixture
def serve(filled: Path, tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Start services over a copy of that home, with settings of a test's own."""
    home = tmp_path / "home"
    shutil.copytree(filled, home)
    with ExitStack() as opened:
        yield lambda **settings: opened.enter_context(
            running(replace(ServiceConfig(home), **settings))
        )


@pytest.fixture(scope="session")
def filled_with_music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with nine songs of three albums, one with a picture; nobody writes into it."""
    folder = tmp_path_factory.mktemp("music")
    library = make_library(folder / "library")
    add_picture(library / "Chords" / "01 song.flac")
    for path in library.rglob("*.*"):
        tag(path, tracknumber=path.name[:2], date=YEARS[path.parent.name])
    with Nearfield(folder / "home") as nearfield:
        nearfield.music.add(library, workers=1)
    return folder / "home"


@pytest.fixture
def serve_music(filled_with_music: Path, tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Start services over a copy of that home, with settings of a test's own."""
    home = tmp_path / "home"
    shutil.copytree(filled_with_music, home)
    with ExitStack() as opened:
        yield lambda **settings: opened.enter_context(
            running(replace(ServiceConfig(home), **settings))
        )


@pytest.fixture(scope="module")
def music(filled_with_music: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service over a copy of that home; tests of one file share it."""
    home = tmp_path_factory.mktemp("played") / "home"
    shutil.copytree(filled_with_music, home)
    with running(ServiceConfig(home)) as found:
        yield found
