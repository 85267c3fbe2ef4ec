"""A home with movies and songs, made once; and what it answers."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from backup.answers import CLIP, make_songs
from nearfield.home import Nearfield
from small_home import add_graph, fill_home


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with movies, two spaces of which one has a version before it. Not to be changed."""
    home = fill_home(tmp_path_factory.mktemp("filled") / "home")
    add_graph(home)
    with Nearfield(home) as nearfield:
        nearfield.train("fusion", **SECOND)
        nearfield.publish()
        nearfield.stores.catalogues.keys.add("player", ["read"])
    return home


SECOND: Mapping[str, Any] = {
    "dim": 8,
    "width": 8,
    "id_dim": 8,
    "layers": 1,
    "heads": 1,
    "window": 16,
    "epochs": 1,
    "seed": 5,
}
"""Another model than the first."""


@pytest.fixture
def home(filled: Path, tmp_path: Path) -> Path:
    """A copy of it, to be changed."""
    return Path(shutil.copytree(filled, tmp_path / "home"))


@pytest.fixture(scope="session")
def songs(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with some songs, one of them twice, and one that was sent in. Not to be changed."""
    folder = tmp_path_factory.mktemp("songs")
    home = Path(shutil.copytree(filled, folder / "home"))
    music = make_songs(folder / "music")
    sent = home / "uploads" / "songs" / "0123456789abcdef"
    sent.mkdir(parents=True)
    shutil.move(music / CLIP, sent / "clip.flac")
    with Nearfield(home) as nearfield:
        nearfield.music.add(music, workers=1, separation="none")
        nearfield.music.add(sent, workers=1)
    return home
