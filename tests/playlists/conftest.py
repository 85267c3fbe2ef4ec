"""One library of songs for all tests of playlists; they only read."""

from collections.abc import Iterator

import pytest

from nearfield.playlists.make import Playlists
from small_songs import SongLibrary, open_songs


@pytest.fixture(scope="session")
def songs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SongLibrary]:
    with open_songs(tmp_path_factory.mktemp("playlists")) as library:
        yield library


@pytest.fixture(scope="session")
def playlists(songs: SongLibrary) -> Playlists:
    return Playlists(songs.catalogue, songs.view)
