"""Services over a small home of movies."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from nearfield.service.config import ServiceConfig
from running_service import Running, running
from small_home import add_graph, fill_home


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
