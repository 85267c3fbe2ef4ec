"""One filled home for tests that only read, and copies for those that change something."""

import shutil
from pathlib import Path

import pytest

from small_home import add_graph, fill_home


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the catalogue "movies", one model and its space. Not to be changed."""
    return fill_home(tmp_path_factory.mktemp("filled") / "home")


@pytest.fixture
def home(filled: Path, tmp_path: Path) -> Path:
    """A copy of it, to be changed."""
    return Path(shutil.copytree(filled, tmp_path / "home"))


@pytest.fixture(scope="session")
def both(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with a graph model and its space beside. Not to be changed."""
    place = tmp_path_factory.mktemp("both") / "home"
    return add_graph(Path(shutil.copytree(filled, place)))
