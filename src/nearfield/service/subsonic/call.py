"""One call of a player: what it asks, who listens, and what it may see."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from starlette.responses import Response

from nearfield.catalogue.catalogue import Catalogue
from nearfield.service.state import Service
from nearfield.service.subsonic.document import Tree
from nearfield.service.subsonic.entries import Entries
from nearfield.service.subsonic.errors import Code, SubsonicError
from nearfield.service.subsonic.login import Listener
from nearfield.service.subsonic.names import Kind, Name, read_name
from nearfield.service.subsonic.params import Params
from nearfield.service.subsonic.players import Players
from nearfield.service.subsonic.shelf import Shelf, ShelfAlbum, ShelfArtist, ShelfSong
from nearfield.types import Degraded

Handle = Callable[["Call"], Tree | Response]
"""Answers one method: a tree to be written as the player wants it, or the bytes of a file."""


@dataclass(frozen=True)
class Opened:
    """A catalogue of songs, as one listener sees it."""

    catalogue: Catalogue
    shelf: Shelf
    entries: Entries


@dataclass
class Call:
    """What a method has to answer.

    Parameters
    ----------
    service : Service
        The home.
    players : Players
        What calls share.
    params : Params
        What is asked.
    listener : Listener
        Who asks.
    degraded : {"last-good", "popular"}, optional
        Why what is answered is less than it could be; see `Recommendations`.
    """

    service: Service
    players: Players
    params: Params
    listener: Listener
    degraded: Degraded | None = None

    @cached_property
    def _known(self) -> dict[str, Opened]:
        return {}

    @cached_property
    def folders(self) -> list[Opened]:
        """The catalogues that are asked: the music folder that is named, or all."""
        number = self.params.optional_number("musicFolderId")
        return [self._opened(one) for one in self.players.folder(number)]

    def open(self, name: Name) -> Opened:
        """Return the catalogue of an id, which a call of many ids asks for often."""
        if name.catalogue not in self._known:
            for one in self.players.folders():
                self._known[one.name] = self._opened(one)
        if name.catalogue not in self._known:
            raise _missing(name)
        return self._known[name.catalogue]

    def songs(self, text: str) -> tuple[Opened, list[ShelfSong]]:
        """Return the songs that an id names: one, those of an album, or those of an artist."""
        found = self.find(text, "so", "al", "ar")
        if isinstance(found[1], ShelfSong):
            return found[0], [found[1]]
        return found[0], list(found[1].songs)

    def song(self, text: str) -> tuple[Opened, ShelfSong]:
        """Return the song that an id names."""
        opened, found = self.find(text, "so")
        assert isinstance(found, ShelfSong)
        return opened, found

    def find(self, text: str, *kinds: Kind) -> tuple[Opened, ShelfSong | ShelfAlbum | ShelfArtist]:
        """Return what an id names, which is one of some kinds."""
        name = read_name(text, *kinds)
        opened = self.open(name)
        ways: dict[str, Callable[[str], Any]] = {
            "so": opened.shelf.song,
            "al": opened.shelf.album,
            "ar": opened.shelf.artist,
        }
        found = ways[name.kind](name.id)
        if found is None:
            raise _missing(name)
        return opened, found

    def _opened(self, catalogue: Catalogue) -> Opened:
        shelf = self.players.shelf(catalogue)
        marks = self.players.marks(catalogue, self.listener.user)
        return Opened(catalogue, shelf, Entries(marks))


def _missing(name: Name) -> SubsonicError:
    return SubsonicError(
        Code.NOT_FOUND, f"there is nothing of the id {str(name)[:100]!r}. Look it up again."
    )
